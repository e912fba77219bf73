"""Scoring files in parts, over all cores, with what is done kept."""

import io
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgetag.cli.terminal import LineProgress
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.progress import SilentProgress
from edgetag.runtimes import FailureKind, LoadFailure, engines
from edgetag.tags import Vocabulary
from edgetag.validation import scoring
from edgetag.validation.runs import Run, Scored
from edgetag.validation.scores import read_variant
from edgetag.validation.scoring import Scoring, parts_of
from edgetag.workspace import digest_file
from tests.support.paths import MODELS
from tests.support.tiny_run import STYLE, TEST, RunFolder, make_run_folder

ROWS = np.arange(TEST + STYLE, dtype=np.int64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_run_folder(tmp_path_factory.mktemp("run"))


@pytest.fixture
def make(folder: RunFolder, tmp_path: Path) -> Scoring:
    """Scoring on two cores that keeps nothing from other tests."""
    workspace = folder.workspace
    for file in (workspace.validate / "scores").glob("*.npz"):
        file.unlink()
    machine = this_machine().replace(cores=2)
    return Scoring(workspace, open_dataset(workspace), machine)


def run_of(folder: RunFolder, **changes: object) -> Run:
    path = MODELS / "tiny_fp32.tflite"
    run = Run(
        variant="fp32",
        path=path,
        sha256=digest_file(path),
        contract=folder.recipe.network.preprocessing(),
        columns=None,
        rows=ROWS,
        engine=engines.get("litert"),
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def scored(make: Scoring, run: Run) -> Scored:
    ((done, outcome),) = make.all([run], SilentProgress())
    assert done is run
    assert isinstance(outcome, Scored), outcome
    return outcome


@pytest.mark.slow
def test_scoring_that_is_done_is_not_told_as_stopped(folder: RunFolder, make: Scoring) -> None:
    stream = io.StringIO()
    make.all([run_of(folder)], LineProgress(stream))
    assert "stopped" not in stream.getvalue()


@pytest.mark.parametrize(("count", "cores", "parts"), [(0, 2, 1), (511, 2, 1), (512, 2, 2)])
def test_rows_are_cut_only_where_a_process_is_worth_it(count: int, cores: int, parts: int) -> None:
    rows = np.arange(count, dtype=np.int64)
    cut = parts_of(rows, cores)
    assert len(cut) == parts
    assert np.array_equal(np.concatenate(cut), rows)


def test_no_part_is_missing_whatever_the_number_of_cores() -> None:
    rows = np.arange(1_000_003, dtype=np.int64)
    for cores in (1, 2, 7, 64):
        cut = parts_of(rows, cores)
        assert len(cut) == cores
        assert np.array_equal(np.concatenate(cut), rows)


@pytest.mark.slow
def test_scores_do_not_depend_on_the_parts(
    folder: RunFolder, make: Scoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = scored(make, run_of(folder))
    assert np.array_equal(whole.scores, folder.reference[: len(whole.scores)])
    monkeypatch.setattr(scoring, "SMALLEST_PART", 10)
    run = run_of(folder, variant="parts")
    assert len(parts_of(run.rows, make.machine.cores)) == 2
    parts = scored(make, run)
    assert np.array_equal(whole.scores, parts.scores)
    assert parts.meta.images_per_s > 0


@pytest.mark.slow
def test_each_run_has_its_own_rows_contract_and_columns(folder: RunFolder, make: Scoring) -> None:
    rows = ROWS[[7, 3, 3, 100]]
    contract = folder.recipe.network.preprocessing()
    turned = run_of(folder, variant="turned", rows=rows, columns=(2, 0, 1))
    brighter = run_of(folder, variant="brighter", contract=contract.replace(mean=0))
    progress = SilentProgress()
    outcomes = dict(make.all([run_of(folder), turned, brighter], progress))
    found = {run.variant: outcome for run, outcome in outcomes.items()}
    plain, other = found["fp32"], found["turned"]
    assert isinstance(plain, Scored)
    assert isinstance(other, Scored)
    assert np.array_equal(other.scores, plain.scores[rows][:, [2, 0, 1]])
    assert isinstance(found["brighter"], Scored)
    assert np.abs(found["brighter"].scores - plain.scores).max() > 0.01


def test_kept_scores_are_taken_and_others_are_not(folder: RunFolder, make: Scoring) -> None:
    first = scored(make, run_of(folder))
    file = run_of(folder).score_file(make.workspace)
    made = file.stat().st_mtime_ns
    again = scored(make, run_of(folder))
    assert file.stat().st_mtime_ns == made
    assert np.array_equal(first.scores, again.scores)
    assert again.meta == first.meta
    for change in (
        {"columns": (2, 0, 1)},
        {"rows": ROWS[:9]},
        {"contract": folder.recipe.network.preprocessing().replace(std=64.0)},
        {"sha256": "of another file"},
    ):
        wanted = make._meta(run_of(folder, **change))
        shape = (len(run_of(folder, **change).rows), 3)
        assert read_variant(file, first.meta, (len(ROWS), 3)) is not None
        assert read_variant(file, wanted, shape) is None, change
    renamed = replace(make.dataset, vocabulary=Vocabulary(("dog", "cat", "food")))
    others = replace(make, dataset=renamed)._meta(run_of(folder))
    assert read_variant(file, others, (len(ROWS), 3)) is None


@pytest.mark.slow
def test_outcomes_come_in_the_order_of_the_runs_whatever_fails(
    folder: RunFolder, make: Scoring, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"no model")
    runs = [
        run_of(folder, variant="broken", path=broken),
        run_of(folder, variant="whole"),
    ]
    outcomes = make.all(runs, SilentProgress())
    assert [run for run, _ in outcomes] == runs
    broke, whole = (outcome for _, outcome in outcomes)
    assert isinstance(broke, LoadFailure)
    assert broke.kind is FailureKind.NOT_LOADABLE
    assert isinstance(whole, Scored)
    assert not runs[0].score_file(make.workspace).exists()


def test_columns_that_name_an_output_twice_are_refused(folder: RunFolder) -> None:
    with pytest.raises(ValueError, match=r"columns \(0, 1, 1\) do not name each output once"):
        run_of(folder, columns=(0, 1, 1))


@pytest.mark.slow
def test_a_model_of_more_tags_is_a_wrong_output(folder: RunFolder, make: Scoring) -> None:
    fewer = replace(make, dataset=replace(make.dataset, vocabulary=Vocabulary(("cat", "dog"))))
    ((_, outcome),) = fewer.all([run_of(folder)], SilentProgress())
    assert isinstance(outcome, LoadFailure)
    assert outcome.kind is FailureKind.WRONG_OUTPUT
    assert "it gives 3 scores, but there are 2 tags" in outcome.reason


@pytest.mark.slow
def test_one_failing_part_ends_the_others(
    folder: RunFolder, make: Scoring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "SMALLEST_PART", 10)
    broken = tmp_path / "broken.tflite"
    broken.write_bytes((MODELS / "tiny_fp32.tflite").read_bytes()[:1500])
    ((_, outcome),) = make.all([run_of(folder, variant="broken", path=broken)], SilentProgress())
    assert isinstance(outcome, LoadFailure)
    assert outcome.kind in (FailureKind.NOT_LOADABLE, FailureKind.CRASHED)


@pytest.mark.slow
def test_a_damaged_cache_ends_everything_at_once(folder: RunFolder, tmp_path: Path) -> None:
    other = make_run_folder(tmp_path)
    dataset = open_dataset(other.workspace)
    (other.workspace.cache / "shard-00000.npy").write_bytes(b"damaged")
    broken = Scoring(other.workspace, dataset, this_machine().replace(cores=2))
    runs = [run_of(folder, variant=f"v{number}") for number in range(6)]
    with pytest.raises(InputError, match="damaged image cache"):
        broken.all(runs, SilentProgress())
    assert not (other.workspace.validate / "scores").exists()


@pytest.mark.slow
def test_runs_are_started_only_as_they_are_asked_for(folder: RunFolder, make: Scoring) -> None:
    runs = [run_of(folder, variant=f"v{number}") for number in range(8)]
    outcomes = make.each(runs, SilentProgress())
    assert isinstance(outcomes, Generator)
    run, outcome = next(outcomes)
    assert run is runs[0]
    assert isinstance(outcome, Scored)
    outcomes.close()
    kept = {file.name for file in (make.workspace.validate / "scores").glob("*.npz")}
    assert kept == {"v0.litert.npz"}
