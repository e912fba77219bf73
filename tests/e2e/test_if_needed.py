"""`edgetag run` of a recipe that leaves it to the verdict what is made and what ships."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import captured
from tests.support.trained_run import TrainedRun, command, kill_when_there

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow, pytest.mark.timeout(900)]

OTHERS = """
[export]
representative_images = 30
[validation]
runtimes = ["litert"]
min_positives = 5
bootstrap_samples = 100
[explain]
preprocessing_images = 20
[benchmark]
runtimes = ["litert"]
reference = false
runs = 20
warmup_runs = 5
[budgets.default]
max_map_drop = 1.0
[budgets.int8]
{int8}
[budgets.int8-qat]
{qat}
"""
PLAIN = ("fp32", "fp16", "int8")
KEPT, BROKEN = "max_map_drop = 1.0", "max_size_bytes = 1"


class Folder:
    """A recipe, its run, and the command."""

    def __init__(self, root: Path, trained: TrainedRun) -> None:
        self.root = root
        self.run_folder = root / "runs" / "demo"
        self._trained = trained

    def write(self, int8: str, qat: str) -> None:
        text = self._trained.recipe(OTHERS.format(int8=int8, qat=qat))
        (self.root / "recipe.toml").write_text(text)

    def run(self, verb: str = "run") -> "subprocess.CompletedProcess[str]":
        whole = [*command(self.root, verb), "--json"]
        return captured(whole)

    def kill_when_there(self, name: str) -> None:
        """Start the run, and kill it as soon as it has left a file."""
        kill_when_there(command(self.root), self.run_folder / name, self.root / "killed.txt")

    def read(self, name: str) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.run_folder / name).read_text())
        return found

    def copy(self, root: Path) -> "Folder":
        """Return the same run in another place."""
        shutil.copytree(self.root, root)
        return Folder(root, self._trained)

    @property
    def exported(self) -> list[str]:
        listed = json.loads((self.run_folder / "export/export.json").read_text())["variants"]
        return [one["variant"] for one in listed]


def leave_the_plain_ones(run_folder: Path) -> None:
    """Remove all that is not of the float weights, and what judges: files and scores are kept."""
    for stage in ("quantize", "bench", "explain", "bundle"):
        shutil.rmtree(run_folder / stage)
    for name in ("export", "validate", "validate/scores"):
        for path in (run_folder / name).iterdir():
            if path.is_file() and path.name.partition(".")[0] not in (*PLAIN, "reference"):
                path.unlink()


def shipped(folder: Folder, wanted: str) -> str:
    """Return what ships: a file that is wanted, or one of floats where that is faster here.

    Of files that pass the fastest ships, and so small a network is as fast in floats on some
    processors.
    """
    report: Any = folder.read("report/report.json")
    bench: Any = folder.read("bench/bench.json")
    (ships,) = report["ships"]
    times = {row["variant"]: row["latency_ms"]["p50"] for row in bench["results"]}
    assert ships == wanted or (ships in ("fp32", "fp16") and times[ships] < times[wanted])
    return str(ships)


@pytest.fixture(scope="module")
def plain(trained_run: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A run in which int8 passed, on float weights and what was made of them."""
    folder = Folder(trained_run.copy(tmp_path_factory.mktemp("plain") / "copy"), trained_run)
    leave_the_plain_ones(folder.run_folder)
    folder.write(KEPT, KEPT)
    done = folder.run()
    assert done.returncode == 0, done.stderr
    return folder


def test_a_file_that_passes_ships_and_nothing_more_is_trained(plain: Folder) -> None:
    assert plain.exported == list(PLAIN)
    assert not (plain.run_folder / "quantize").exists()
    ships = shipped(plain, "int8")
    shipping = plain.read("report/report.json")["shipping"]
    assert shipping == f"{ships} passes and ships; int8-qat was not needed."
    (path,) = (plain.run_folder / "bundle").glob("*.zip")
    assert path.is_file()


def test_where_nothing_passes_there_is_no_bundle_not_even_an_old_one(
    plain: Folder, tmp_path: Path
) -> None:
    folder = plain.copy(tmp_path / "broken")
    text = (folder.root / "recipe.toml").read_text()
    text = text.replace("[export]", "[export]\nif_needed = []")
    text = text.replace(f"[budgets.int8-qat]\n{KEPT}\n", "").replace(KEPT, BROKEN)
    (folder.root / "recipe.toml").write_text(text)
    done = folder.run()
    assert done.returncode == 1, done.stderr
    assert "bundle" not in json.loads(done.stdout)
    assert not list((folder.run_folder / "bundle").iterdir())
    told = str(folder.read("report/report.json")["shipping"])
    assert told.startswith("No file passes, so none ships and there is no bundle: ")
    alone = folder.run("bundle")
    assert alone.returncode == 1
    assert "no file passes" in alone.stderr


@pytest.fixture(scope="module")
def needed(plain: Folder, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A run whose int8 no longer passes, killed after the training that this asked for."""
    folder = plain.copy(tmp_path_factory.mktemp("needed") / "run")
    folder.write(BROKEN, KEPT)
    folder.kill_when_there("quantize/int8-qat.json")
    done = folder.run()
    assert done.returncode == 0, done.stderr
    assert "train: unchanged" in done.stderr
    assert "int8-qat: unchanged, kept" in done.stderr or "quantize: unchanged" in done.stderr
    (folder.root / "stdout.json").write_text(done.stdout)
    return folder


def test_what_is_made_because_int8_fails_ships(needed: Folder) -> None:
    assert needed.exported == [*PLAIN, "int8-qat"]
    ships, report = shipped(needed, "int8-qat"), needed.read("report/report.json")
    assert report["verdict"] == "pass"
    assert str(report["shipping"]).startswith("int8 fails: max_size_bytes is ")
    bundle = needed.read("bundle/bundle.json")
    assert [one["variant"] for one in bundle["manifest"]["variants"]] == [ships]  # type: ignore[index]


def test_a_second_run_skips_what_was_made_if_needed(needed: Folder) -> None:
    before = (needed.run_folder / "run.json").read_bytes()
    done = needed.run()
    assert done.returncode == 0, done.stderr
    assert "started" not in done.stderr
    assert json.loads(done.stdout) == json.loads((needed.root / "stdout.json").read_text())
    assert (needed.run_folder / "run.json").read_bytes() == before


@pytest.mark.parametrize("verb", ["validate", "bench", "explain", "report", "bundle"])
def test_single_verbs_work_on_what_was_made_if_needed(needed: Folder, verb: str) -> None:
    done = needed.run(verb)
    # The benchmark alone does not know that int8-qat stands in for int8, whose size is judged too.
    assert done.returncode == (1 if verb == "bench" else 0), done.stderr
    named = shipped(needed, "int8-qat") if verb == "bundle" else "int8-qat"
    assert named in done.stdout
