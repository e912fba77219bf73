"""Quantization-aware models: ranges, frozen parts, sparsity, and the file they convert to."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.dataset import Dataset
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing, scale
from edgetag.progress import SilentProgress
from edgetag.recipe import NetworkSection

if TYPE_CHECKING:
    from edgetag.tf import keras

pytestmark = pytest.mark.tensorflow


def train(
    model: "keras.Model",
    data: Dataset,
    contract: Preprocessing,
    steps: int,
    learning_rate: float,
    keep_zeros: bool = False,
) -> None:
    from edgetag.compression.rounding import StepAdam, rounding_steps

    rows = data.rows("train")[: 16 * steps]
    images, labels = scale(data.images(rows), contract), data.labels(rows)
    optimizer = StepAdam(learning_rate, rounding_steps(model, keep_zeros=keep_zeros))
    model.compile(optimizer, "binary_crossentropy")
    model.fit(images, labels, batch_size=16, epochs=1, verbose=0)


def zeroed(model: "keras.Model", share: float) -> "keras.Model":
    """Copy a model with the smallest weights of its 1x1 convolutions set to zero."""
    from edgetag.compression.copying import copy_model

    copied = copy_model(model)
    for layer in copied.layers:
        if layer.name.endswith(("_expand", "_project", "top")):
            kernel = layer.kernel.numpy()
            kernel[np.abs(kernel) < np.quantile(np.abs(kernel), share)] = 0
            layer.kernel.assign(kernel)
    return copied


def with_small_bottlenecks(model: "keras.Model", factor: float) -> "keras.Model":
    """Copy the small model with values between its blocks scaled down, the function unchanged."""
    from edgetag.compression.copying import copy_model

    copied = copy_model(model)
    for name in ("block0_project_bn", "block1_project_bn"):
        norm = copied.get_layer(name)
        norm.gamma.assign(norm.gamma * factor)
        norm.beta.assign(norm.beta * factor)
    for name in ("block1_expand", "top"):
        kernel = copied.get_layer(name).kernel
        kernel.assign(kernel / factor)
    return copied


def test_without_the_range_warm_up_logits_go_astray(
    small_model: "keras.Model", tiny_data: Dataset, small_contract: Preprocessing
) -> None:
    from edgetag.compression.quantize import quantization_aware, warm_up
    from edgetag.metrics import logit_rmse
    from edgetag.networks import Scorer

    contract, rows = small_contract, tiny_data.rows("validation")
    original = with_small_bottlenecks(small_model, 0.003)  # next to which ±6 is far too wide
    expected = Scorer(original, contract).run(tiny_data, rows, SilentProgress())
    distances = {}
    for steps, ema_decay in ((40, 0.9), (0, 0.999)):  # ours; tfmot's defaults
        model = quantization_aware(original, contract, ema_decay=ema_decay)
        warm_up(
            model,
            tiny_data,
            tiny_data.rows("train"),
            contract,
            SilentProgress(),
            steps=steps,
            batch_size=32,
            seed=1,
        )
        scores = Scorer(model, contract).run(tiny_data, rows, SilentProgress())
        distances[steps] = logit_rmse(scores, expected)
    assert distances[40] < 0.3
    assert distances[0] > 1.0


@dataclass(frozen=True)
class Trained:
    """A sparse float model, and what became of its quantization-aware copy."""

    original: "keras.Model"
    model: "keras.Model"
    original_before: list[bytes]
    warmed: dict[str, npt.NDArray[Any]]
    file: bytes


@pytest.fixture(scope="module")
def trained(
    small_model: "keras.Model", tiny_data: Dataset, small_contract: Preprocessing
) -> Trained:
    """PQAT of the small model, trained fast enough that weights surely move, and converted."""
    from edgetag.compression.quantize import quantization_aware, warm_up
    from edgetag.compression.schemes import settle_ranges
    from edgetag.tf import quiet_stderr, tf

    original = zeroed(small_model, 0.75)
    before = [w.tobytes() for w in original.get_weights()]
    model = quantization_aware(original, small_contract, ema_decay=0.9)
    warm_up(
        model,
        tiny_data,
        tiny_data.rows("train"),
        small_contract,
        SilentProgress(),
        steps=20,
        batch_size=32,
        seed=1,
    )
    warmed = {v.name: v.numpy() for v in model.weights}
    settle_ranges(model)
    train(model, tiny_data, small_contract, steps=8, learning_rate=0.5, keep_zeros=True)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = converter.inference_output_type = tf.uint8
    with quiet_stderr(), warnings.catch_warnings():
        # TensorFlow expects statistics here; the model's own fake quantization replaces them.
        warnings.filterwarnings("ignore", "Statistics for quantized inputs were expected")
        file = converter.convert()
    return Trained(original, model, before, warmed, file)


def test_sparsity_survives_quantization_aware_training(trained: Trained) -> None:
    from edgetag.compression.sparsity import layer_sparsities, total_sparsity

    before, after = layer_sparsities(trained.original), layer_sparsities(trained.model)
    assert after == before
    assert total_sparsity(after) > 0.5
    moved = _weights(trained)["top/kernel:0"] != trained.warmed["top/kernel:0"]
    assert moved.sum() == np.count_nonzero(trained.warmed["top/kernel:0"])


def _weights(trained: Trained) -> dict[str, npt.NDArray[Any]]:
    return {v.name: v.numpy() for v in trained.model.weights}


def test_sparsity_survives_into_the_file(trained: Trained) -> None:
    interpreter = _interpreter(trained)
    top = [
        interpreter.get_tensor(t["index"])
        for t in interpreter.get_tensor_details()
        if t["dtype"] is np.int8 and list(t["shape"]) == [32, 1, 1, 16]
    ]
    assert len(top) == 1
    assert (top[0] == 0).mean() >= 0.75


def test_the_warm_up_moves_ranges_of_activations_alone(trained: Trained) -> None:
    from edgetag.compression.folding import folded

    moved = 0
    for variable in folded(trained.original).weights:
        np.testing.assert_array_equal(variable.numpy(), trained.warmed[variable.name])
    for name, value in trained.warmed.items():
        moved += name.endswith("_max:0") and value.ndim == 0 and value != 6.0
    assert moved > 10


def test_ranges_that_have_settled_stay_in_training(trained: Trained) -> None:
    after = _weights(trained)
    ranges = [name for name in after if name.endswith(("_min:0", "_max:0"))]
    assert len(ranges) > 20
    for name in ranges:
        np.testing.assert_array_equal(after[name], trained.warmed[name])


def test_every_channel_is_rounded_by_its_largest_weight_and_training_leaves_that(
    trained: Trained,
) -> None:
    after = _weights(trained)
    for kernel, others in (
        ("block1_depthwise/depthwise_kernel", (0, 1, 3)),
        ("top/kernel", (0, 1, 2)),
    ):
        largest = np.abs(trained.warmed[f"{kernel}:0"]).max(axis=others)
        assert len(set(largest)) > 8
        of_range = [name for name in after if kernel.split("/")[0] in name and "kernel_max" in name]
        np.testing.assert_array_equal(after[of_range[0]], largest)


def test_a_step_of_training_counts_in_steps_of_each_channel(trained: Trained) -> None:
    after, kernel = _weights(trained), "block1_depthwise/depthwise_kernel:0"
    steps = np.abs(trained.warmed[kernel]).max(axis=(0, 1, 3)) / 127
    moved = np.abs(after[kernel] - trained.warmed[kernel]).max(axis=(0, 1, 3)) / steps
    assert (moved <= 8 * 0.5 * 1.5).all()  # Adam's first steps are of the learning rate's size
    assert np.median(moved) > 0.5


def test_quantization_leaves_the_float_model_as_it_was_bit_for_bit(trained: Trained) -> None:
    assert [w.tobytes() for w in trained.original.get_weights()] == trained.original_before
    assert all(len(x.inbound_nodes) == 1 for x in trained.original.layers)


def test_a_uint8_input_of_the_file_takes_pixels_as_they_are(
    trained: Trained, tiny_data: Dataset, small_contract: Preprocessing
) -> None:
    interpreter = _interpreter(trained)
    details = interpreter.get_input_details()[0]
    assert details["dtype"] is np.uint8
    assert details["quantization"] == (1 / small_contract.std, small_contract.mean)
    assert {t["dtype"] for t in interpreter.get_tensor_details()} <= {np.uint8, np.int8, np.int32}

    rows = tiny_data.rows("validation")[:8]
    pixels = tiny_data.images(rows)
    expected = trained.model(scale(pixels, small_contract), training=False).numpy()
    output = interpreter.get_output_details()[0]
    for image, scores in zip(pixels, expected, strict=True):
        interpreter.set_tensor(details["index"], image[None])
        interpreter.invoke()
        found = interpreter.get_tensor(output["index"])[0] / 256
        np.testing.assert_allclose(found, scores, atol=0.05)


def _interpreter(trained: Trained) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=trained.file)
    interpreter.allocate_tensors()
    return interpreter


@pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenet_v2", "model3"])
def test_every_network_gives_whole_numbers_as_its_inputs_zero_point(name: str) -> None:
    from edgetag.compression.schemes import input_range

    contract = NetworkSection.model_validate({"name": name, "input_size": 64}).preprocessing()
    low, high = input_range(contract)
    assert (high - low) / 255 == 1 / contract.std
    assert -low * contract.std == int(contract.mean)


def test_layers_that_cannot_be_quantized_are_named_before_any_work(
    small_contract: Preprocessing,
) -> None:
    from edgetag.compression.quantize import quantization_aware
    from edgetag.tf import keras, tf

    image = keras.Input((64, 64, 3))
    x = keras.layers.Rescaling(1 / 127, name="scaling")(image)
    x = keras.layers.Conv2D(4, 3, name="convolution")(x)
    x = keras.layers.Activation("elu", name="smooth")(x)
    x = x * tf.nn.relu6(x + 3.0) / 6.0  # hard swish, as Keras' MobileNetV3 writes it
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    with pytest.raises(InputError) as caught:
        quantization_aware(
            keras.Model(image, x, name="odd"),
            small_contract,
            ema_decay=0.9,
        )
    text = str(caught.value)
    assert "odd: these layers cannot be trained quantization-aware: scaling (Rescaling)" in text
    assert "smooth (Activation)" in text
    assert "TFOpLambda" in text
    assert "convolution" not in text
    assert "pool" not in text


def test_a_batch_norm_after_no_convolution_becomes_an_equal_quantizable_layer() -> None:
    from edgetag.compression.folding import folded
    from edgetag.compression.schemes import unsupported_layers
    from edgetag.networks import build_untrained

    model = build_untrained(NetworkSection(name="model3", input_size=64), 3)
    generator = np.random.default_rng(0)
    for layer in model.layers:
        if layer.name.endswith("_bn"):  # negative scales too
            shape = layer.gamma.shape
            layer.set_weights(
                [generator.normal(size=shape) for _ in range(3)]
                + [generator.uniform(0.5, 2, size=shape)]
            )
    ready = folded(model)
    assert not unsupported_layers(ready)
    assert all("BatchNorm" not in type(layer).__name__ for layer in ready.layers)
    images = generator.uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    np.testing.assert_allclose(ready(images), model(images, training=False), rtol=1e-3, atol=1e-4)
