"""Narrower networks compute what the wide ones did without the channels left out."""

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import expit

from edgetag.compression.result import NarrowResult
from edgetag.errors import InputError
from edgetag.narrowing import stage as narrow_stage
from edgetag.progress import SilentProgress
from edgetag.recipe import NetworkSection, Recipe, parse_recipe
from edgetag.workspace import Workspace
from tests.compression.conftest import FEW_IMAGES, make_run
from tests.support.compressed_run import HEAD, train_stage_stand_in

pytestmark = pytest.mark.tensorflow

RECIPE = f"""
{HEAD}[network]
name = "mobilenet_v2"
width = 0.35
depth = 0.25
input_size = 64
[training]
batch_size = 4
[compress.channels]
epochs = 0.2
images = 8
[export]
variants = ["fp32", "int8-narrow50"]
"""
NARROWED = f"""
{HEAD}[network]
name = "model3"
input_size = 64
[training]
batch_size = 4
[quantization]
epochs = 0.2
warmup_steps = 2
[compress.channels]
epochs = 0.2
images = 8
allocation = "uniform"
[compress.channels.budgets.narrow50]
max_size_bytes = 1_000_000
[export]
variants = ["fp32", "int8-narrow75", "int8-narrow50", "int8-narrow50-qat"]
"""
"""Of the network that is built and converted soonest."""
NETWORKS: list[dict[str, Any]] = [
    {"name": "mobilenet_v2", "width": 0.35, "depth": 0.25, "input_size": 64, "map_stride": 16},
    {"name": "efficientnet_lite0", "input_size": 64, "pretrained": False},
    {"name": "model3", "input_size": 64},
    {"name": "mobilenetv4_conv_small", "input_size": 64},
]

INNER = {"mobilenet_v2": 6, "efficientnet_lite0": 15, "model3": 7, "mobilenetv4_conv_small": 16}
"""Convolutions that can be narrowed."""


def images(count: int = 4) -> npt.NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(count, 64, 64, 3)).astype(np.float32)


def recipe_of(text: str = RECIPE) -> Recipe:
    return parse_recipe(text, Path("recipe.toml"))


