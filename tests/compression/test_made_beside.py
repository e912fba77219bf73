"""Both stages over a run folder; what waits for no pruning is made in a process beside as well."""

import os
import signal
import time
from pathlib import Path

import pytest

from edgetag.ahead import MEMORY, WORTH_S, Beside, beside, is_worth_it, job_of
from edgetag.compression.result import PruneResult, QuantizeResult
from edgetag.machine import cores
from edgetag.proc import free_memory_bytes
from edgetag.progress import SilentProgress
from edgetag.recipe import parse_recipe
from edgetag.workspace import StageRecord, Workspace, digest_file
from tests.compression.conftest import FEW_IMAGES, make_run
from tests.compression.test_compression_stages import BOTH, RECIPE, recipe_of
from tests.support.compressed_run import train_stage_stand_in
from tests.support.listening import Listening
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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A run folder to prune and to train quantization-aware in, with a stand-in's weights."""
    workspace = make_run(tmp_path_factory.mktemp("whole") / "run", FEW_IMAGES)
    train_stage_stand_in(recipe_of(), workspace)
    return workspace


@pytest.fixture(scope="module")
def alone(whole: Workspace) -> tuple[PruneResult, QuantizeResult, Listening]:
    """What both stages gave in this process, and what they said when they quantized."""
    from edgetag.compression import prune_stage, quantize_stage

    pruned = prune_stage.run(recipe_of(), whole, SilentProgress())
    quantized = quantize_stage.run(recipe_of(), whole, listening := Listening())
    return pruned, quantized, listening


@pytest.mark.slow
@pytest.mark.tensorflow
def test_prune_then_quantize_leaves_sparse_loadable_models_and_resumes_by_variant(
    whole: Workspace, alone: tuple[PruneResult, QuantizeResult, Listening]
) -> None:
    from edgetag.compression import prune_stage, quantize_stage
    from edgetag.compression.quantize import build_quantized
    from edgetag.compression.sparsity import layer_sparsities
    from edgetag.dataset import open_dataset
    from edgetag.metrics import mean_average_precision
    from edgetag.networks import Scorer, load_weights

    recipe, (result, quantized, listening) = recipe_of(), alone
    text = (whole.prune / "prune.json").read_text()
    assert PruneResult.from_json(text, "prune.json") == result
    (pruned,) = result.networks
    assert prune_stage.run(recipe, whole, again := Listening()) == result
    assert again.said == ["model.npz: unchanged, kept"]
    assert [x.layer for x in pruned.layers if x.target] == [
        "block1_conv0",
        "block1_conv1",
        "block2_conv0",
        "block2_conv1",
        "reduce",
        "dense",
    ]
    assert pruned.sparsity == pytest.approx(0.6, abs=0.05)

    # Both float models were scored by pruning, and are not scored again.
    assert [task for task in listening.tasks if "scoring" in task] == [
        "int8-qat: scoring after the warm-up",
        "int8-qat: scoring",
        "int8-pruned-qat: scoring after the warm-up",
        "int8-pruned-qat: scoring",
    ]
    assert quantized.variants[1].validation_map_before == pruned.validation_map_after
    text = (whole.quantize / "quantize.json").read_text()
    assert QuantizeResult.from_json(text, "quantize.json") == quantized
    plain, sparse = quantized.variants
    assert (plain.variant, sparse.variant) == ("int8-qat", "int8-pruned-qat")
    assert plain.sparsity < 0.01
    assert sparse.sparsity == pytest.approx(pruned.sparsity, abs=1e-3)

    model = build_quantized(recipe, {})
    load_weights(model, whole.quantize / "int8-pruned-qat.npz")
    zeros = {x.layer: x.sparsity for x in layer_sparsities(model)}
    assert zeros["reduce"] == pytest.approx(0.6, abs=0.01)
    data = open_dataset(whole)
    rows = data.rows("validation")
    contract = recipe.network.preprocessing()
    scores = Scorer(model, contract).run(data, rows, SilentProgress())
    found = mean_average_precision(scores, data.labels(rows))
    assert found == pytest.approx(sparse.validation_map, abs=1e-6)

    assert quantize_stage.run(recipe, whole, again := Listening()) == quantized
    assert again.said == ["int8-qat: unchanged, kept", "int8-pruned-qat: unchanged, kept"]


@pytest.mark.slow
@pytest.mark.tensorflow
def test_what_is_made_beside_is_what_the_stages_make_and_is_taken_up(
    whole: Workspace,
    alone: tuple[PruneResult, QuantizeResult, Listening],
    fresh_run: Workspace,
) -> None:
    from edgetag.compression import quantize_stage
    from edgetag.conversion import stage as export_stage

    recipe = recipe_of()
    train_stage_stand_in(recipe, fresh_run)
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

    export_stage.make(recipe, whole, job.exported, SilentProgress())
    made = ("quantize/int8-qat.npz", "export/fp32.tflite", "export/int8-qat.tflite")
    for file in ("train/model.npz", *made):  # the first is as it was before any stage
        assert digest_file(fresh_run.root / file) == digest_file(whole.root / file), file
    kept = Listening()
    quantize_stage.train(recipe, fresh_run, job.trained, kept)
    assert kept.said == ["int8-qat: unchanged, kept"]


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_process_beside_that_ends_early_is_told_and_stops_nothing(fresh_run: Workspace) -> None:
    job = job_of(recipe_of(), fresh_run)
    assert job is not None
    listening = Listening()
    before = set(children(os.getpid()))
    with beside(listening) as helper:
        helper.start(job)
        os.kill(started_since(before), signal.SIGKILL)
        helper.wait_for_training()
        helper.wait()
    assert listening.said[-1].startswith("it was killed (SIGKILL)")
    assert "while working beside" in listening.said[-1]
    assert listening.said[-1].endswith("; the rest is done here")


def started_since(before: set[int]) -> int:
    """Wait for a process that this one starts, and return its number."""
    while not (started := set(children(os.getpid())) - before):
        time.sleep(0.05)
    return started.pop()


@pytest.mark.slow
@pytest.mark.tensorflow
def test_an_interrupted_run_leaves_no_process_beside(fresh_run: Workspace) -> None:
    train_stage_stand_in(recipe_of(), fresh_run)
    job = job_of(recipe_of(), fresh_run)
    assert job is not None
    before = set(children(os.getpid()))
    started: list[int] = []

    def interrupted(helper: Beside) -> None:
        helper.start(job)
        started.append(started_since(before))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), beside(SilentProgress()) as helper:
        interrupted(helper)
    assert not any(map(runs, started))
