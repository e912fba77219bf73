"""Both stages over a run folder, and what they keep when they run again."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgetag.arrays import read_arrays, write_arrays
from edgetag.compression.result import PruneResult, QuantizedVariant
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, parse_recipe
from edgetag.workspace import RunFile, Workspace, digest_file
from tests.support.compressed_run import HEAD, train_stage_stand_in
from tests.support.made_results import quantized_variant

pytestmark = pytest.mark.tensorflow

RECIPE = f"""
{HEAD}[network]
name = "model3"  # few layers, so tfmot is quick with it
input_size = 64
[training]
batch_size = 4
[pruning]
epochs = 1.0
sparsity = 0.6
exclude = ["block0*", "logits"]
distillation = 0.5
[quantization]
epochs = 0.5
warmup_steps = 4
"""
BOTH = RECIPE + '[export]\nvariants = ["fp32", "int8-qat", "int8-pruned-qat"]\n'


def recipe_of(text: str = BOTH) -> Recipe:
    return parse_recipe(text, Path("recipe.toml"))


def test_a_variant_is_kept_only_if_inputs_and_weights_are_those_of_its_record(
    tmp_path: Path,
) -> None:
    from edgetag.compression.weights import kept_record

    weights, record = tmp_path / "int8-qat.npz", tmp_path / "int8-qat.json"
    assert kept_record(QuantizedVariant, record, weights, "inputs") is None
    np.savez(weights, a=np.zeros(3))
    done = quantized_variant(weights_sha256=digest_file(weights), inputs_sha256="inputs")
    done.write(record)
    assert kept_record(QuantizedVariant, record, weights, "inputs") == done
    assert kept_record(QuantizedVariant, record, weights, "others") is None
    weights.write_bytes(weights.read_bytes()[:-1])
    assert kept_record(QuantizedVariant, record, weights, "inputs") is None
    record.write_text("{")
    assert kept_record(QuantizedVariant, record, weights, "inputs") is None


def test_missing_float_weights_say_which_stage_makes_them(fresh_run: Workspace) -> None:
    from edgetag.compression import prune_stage, quantize_stage

    recipe = recipe_of()
    with pytest.raises(InputError, match=r"train/model\.npz: missing"):
        prune_stage.run(recipe, fresh_run, SilentProgress())
    train_stage_stand_in(recipe, fresh_run)
    only_sparse = recipe_of(
        RECIPE + '[export]\nvariants = ["fp32", "int8-pruned-qat"]\n[bundle]\nvariant = "fp32"\n'
    )
    with pytest.raises(InputError, match=r"prune/model\.npz: missing; run: edgetag prune"):
        quantize_stage.run(only_sparse, fresh_run, SilentProgress())


@pytest.mark.slow
def test_a_sparse_network_whose_quantization_diverges_is_not_said_to_have_lost_zeros(
    fresh_run: Workspace,
) -> None:
    from edgetag.compression import quantize_stage

    recipe = recipe_of(
        RECIPE + '[export]\nvariants = ["fp32", "int8-pruned-qat"]\n[bundle]\nvariant = "fp32"\n'
    )
    train_stage_stand_in(recipe, fresh_run)
    weights = read_arrays(fresh_run.train / "model.npz")
    sparse = {
        key: np.maximum(each, 0) if "kernel" in key else each for key, each in weights.items()
    }
    write_arrays(fresh_run.prune / "model.npz", sparse)
    # A teacher of which nothing comes: the loss is a share of the variance of what it gives.
    write_arrays(fresh_run.train / "model.npz", {key: 0 * each for key, each in weights.items()})
    with pytest.raises(InputError, match=r"its training diverged\. Lower the learning_rate"):
        quantize_stage.run(recipe, fresh_run, SilentProgress())


def test_stages_know_which_recipes_need_them(fresh_run: Workspace) -> None:
    from edgetag.compression import prune_stage, quantize_stage

    assert prune_stage.needed(recipe_of()) == ("int8-pruned-qat",)
    assert quantize_stage.needed(recipe_of()) == ("int8-qat", "int8-pruned-qat")
    assert quantize_stage.needed(recipe_of(RECIPE)) == ("int8-qat",)  # if it comes to that
    plain = recipe_of(RECIPE + '[export]\nvariants = ["fp32"]\n[bundle]\nvariant = "fp32"\n')
    assert not prune_stage.needed(plain)
    assert quantize_stage.needed(plain) == ()
    with pytest.raises(InputError, match="nothing to prune"):
        prune_stage.run(plain, fresh_run, SilentProgress())
    with pytest.raises(InputError, match="nothing to train quantization-aware"):
        quantize_stage.run(plain, fresh_run, SilentProgress())


def test_a_record_of_pruning_from_before_narrower_networks_were_pruned_is_read() -> None:
    before = {
        "schema": "edgetag.prune/1.0",
        "structure": "unstructured",
        "layers": [{"layer": "dense", "weights": 4, "zeros": 2, "target": 0.5}],
        "sparsity": 0.5,
        "steps": 3,
        "validation_map_before": 0.8,
        "validation_map_after": None,
        "weights_sha256": "0",
    }
    (network,) = PruneResult.from_json(json.dumps(before), "prune.json").networks
    assert (network.network, network.sparsity) == ("model", 0.5)


@pytest.mark.slow
def test_a_narrower_network_is_pruned_and_keeps_its_zeros_in_the_file_of_integers(
    fresh_run: Workspace, tmp_path: Path
) -> None:
    from edgetag.compression import prune_stage, quantize_stage
    from edgetag.conversion import stage as export_stage
    from edgetag.narrowing import stage as narrow_stage

    variant = "int8-narrow50-pruned-qat"
    recipe = recipe_of(
        RECIPE + f'[compress.channels]\nepochs = 0.2\nallocation = "uniform"\nimages = 8\n'
        f'[export]\nvariants = ["fp32", "{variant}"]\n[bundle]\nvariant = "fp32"\n'
        f'[teacher]\nruns = ["{tmp_path / "teacher"}"]\nteaches = ["narrow", "prune"]\n'
    )
    train_stage_stand_in(recipe, fresh_run)
    with pytest.raises(InputError, match=r"teacher: no run folder with a trained network"):
        narrow_stage.run(recipe, fresh_run, SilentProgress())
    teacher = Workspace(tmp_path / "teacher")
    train_stage_stand_in(recipe, teacher)
    of_teacher = RunFile(name="teacher", recipe=recipe.model_dump(mode="json"), seed=1, versions={})
    of_teacher.write(teacher.run_file)
    with pytest.raises(InputError, match=r"narrow50\.npz: missing; run: edgetag narrow"):
        prune_stage.run(recipe, fresh_run, SilentProgress())
    (narrow,) = narrow_stage.run(recipe, fresh_run, SilentProgress()).networks
    (pruned,) = prune_stage.run(recipe, fresh_run, SilentProgress()).networks
    assert pruned.network == "narrow50"
    assert pruned.validation_map_before == narrow.validation_map
    weights = {layer.layer: layer.weights for layer in pruned.layers}
    assert (
        weights["block1_conv0"] == 9 * narrow.widths["block0_conv1"] * narrow.widths["block1_conv0"]
    )
    (quantized,) = quantize_stage.run(recipe, fresh_run, SilentProgress()).variants
    assert quantized.sparsity == pytest.approx(pruned.sparsity, abs=1e-3)
    (file,) = export_stage.make(recipe, fresh_run, (variant,), SilentProgress()).variants
    assert file.sparsity == pytest.approx(pruned.sparsity, abs=1e-3)
    assert pruned.sparsity == pytest.approx(0.6, abs=0.05)
