"""Zeros where they were asked for, and nothing else touched."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edgetag.dataset import Dataset
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing, scale
from edgetag.progress import SilentProgress
from edgetag.recipe import NetworkSection, PruningSection

if TYPE_CHECKING:
    from edgetag.tf import keras

pytestmark = pytest.mark.tensorflow
STEPS = 12


def train(
    model: "keras.Model",
    data: Dataset,
    contract: Preprocessing,
    masks: "keras.callbacks.Callback",
    steps: int = STEPS,
) -> None:
    """Take plain Adam steps on the training split, as any training loop would."""
    from edgetag.tf import keras

    rows = data.rows("train")[:96]
    images, labels = scale(data.images(rows), contract), data.labels(rows)
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
    batch = 96 * 2 // STEPS
    model.fit(
        images, labels, batch_size=batch, epochs=steps * batch // 96, verbose=0, callbacks=[masks]
    )


def pruned(
    model: "keras.Model", section: PruningSection, data: Dataset, contract: Preprocessing
) -> tuple["keras.Model", dict[str, float]]:
    from edgetag.compression import pruning
    from edgetag.compression.copying import copy_model

    targets = pruning.chosen_layers(model, section)
    copied = copy_model(model)
    masks = pruning.MaskUpdates(copied, section, targets, STEPS)
    train(copied, data, contract, masks)
    masks.finish()
    return copied, targets


@pytest.mark.parametrize("ramp", [0.0, 0.5, 1.0])
def test_unstructured_pruning_reaches_its_target_in_every_chosen_layer(
    small_model: "keras.Model", tiny_data: Dataset, small_contract: Preprocessing, ramp: float
) -> None:
    from edgetag.compression.sparsity import layer_sparsities

    section = PruningSection(sparsity=0.75, ramp=ramp)
    result, targets = pruned(small_model, section, tiny_data, small_contract)
    assert set(targets) == {
        "block0_expand",
        "block0_project",
        "block1_expand",
        "block1_project",
        "top",
    }
    for layer in layer_sparsities(result, targets):
        if layer.target is None:
            assert layer.sparsity < 0.01, f"{layer.layer} was to stay dense"
        else:
            assert layer.sparsity == pytest.approx(0.75, abs=1 / layer.weights)


def test_equal_prunings_leave_equal_weights(
    small_model: "keras.Model", tiny_data: Dataset, small_contract: Preprocessing
) -> None:
    section = PruningSection(sparsity=0.75)
    weights = [
        b"".join(w.tobytes() for w in model.get_weights())
        for model, _ in (pruned(small_model, section, tiny_data, small_contract) for _ in range(2))
    ]
    assert len(set(weights)) == 1


def test_pruning_leaves_the_float_model_as_it_was_bit_for_bit(
    small_model: "keras.Model", tiny_data: Dataset, small_contract: Preprocessing
) -> None:
    weights = [w.tobytes() for w in small_model.get_weights()]
    config, nodes = small_model.get_config(), [len(x.outbound_nodes) for x in small_model.layers]
    pruned(small_model, PruningSection(sparsity=0.9), tiny_data, small_contract)
    assert [w.tobytes() for w in small_model.get_weights()] == weights
    assert small_model.get_config() == config
    assert [len(x.outbound_nodes) for x in small_model.layers] == nodes


def test_n_of_m_holds_along_the_inputs_of_every_chosen_layer(
    small_model: "keras.Model", tiny_data: Dataset, small_contract: Preprocessing
) -> None:
    from edgetag.compression.sparsity import holds_n_of_m

    # One zero in four: had tfmot meant one kept in four, the sparsity would be 0.75.
    section = PruningSection(structure="n_of_m", n_of_m=(1, 4))
    result, targets = pruned(small_model, section, tiny_data, small_contract)
    for name in targets:
        kernel = result.get_layer(name).kernel.numpy()
        assert holds_n_of_m(kernel, 1, 4)
        assert not holds_n_of_m(kernel, 3, 4)
        assert (kernel == 0).mean() == pytest.approx(0.25)


def test_the_pattern_check_sees_one_weight_too_many() -> None:
    from edgetag.compression.sparsity import holds_n_of_m

    kernel = np.zeros((1, 1, 6, 2), np.float32)  # inputs 4 and 5 are a block cut short
    kernel[0, 0, [0, 3, 4, 5], 1] = 1
    assert holds_n_of_m(kernel, 2, 4)
    kernel[0, 0, 1, 1] = 1
    assert not holds_n_of_m(kernel, 2, 4)


def test_a_layer_left_dense_by_a_schedule_that_never_ran_is_refused(
    small_model: "keras.Model", tiny_data: Dataset, small_contract: Preprocessing
) -> None:
    from edgetag.compression import pruning
    from edgetag.compression.copying import copy_model
    from edgetag.compression.sparsity import SparsityNotReachedError

    section = PruningSection(sparsity=0.8, ramp=1.0)
    targets = pruning.chosen_layers(small_model, section)
    copied = copy_model(small_model)
    masks = pruning.MaskUpdates(copied, section, targets, steps=1000)
    # Far fewer steps than the schedule was made for.
    train(copied, tiny_data, small_contract, masks)
    with pytest.raises(SparsityNotReachedError, match=r"block0_expand has 0\.\d+ instead of 0.8"):
        masks.finish()


def test_pruning_that_diverges_says_what_to_lower(small_model: "keras.Model") -> None:
    from edgetag.compression import pruning
    from edgetag.compression.copying import copy_model

    section = PruningSection()
    targets = pruning.chosen_layers(small_model, section)
    copied = copy_model(small_model)
    copied.set_weights([np.full_like(weights, np.nan) for weights in copied.get_weights()])
    with pytest.raises(InputError, match=r"diverged\. Lower pruning\.learning_rate"):
        pruning.MaskUpdates(copied, section, targets, steps=2).finish()


@pytest.mark.parametrize("steps", [1, 2, 49, 50, 51, 99, 101, 250, 10_007])
@pytest.mark.parametrize("ramp", [0.0, 0.3, 1.0])
def test_the_schedule_ends_in_an_update_at_full_sparsity(steps: int, ramp: float) -> None:
    from edgetag.compression.pruning import schedule

    made = schedule(0.8, ramp, steps)
    assert made.begin_step < made.end_step <= steps
    assert made.end_step % made.frequency == 0
    updates, sparsity = made(made.end_step)
    assert bool(updates)
    assert float(sparsity) == pytest.approx(0.8)


def test_the_xnnpack_policy_prunes_1x1_convolutions_and_leaves_the_pooling_flat() -> None:
    from edgetag.compression import pruning
    from edgetag.networks import build_untrained

    network = NetworkSection(name="mobilenet_v2", width=0.35, depth=0.25, input_size=64)
    model = build_untrained(network, 3)
    section = PruningSection(structure="xnnpack", layers=("*",), exclude=())
    targets = pruning.chosen_layers(model, section)
    assert "stem" not in targets  # a 3x3 convolution
    assert "block3_expand" in targets
    assert model.get_layer("logits").keepdims is False


def test_xnnpack_is_refused_for_a_network_its_kernels_do_not_fit() -> None:
    from edgetag.compression import pruning
    from edgetag.networks import build_untrained

    model = build_untrained(NetworkSection(name="model3", input_size=64), 3)
    with pytest.raises(InputError, match=r"XNNPACK's sparse kernels do not fit model3"):
        pruning.chosen_layers(model, PruningSection(structure="xnnpack"))


def test_patterns_that_match_nothing_list_the_layers(small_model: "keras.Model") -> None:
    from edgetag.compression import pruning

    with pytest.raises(InputError, match=r"no layer to prune.*block0_expand"):
        pruning.chosen_layers(small_model, PruningSection(layers=("blokc*",)))


def test_recalibration_moves_batch_norm_statistics_to_the_datas_and_nothing_else(
    small_model: "keras.Model", tiny_data: Dataset, small_contract: Preprocessing
) -> None:
    from edgetag.compression.batch_norm import recalibrate
    from edgetag.compression.copying import copy_model

    model = copy_model(small_model)
    stem = model.get_layer("stem_bn")
    stem.moving_mean.assign(stem.moving_mean + 5.0)
    before = {v.name: v.numpy() for v in model.weights}
    momenta = [x.momentum for x in model.layers if hasattr(x, "momentum")]
    rows = tiny_data.rows("train")
    recalibrate(model, tiny_data, rows, small_contract, SilentProgress(), batch_size=32)
    for variable in model.weights:
        same = np.array_equal(variable.numpy(), before[variable.name])
        assert same != ("moving_" in variable.name), variable.name
    assert [x.momentum for x in model.layers if hasattr(x, "momentum")] == momenta

    # The stem's input is the images themselves, so its statistics can be told from outside.
    outputs = model.get_layer("stem")(scale(tiny_data.images(rows), small_contract)).numpy()
    np.testing.assert_allclose(stem.moving_mean.numpy(), outputs.mean((0, 1, 2)), atol=1e-4)
    np.testing.assert_allclose(stem.moving_variance.numpy(), outputs.var((0, 1, 2)), rtol=1e-3)
