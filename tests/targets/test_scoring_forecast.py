"""Slow scoring says beforehand how much it is and about how long it takes."""

import time
from pathlib import Path

import numpy as np

from edgetag.conversion.result import ExportResult
from edgetag.progress import Task, format_seconds
from edgetag.runtimes import Engine, FailureKind, LoadFailure, ScoreRun
from edgetag.targets.asked import engines_of
from edgetag.targets.forecast import IMAGES, SLOW_IMAGES, TIMED_IMAGES, images_on, tell
from edgetag.targets.naming import resolve
from edgetag.targets.scoring import Job
from edgetag.workspace import Workspace
from tests.support.listening import Listening

ARM = engines_of([resolve("arm64")], ["litert", "tflite-runtime"], ["cortex-a76", "cortex-a53"])
WASM = engines_of([resolve("wasm")], [], [])


def jobs(run_folder: Path, where: tuple[Engine, ...], images: int) -> list[Job[Engine]]:
    workspace = Workspace(run_folder / "run")
    files = ExportResult.read(workspace.export / "export.json", "export").variants
    rows = np.arange(images, dtype=np.int64)
    return [Job(f, workspace.root / f.file, engine, rows) for f in files for engine in where]


class Scorer:
    """Takes a while to start, longer for the first picture, and a fixed time for each other."""

    def __init__(self) -> None:
        self.scored: list[tuple[str, int]] = []

    def __call__(self, job: Job[Engine], task: Task) -> ScoreRun:
        self.scored.append((job.file.variant, len(job.rows)))
        time.sleep(0.3)
        for _ in job.rows:
            time.sleep(0.05)
            task.advance()
        return ScoreRun(np.zeros((len(job.rows), 3), np.float32), 9.0, 9.0)


def test_fewer_pictures_are_chosen_where_a_processor_is_emulated_unless_asked_for() -> None:
    assert [images_on(engine, None) for engine in ARM] == [SLOW_IMAGES] * 4
    assert images_on(WASM[0], None) == IMAGES > SLOW_IMAGES
    assert images_on(ARM[0], 64) == 64


def test_scorings_and_their_time_are_told_before_they_begin(run_folder: Path) -> None:
    progress, scorer = Listening(), Scorer()
    seconds = tell(jobs(run_folder, ARM, 200), scorer, 2, progress)
    scorings, told = progress.said
    assert scorings == (
        "1,600 scorings elsewhere: 2 files on 4 engines and processors, 200 pictures each"
    )
    assert scorer.scored == [("fp32", TIMED_IMAGES)] * 4
    # A busy machine sleeps longer than asked, never shorter.
    assert seconds is not None
    assert seconds >= 0.9 * 8 * (0.3 + 200 * 0.05) / 2
    assert f"about {format_seconds(seconds)}" in told
    assert "--images N" in told


def test_what_is_fast_or_short_is_not_timed(run_folder: Path) -> None:
    for where, images in ((WASM, 500), (ARM, TIMED_IMAGES)):
        progress, scorer = Listening(), Scorer()
        tell(jobs(run_folder, where, images), scorer, 2, progress)
        assert not scorer.scored
        assert len(progress.said) == 1


def test_files_that_do_not_run_leave_the_time_unknown(run_folder: Path) -> None:
    progress = Listening()
    failure = LoadFailure(FailureKind.NOT_LOADABLE, "no op")
    tell(jobs(run_folder, ARM, 20), lambda *_: failure, 2, progress)
    assert "unknown" in progress.said[-1]
