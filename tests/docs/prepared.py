"""A folder as the documents speak of it: a recipe, a finished run, what a CI job is given."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from skimage import data

from tests.support.made_bundle import unpack
from tests.support.paths import ROOT
from tests.support.trained_run import TrainedRun

TRAINING = "edgetag run recipe.toml"
"""What made the finished run; asked for again, it would only say that nothing changed."""


@dataclass(frozen=True)
class Done:
    """What a command came to; `printed` is stdout and stderr."""

    code: int
    printed: str


@dataclass(frozen=True)
class Prepared:
    """The folder, and what `TRAINING` printed when it was made."""

    folder: Path
    trained: Done

    def copy(self, to: Path) -> "Prepared":
        """Return the same in a new place, so that no document's block sees another's traces."""
        shutil.copytree(self.folder, to)
        return Prepared(to, self.trained)

    def run(self, command: str) -> Done:
        """Run a line as a reader would type it, or tell what it printed when it was run."""
        if command.partition("#")[0].strip() == TRAINING:
            return self.trained
        return shell(command, self.folder)


def shell(command: str, folder: Path, more: Mapping[str, str] | None = None) -> Done:
    """Run a line of a shell where `edgetag` and its Python come first."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        timeout=1000,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": path, "COLUMNS": "200", **(more or {})},
    )
    return Done(done.returncode, done.stdout)


def prepare(trained: TrainedRun, folder: Path) -> Prepared:
    """Copy a small run that was really made, and lay everything beside it that documents name."""
    work = trained.copy(folder / "work")
    run = work / "runs" / "demo"
    (work / "models" / "demo").mkdir(parents=True)
    shutil.copy(work / "recipe.toml", work / "models" / "demo")
    for name in ("recipe.toml", "models/demo/recipe.toml"):
        accepted = shell(f"edgetag baseline accept {name} --out runs/demo --reason prepared", work)
        assert accepted.code == 0, accepted.printed
    for name in ("before", "after"):
        shutil.copytree(run / "bench", work / "runs" / name / "bench")
    shutil.copy(run / "validate" / "reference.npz", work)
    shutil.copy(run / "export" / "int8-qat.tflite", work / "model.tflite")
    bundle = next((ROOT / "models" / "demo").glob("*.zip"))
    shutil.copy(bundle, work)
    (work / "golden-13.png").write_bytes(unpack(bundle)["golden-13.png"])
    Image.fromarray(data.chelsea()).save(work / "cat.jpg")
    (work / "photos").mkdir()
    for name in ("astronaut", "camera", "coffee", "coins", "rocket"):
        Image.fromarray(getattr(data, name)()).save(work / "photos" / f"{name}.jpg")
    for pictures, table in (("cat.jpg photos", "tags.parquet"), ("cat.jpg", "tags.csv")):
        tagged = shell(f"edgetag tag demo-*.zip {pictures} -o {table}", work)
        assert tagged.code == 0, tagged.printed
    app = Path("android-demo") / "app"
    shutil.copytree(ROOT / app, work / app, ignore=shutil.ignore_patterns("target", "build"))
    return Prepared(work, Done(0, trained.printed))
