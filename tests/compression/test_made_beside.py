"""What waits for no pruning is made in a process beside, and the stages take it up."""

import os
import shutil
import time
from pathlib import Path

import pytest

from edgetag.ahead import MEMORY, WORTH_S, Beside, beside, is_worth_it, job_of
from edgetag.machine import cores
from edgetag.proc import free_memory_bytes
from edgetag.progress import SilentProgress
from edgetag.recipe import parse_recipe
from edgetag.workspace import StageRecord, Workspace, digest_file
from tests.compression.test_compression_stages import (
    BOTH,
    RECIPE,
    Listening,
    recipe_of,
)
from tests.support.compressed_run import train_stage_stand_in
from tests.support.made_results import stage_record
from tests.support.processes import children, runs


def record(wall_s: float, peak_memory_bytes: int) -> StageRecord:
    return stage_record(wall_s=wall_s, peak_memory_bytes=peak_memory_bytes)


def test_there_is_work_beside_only_where_some_of_it_waits_for_pruning_and_some_does_not(
    tmp_path: Path,
) -> None:
    def job(variants: str) -> object:
        text = f'{RECIPE}[export]\nvariants = [{variants}]\n[bundle]\nvariant = "fp32"\n'
        return job_of(parse_recipe(text, tmp_path / "recipe.toml"), Workspace(tmp_path))

    assert job('"fp32", "int8-qat"') is None
    assert job('"fp32", "int8-pruned-qat"') is None
    both = job_of(recipe_of(BOTH), Workspace(tmp_path))
    assert both is not None
    assert (both.trained, both.exported) == (("int8-qat",), ("fp32", "int8-qat"))


def test_a_short_training_or_too_little_memory_has_nothing_made_beside() -> None:
    free = free_memory_bytes()
    assert free is not None
    alone = cores() < 2 or Path("/dev/nvidia0").exists()
    assert is_worth_it(record(WORTH_S, 1 << 20)) is not alone
    assert not is_worth_it(record(WORTH_S - 1, 1 << 20))
    assert not is_worth_it(record(WORTH_S, int(free / MEMORY * 1.5)))


@pytest.mark.slow
@pytest.mark.tensorflow
def test_what_is_made_beside_is_what_the_stages_make_and_is_taken_up(
    fresh_run: Workspace, tmp_path: Path
) -> None:
    from edgetag.compression import quantize_stage
    from edgetag.conversion import stage as export_stage

    recipe = recipe_of()
    train_stage_stand_in(recipe, fresh_run)
    alone = Workspace(shutil.copytree(fresh_run.root, tmp_path / "alone"))
    job = job_of(recipe, fresh_run)
    assert job is not None
    listening = Listening()
    with beside(listening) as helper:
        helper.start(job)
        helper.wait_for_training()
        assert (fresh_run.quantize / "int8-qat.json").exists()
        helper.wait()
    assert listening.said[0] == (
        "beside, in a process of its own: training int8-qat; files of fp32, int8-qat"
    )
    assert listening.said[1].startswith("int8-qat: after the warm-up")
    assert listening.said[-1].startswith("beside: done in ")

    quantize_stage.train(recipe, alone, job.trained, SilentProgress())
    export_stage.make(recipe, alone, job.exported, SilentProgress())
    for file in ("quantize/int8-qat.npz", "export/fp32.tflite", "export/int8-qat.tflite"):
        assert digest_file(fresh_run.root / file) == digest_file(alone.root / file), file
    kept = Listening()
    quantize_stage.train(recipe, fresh_run, job.trained, kept)
    assert kept.said == ["int8-qat: unchanged, kept"]


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_process_beside_that_ends_early_is_told_and_stops_nothing(fresh_run: Workspace) -> None:
    job = job_of(recipe_of(), fresh_run)  # there are no weights to begin from
    assert job is not None
    listening = Listening()
    with beside(listening) as helper:
        helper.start(job)
        helper.wait_for_training()
        helper.wait()
    assert listening.said[-1].startswith("it ended with exit code 1 while working beside: ")
    assert listening.said[-1].endswith("; the rest is done here")


@pytest.mark.slow
@pytest.mark.tensorflow
def test_an_interrupted_run_leaves_no_process_beside(fresh_run: Workspace) -> None:
    train_stage_stand_in(recipe_of(), fresh_run)
    job = job_of(recipe_of(), fresh_run)
    assert job is not None
    started: list[int] = []

    def interrupted(helper: Beside) -> None:
        before = set(children(os.getpid()))
        helper.start(job)
        while not started:
            started.extend(set(children(os.getpid())) - before)
            time.sleep(0.05)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), beside(SilentProgress()) as helper:
        interrupted(helper)
    assert not any(map(runs, started))
