"""`pip install edgetag` without extras, on every supported Python that this machine has."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
import yaml
from PIL import Image

from edgetag.recipe import parse_recipe
from edgetag.runtimes import engines
from edgetag.runtimes.encoding import encode, encoding_table
from edgetag.validation.scores import ReferenceMeta, ReferenceScores, write_reference
from edgetag.workspace import digest_file

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "tests" / "models"
CLEAN = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


def interpreter(version: str) -> str:
    """Return a Python of this version, or skip the test."""
    name = f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(name), *map(str, pyenv.glob(f"{version}.*/bin/{name}"))]
    for candidate in candidates:
        # A pyenv shim is on the PATH for versions that are not active, and then fails.
        if candidate and not subprocess.run([candidate, "-V"], capture_output=True).returncode:
            return candidate
    pytest.skip(f"no Python {version} on this machine")


def install(version: str, folder: Path) -> Path:
    """Install edgetag as a user does, from its sources, and return the environment."""
    uv = Path(sys.executable).parent / "uv"
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "export",
        source / "export",
        ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"),
    )
    environment = folder / "venv"
    subprocess.run([uv, "venv", "-q", "--python", interpreter(version), environment], check=True)
    python = environment / "bin" / "python"
    installed = subprocess.run(
        [uv, "pip", "install", "-q", "--python", python, source], capture_output=True, text=True
    )
    assert installed.returncode == 0, installed.stderr
    return environment


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_base_install_works_without_tensorflow(tmp_path: Path, version: str) -> None:
    environment = install(version, tmp_path)
    done = subprocess.run(
        [environment / "bin" / "edgetag", "doctor", "--json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=CLEAN,
    )
    assert done.returncode == 0, done.stderr
    runtimes = {entry["name"]: entry for entry in json.loads(done.stdout)["runtimes"]}
    assert runtimes["litert"]["version"]
    assert not runtimes["tflite-runtime"]["version"]
    assert not list(environment.glob("lib/*/site-packages/tensorflow"))
    size = sum(f.stat().st_size for f in environment.rglob("*") if f.is_file())
    assert size < 800_000_000, f"the base install takes {size / 1e6:.0f} MB"
    trained = subprocess.run(
        [environment / "bin" / "python", "-c", "import edgetag.tf"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert "pip install 'edgetag[train]'" in trained.stderr


RECIPE = """
name = "app"
[data]
source = "pictures/labels.csv"
tags = ["cat", "dog", "food"]
[network]
input_size = 64
[validation]
runtimes = ["litert"]
min_positives = 10
[budgets.default]
max_map_drop = {margin}
"""


def make_repository(folder: Path, margin: float) -> None:
    """Make what the workflow asks of a repository: pictures, a recipe, a model, its reference."""
    generator = np.random.default_rng(5)
    count = 160
    pixels = generator.integers(0, 256, (count, 1, 1, 3)) + generator.integers(
        -60, 60, (count, 64, 64, 3)
    )
    pixels = pixels.clip(0, 255).astype(np.uint8)
    recipe = parse_recipe(RECIPE.format(margin=margin), folder / "recipe.toml")
    contract = recipe.network.preprocessing()
    session = engines.get("litert").load(MODELS / "tiny_fp32.tflite", threads=1)
    table = encoding_table(contract, session.input)
    scores = np.stack([session.invoke(encode(image[None], table)) for image in pixels])
    noisy = scores + generator.normal(0, 0.1, scores.shape)
    labels = (noisy > np.quantile(noisy, 0.7, axis=0)).astype(int)
    (folder / "pictures").mkdir(parents=True)
    names = [f"{number:03d}.png" for number in range(count)]
    for name, image in zip(names, pixels, strict=True):
        Image.fromarray(image).save(folder / "pictures" / name)
    splits = ["test"] * 120 + ["validation"] * 20 + ["train"] * 20
    columns = {tag: labels[:, column] for column, tag in enumerate(("cat", "dog", "food"))}
    pl.DataFrame({"path": names, "split": splits} | columns).write_csv(
        folder / "pictures" / "labels.csv"
    )
    (folder / "recipe.toml").write_text(RECIPE.format(margin=margin))
    (folder / "app").mkdir()
    shutil.copy(MODELS / "tiny_int8_uint8.tflite", folder / "app" / "model.tflite")
    identities = [digest_file(folder / "pictures" / name) for name in names]
    write_reference(
        folder / "reference.npz",
        ReferenceScores(
            scores=scores,
            identities=tuple(identities),
            tags=("cat", "dog", "food"),
            split=tuple(splits),
            meta=ReferenceMeta(
                engine="TensorFlow",
                device="elsewhere",
                versions={},
                weights_sha256="0",
                preprocessing=contract.digest(),
                thresholds={"cat": 0.7, "dog": 0.7, "food": 0.3},
            ),
        ),
    )


def test_the_workflow_s_commands_judge_a_model_as_written(tmp_path: Path) -> None:
    environment = install("3.11", tmp_path)
    workflow = yaml.safe_load((ROOT / "models" / "github-workflow.yml").read_text())
    steps = workflow["jobs"]["validate"]["steps"]
    commands = [s["run"] for s in steps if s.get("run", "").startswith("edgetag")]
    assert [command.split()[1] for command in commands] == ["validate", "report"]
    for margin, expected in ((0.5, 0), (0.0, 3)):
        folder = tmp_path / f"margin-{margin}"
        make_repository(folder, margin)
        ends = []
        for command in commands:
            program, *arguments = shlex.split(command)
            done = subprocess.run(
                [environment / "bin" / program, *arguments],
                capture_output=True,
                text=True,
                cwd=folder,
                env=CLEAN | {"GITHUB_STEP_SUMMARY": str(folder / "step.md")},
            )
            assert "Traceback" not in done.stderr
            ends.append(done)
        assert ends[0].returncode == expected, ends[0].stderr
        assert ends[1].returncode == 0, ends[1].stderr
        assert ("::warning title=" in ends[1].stdout) == (expected == 3)
        report = folder / "runs" / "ci" / "report"
        assert (report / "index.html").stat().st_size
        suites = ElementTree.parse(report / "junit.xml").getroot()  # noqa: S314 - our own
        assert (int(suites.get("failures", "0")) > 0) == (expected == 3)
        assert (folder / "step.md").read_text() == (report / "summary.md").read_text()