@pytest.mark.parametrize("values", NETWORKS, ids=lambda values: values["name"])
def test_without_channels_that_nobody_reads_the_scores_are_the_same(values: dict[str, Any]) -> None:
    from edgetag.compression.channels import inner_layers, narrowed
    from edgetag.networks import build_untrained

    network = NetworkSection(**values)
    model = build_untrained(network, 5)
    inner = inner_layers(model, network.facts.inner)
    generator = np.random.default_rng(1)
    kept = {}
    for each in inner:
        kept[each.layer] = np.sort(generator.choice(each.channels, each.channels // 2, False))
        unread = np.setdiff1d(np.arange(each.channels), kept[each.layer])
        reader = model.get_layer(each.reader)
        weights = reader.get_weights()
        by_channel = weights[0].reshape(-1, each.channels, weights[0].shape[-1])
        by_channel[:, unread] = 0
        reader.set_weights([by_channel.reshape(weights[0].shape), *weights[1:]])
    before = [weight.copy() for weight in model.get_weights()]
    narrow = narrowed(model, kept)
    np.testing.assert_allclose(narrow(images()), model(images()), atol=1e-5)
    assert narrow.count_params() < model.count_params()
    for untouched, weight in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(untouched, weight)
    assert len(inner) == INNER[model.name]


@pytest.mark.parametrize("rank", ["activation", "taylor", "l1", "gamma"])
def test_channels_that_do_nothing_are_worth_nothing(rank: str) -> None:
    from edgetag.compression import channels
    from edgetag.networks import build_untrained
    from edgetag.tf import tf

    network = NetworkSection(**NETWORKS[0])
    model = build_untrained(network, 5)
    inner = channels.inner_layers(model, network.facts.inner)
    idle = {each.layer: np.arange(each.channels) % 3 == 0 for each in inner}
    for each in inner:
        made = model.get_layer(each.layer)
        made.set_weights([np.where(idle[each.layer], 0, made.get_weights()[0])])
        norm = model.get_layer(each.norm)
        gamma, *others = norm.get_weights()
        norm.set_weights([np.where(idle[each.layer], 0, gamma), *others])
    match rank:
        case "activation":
            importance = channels.activation_importance(model, inner, [images()])
        case "taylor":
            importance = channels.taylor_importance(
                model, inner, [images()], lambda _, scores: tf.reduce_sum(scores)
            )
        case "l1":
            importance = channels.weight_importance(model, inner)
        case _:
            importance = channels.norm_importance(model, inner)
    for each in inner:
        values, unused = importance[each.layer], idle[each.layer]
        assert values[unused].max() == 0 < values[~unused].mean()


def test_activation_importance_is_the_size_of_a_channels_part_in_the_sum() -> None:
    from edgetag.compression import channels
    from edgetag.networks import build_untrained
    from edgetag.tf import keras

    model = build_untrained(NetworkSection(**NETWORKS[2]), 5)
    (reduce,) = channels.inner_layers(model, ["reduce"])
    flat = keras.Model(model.input, model.get_layer("dense").input)(images()).numpy()
    kernel = model.get_layer("dense").kernel.numpy()
    importance = channels.activation_importance(model, [reduce], [images()[:1], images()[1:]])
    for channel in (0, 7, 63):
        values, weights = flat[:, channel::64], kernel[channel::64]
        expected = np.sqrt(np.square(values).mean()) * np.linalg.norm(weights)
        assert importance["reduce"][channel] == pytest.approx(expected, rel=1e-4)


def test_widths_are_multiples_and_never_none() -> None:
    from edgetag.compression.channels import most_important, width_of

    assert [width_of(96, share, 8) for share in (1.0, 0.75, 0.5, 0.01)] == [96, 72, 48, 8]
    assert width_of(4, 0.5, 8) == 4
    assert width_of(96, 0.5, 1) == 48
    assert most_important(np.array([1.0, 3.0, 3.0, 2.0]), 2).tolist() == [1, 2]


def test_what_is_mixed_before_it_is_read_cannot_be_narrowed() -> None:
    from edgetag.compression.channels import inner_layers
    from edgetag.networks import build_untrained

    model = build_untrained(NetworkSection(**NETWORKS[1]), 5)
    with pytest.raises(InputError, match="block2_add mixes its channels"):
        inner_layers(model, ["block2_project"])
    with pytest.raises(InputError, match="block2_expand, block2_add read its channels"):
        inner_layers(model, ["block1_project"])


@pytest.fixture(scope="module")
def narrow_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, Workspace, NarrowResult]:
    """A run whose two narrower networks are made, the second as wide as its budget allows."""
    recipe = recipe_of(NARROWED)
    workspace = make_run(tmp_path_factory.mktemp("narrow") / "run", FEW_IMAGES)
    train_stage_stand_in(recipe, workspace)
    return recipe, workspace, narrow_stage.run(recipe, workspace, SilentProgress())


@pytest.mark.slow
def test_narrower_networks_are_made_once_and_by_their_record(
    narrow_run: tuple[Recipe, Workspace, NarrowResult],
) -> None:
    from edgetag.compression.channels import widths_of
    from edgetag.compression.fine_tuning import open_bench

    recipe, workspace, result = narrow_run
    text = (workspace.narrow / "narrow.json").read_text()
    assert NarrowResult.from_json(text, "narrow.json") == result
    wide, slim = result.networks
    assert slim.channels == wide.channels
    for network in result.networks:
        assert all(width <= network.channels[name] for name, width in network.widths.items())
    assert slim.parameters < wide.parameters < wide.parameters_before
    for variant in ("int8-narrow50", "int8-narrow50-qat"):
        assert widths_of(workspace, variant) == slim.widths
    bench = open_bench(recipe, workspace, SilentProgress())
    model = bench.load(workspace.narrow / "narrow50.npz", slim.widths)
    assert model.count_params() == slim.parameters
    assert not widths_of(workspace, "int8")
    written = {path: path.stat().st_mtime_ns for path in workspace.narrow.glob("*.npz")}
    assert narrow_stage.run(recipe, workspace, SilentProgress()) == result
    assert {path: path.stat().st_mtime_ns for path in written} == written


@pytest.mark.slow
def test_variants_of_a_narrower_network_are_trained_and_exported(
    narrow_run: tuple[Recipe, Workspace, NarrowResult],
) -> None:
    from edgetag.compression import quantize_stage
    from edgetag.conversion import stage
    from edgetag.conversion.sources import Sources

    recipe, workspace, result = narrow_run
    _, network = result.networks
    (quantized,) = quantize_stage.run(recipe, workspace, SilentProgress()).variants
    assert quantized.validation_map_before == network.validation_map
    variants = ("fp32", "int8-narrow50", "int8-narrow50-qat")
    files = stage.make(recipe, workspace, variants, SilentProgress()).variants
    sizes = {file.variant: file.size_bytes for file in files}
    (kept,) = network.budget
    assert sizes["int8-narrow50"] == pytest.approx(kept.value, rel=0.005)
    assert sizes["int8-narrow50"] <= kept.most
    assert sizes["int8-narrow50-qat"] == pytest.approx(sizes["int8-narrow50"], rel=0.02)
    with closing(Sources(recipe, workspace)) as sources:
        # Against which it was calibrated: the float file of the same network.
        assert len(sources.float_file("int8-narrow50")) < 0.9 * sizes["fp32"]


@pytest.mark.slow
def test_given_shares_hold_and_other_layers_lose_what_they_can_spare(fresh_run: Workspace) -> None:
    from edgetag.compression.channels import width_of

    more = 'steps = 2\nrank = "l1"\n'
    kept = '[compress.channels.kept]\n"block1_*" = 1.0\n"block[12]_*" = 0.25\n'
    text = RECIPE.replace("images = 8\n", more + kept)
    recipe = recipe_of(text)
    train_stage_stand_in(recipe, fresh_run)
    (slim,) = narrow_stage.run(recipe, fresh_run, SilentProgress()).networks
    assert slim.widths["block1_expand"] == slim.channels["block1_expand"]
    assert slim.widths["block2_expand"] == width_of(slim.channels["block2_expand"], 0.25, 8)
    others = slim.widths.keys() - {"block1_expand", "block2_expand"}
    assert all(slim.widths[name] <= slim.channels[name] for name in others)
    assert any(slim.widths[name] < slim.channels[name] for name in others)
    unknown = recipe_of(text.replace("block1_*", "blok1"))
    with pytest.raises(InputError, match=r"'blok1' fits no layer.*block1_expand, block2_expand"):
        narrow_stage.run(unknown, fresh_run, SilentProgress())


def test_layers_that_can_spare_channels_lose_them_first() -> None:
    from edgetag.compression.allocation import allocated

    losses = {
        "dear": {8: 9.0, 16: 4.0, 24: 1.0, 32: 0.0},
        "idle": {8: 0.3, 16: 0.2, 24: 0.1, 32: 0.0},
        "jump": {8: 0.1, 16: 5.0, 24: 5.0, 32: 0.0},  # less is lost by the larger step
    }
    costs = dict.fromkeys(losses, 10)
    assert allocated(losses, costs, 960) == {"dear": 32, "idle": 32, "jump": 32}
    assert allocated(losses, costs, 720) == {"dear": 32, "idle": 32, "jump": 8}
    assert allocated(losses, costs, 480) == {"dear": 32, "idle": 8, "jump": 8}
    assert allocated(losses, costs, 0) == {"dear": 8, "idle": 8, "jump": 8}
    assert allocated(losses, costs | {"dear": 1000}, 16_000) == {"dear": 8, "idle": 32, "jump": 8}


def test_losses_are_measured_without_changing_the_model_and_costs_are_multiplications() -> None:
    from edgetag.compression.allocation import channel_costs, measured_losses
    from edgetag.compression.channels import inner_layers, weight_importance
    from edgetag.networks import build_untrained
    from edgetag.tf import keras

    model = build_untrained(NetworkSection(**NETWORKS[1]), 5)
    (inner,) = inner_layers(model, ["block3_expand"])
    before = model.get_weights()
    importance = weight_importance(model, [inner])
    # Scores of weights of no training hardly differ; what the reader itself gives does.
    read = keras.Model(model.input, model.get_layer(inner.reader).output)

    def score() -> npt.NDArray[np.float32]:
        return expit(1e3 * read(images()).numpy().mean(axis=(1, 2)))

    losses = measured_losses(model, [inner], importance, 8, score)
    widths = losses["block3_expand"]
    assert list(widths) == [144, 128, 112, 88, 72, 56, 40]
    assert widths[144] == 0 < widths[128] < widths[40]
    for ours, theirs in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    # 64 px: 16 x 16 cells of 24 channels in, a 5 x 5 window of stride 2, 40 channels out.
    cost = 16 * 16 * 24 + 8 * 8 * 25 + 8 * 8 * 40
    assert channel_costs(model, [inner]) == {"block3_expand": cost}
