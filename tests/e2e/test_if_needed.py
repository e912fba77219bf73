"""`edgetag run` of a recipe that leaves it to the verdict what is made and what ships."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import captured
from tests.support.trained_run import BROKEN, KEPT, TrainedRun, command

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow, pytest.mark.timeout(1800)]

PLAIN = ("fp32", "fp16", "int8")


class Folder:
    """A recipe, its run, and the command."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.run_folder = root / "runs" / "demo"

    def run(self, verb: str = "run") -> "subprocess.CompletedProcess[str]":
        return captured([*command(self.root, verb), "--json"])

    def read(self, name: str) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.run_folder / name).read_text())
        return found

    def copy(self, root: Path) -> "Folder":
        """Return the same run in another place."""
        shutil.copytree(self.root, root)
        return Folder(root)

    @property
    def exported(self) -> list[str]:
        listed = json.loads((self.run_folder / "export/export.json").read_text())["variants"]
        return [one["variant"] for one in listed]


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
def plain(trained_run: TrainedRun) -> Folder:
    """A run in which int8 passed, on float weights and what was made of them; not to be changed."""
    return Folder(trained_run.kept("passed"))


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
def needed(trained_run: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A run whose int8 no longer passes, killed after the training that this asked for."""
    kept = Folder(trained_run.kept("needed"))
    told = (kept.root / "stderr.txt").read_text()
    assert "train: unchanged" in told
    assert "int8-qat: unchanged, kept" in told or "quantize: unchanged" in told
    return kept.copy(tmp_path_factory.mktemp("needed") / "run")


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
