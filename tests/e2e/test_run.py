"""`edgetag run` from images to bundle, on a small network, through the real command."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from edgetag.workspace import digest_file
from tests.support.old_runtime import needs_tflite_runtime
from tests.support.programs import captured
from tests.support.trained_run import VARIANTS, TrainedRun, command

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def finished(trained_run: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe and its run, killed once on the way and resumed."""
    return trained_run.copy(tmp_path_factory.mktemp("run") / "copy")


def test_every_variant_is_exported_with_its_digest(finished: Path) -> None:
    exported = json.loads((finished / "runs/demo/export/export.json").read_text())["variants"]
    assert [entry["variant"] for entry in exported] == list(VARIANTS)
    for entry in exported:
        assert digest_file(finished / "runs/demo" / entry["file"]) == entry["sha256"]


def test_full_integer_files_hold_no_float_but_for_their_scores(finished: Path) -> None:
    exported = json.loads((finished / "runs/demo/export/export.json").read_text())["variants"]
    for entry in exported:
        if entry["variant"].startswith("int8"):
            assert entry["float_scores"]
            assert entry["input_type"] == "uint8"


@needs_tflite_runtime
def test_each_variant_is_judged_on_both_runtimes(finished: Path) -> None:
    verdict = json.loads((finished / "runs/demo/validate/verdict.json").read_text())
    judged = {(entry["variant"], entry["runtime"]) for entry in verdict["variants"]}
    assert judged == {(v, r) for v in VARIANTS for r in ("litert", "tflite-runtime")}


def test_float_variants_score_like_the_reference(finished: Path) -> None:
    verdict = json.loads((finished / "runs/demo/validate/verdict.json").read_text())
    limits = {"fp32": 1e-4, "fp16": 1e-2}  # half precision keeps 11 bits of a weight
    entries = [entry for entry in verdict["variants"] if entry["variant"] in limits]
    assert entries
    for entry in entries:
        assert entry["largest_score_difference"] < limits[entry["variant"]]


def test_the_bundle_holds_the_chosen_file(finished: Path) -> None:
    (path,) = (finished / "runs/demo/bundle").glob("*.zip")
    exported = json.loads((finished / "runs/demo/export/export.json").read_text())["variants"]
    digest = next(e["sha256"] for e in exported if e["variant"] == "int8-qat")
    with zipfile.ZipFile(path) as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
    assert digest in json.dumps(manifest)


def test_a_second_run_does_nothing_and_says_so(finished: Path) -> None:
    before = (finished / "runs/demo/run.json").read_bytes()
    report = json.loads(before)["stages"]["report"]
    others = ("bench/phones.json", "robustness/robustness.json", "targets/targets.json")
    assert report["taken_in"] == dict.fromkeys(others, "")
    done = captured([*command(finished), "--json"])
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("skipped") == 9
    stages = json.loads(done.stdout)
    assert list(stages) == [
        "dataset",
        "train",
        "quantize",
        "export",
        "validate",
        "bench",
        "explain",
        "bundle",
        "report",
    ]
    assert (finished / "runs/demo/run.json").read_bytes() == before


def test_a_changed_budget_runs_only_what_depends_on_it(
    trained_run: TrainedRun, tmp_path: Path
) -> None:
    changed = shutil.copytree(trained_run.kept("needed"), tmp_path / "changed")
    with (changed / "recipe.toml").open("a") as recipe:
        recipe.write("max_size_bytes = 1\n")
    done = captured(command(changed))
    assert done.returncode == 1, done.stderr
    for stage in ("dataset", "train", "quantize", "export"):
        assert f"{stage}: unchanged" in done.stderr


def test_equal_runs_release_equal_bytes_wherever_and_however_busy(
    finished: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere" / "under-load"
    shutil.copytree(finished, elsewhere)
    for made_again in ("validate", "bench", "bundle", "report"):  # all that a bundle is made of
        shutil.rmtree(elsewhere / "runs/demo" / made_again)
    exported = sorted((elsewhere / "runs/demo/export").glob("*.tflite"))
    before = {path.name: digest_file(path) for path in exported}
    for path in exported:
        if path.stem != "fp16":  # made of the same graph as fp32
            path.unlink()
    # It takes turns with the run, and leaves other tests the most of a processor.
    with subprocess.Popen(["nice", sys.executable, "-c", "while True: pass"]) as busy:
        try:
            done = captured(command(elsewhere))
        finally:
            busy.kill()
    assert done.returncode == 0, done.stderr
    assert "train: unchanged" in done.stderr
    assert "export: started" in done.stderr
    assert "validate: started" in done.stderr
    assert {path.name: digest_file(path) for path in exported} == before
    quiet, loaded = (
        next((root / "runs/demo/bundle").glob("*.zip")) for root in (finished, elsewhere)
    )
    assert quiet.read_bytes() == loaded.read_bytes()
    with zipfile.ZipFile(next((elsewhere / "runs/demo/bundle").glob("*.zip"))) as released:
        told = [released.read(name) for name in released.namelist() if name.endswith(".json")]
    for private in (str(finished), str(tmp_path), os.uname().release):
        assert not [text for text in told if private.encode() in text]
