"""Quick gradients of filters are those of TensorFlow, and are the ones that training computes."""

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow

PLAIN: list[dict[str, Any]] = [
    {"kernel_size": 1},
    {"kernel_size": 1, "padding": "valid"},
    {"kernel_size": 1, "strides": 2},
    {"kernel_size": 3},
]
DEPTHWISE: list[dict[str, Any]] = [
    {"kernel_size": 5},
    {"kernel_size": 5, "strides": 2},
    {"kernel_size": (5, 3)},
    {"kernel_size": 7, "depth_multiplier": 2},
    {"kernel_size": 3, "strides": 2},
    {"kernel_size": 5, "padding": "valid"},
    {"kernel_size": 5, "dilation_rate": 2},
]


def gradients_of(layer: Any, pictures: Any) -> Any:
    """Return a graph that computes the gradients of input and weights."""
    from edgetag.tf import tf

    @tf.function
    def gradients(given: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(given)
            loss = tf.reduce_sum(tf.sin(layer(given)))
        return tape.gradient(loss, [given, *layer.trainable_weights])

    return gradients.get_concrete_function(tf.TensorSpec([None, *pictures.shape[1:]]))


@pytest.mark.parametrize("side", [7, 8])
@pytest.mark.parametrize(
    ("kind", "options"),
    [("Conv2D", each) for each in PLAIN] + [("DepthwiseConv2D", each) for each in DEPTHWISE],
)
def test_gradients_are_tensorflows_own(kind: str, options: dict[str, Any], side: int) -> None:
    from edgetag.tf import gradient_registry, keras
    from edgetag.training.filter_gradients import use_quick_filter_gradients

    use_quick_filter_gradients()
    more = {"filters": 6} if kind == "Conv2D" else {}
    layer = getattr(keras.layers, kind)(**{"padding": "same", "use_bias": False} | more | options)
    pictures = np.random.default_rng(3).normal(size=(3, side, side + 1, 4)).astype(np.float32)
    layer(pictures)
    quick = gradients_of(layer, pictures)(pictures)
    entry = gradient_registry._registry["Conv2D" if kind == "Conv2D" else "DepthwiseConv2dNative"]
    replaced = entry["type"]
    try:
        entry["type"] = replaced.args[0]
        own = gradients_of(layer, pictures)(pictures)
    finally:
        entry["type"] = replaced
    for mine, theirs in zip(quick, own, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)


def test_no_filter_is_left_to_a_slow_gradient() -> None:
    from edgetag.tf import keras
    from edgetag.training.filter_gradients import use_quick_filter_gradients

    use_quick_filter_gradients()
    pictures = np.zeros((2, 8, 8, 4), np.float32)
    wide = keras.layers.DepthwiseConv2D(5, strides=2, padding="same")
    point = keras.layers.Conv2D(6, 1)
    for layer in (wide, point):
        layer(pictures)
    assert "Conv2DBackpropFilter" not in kinds_that_run(point, pictures)
    assert kinds_that_run(wide, pictures)["DepthwiseConv2dNativeBackpropFilter"] == b"EXPLICIT"


def kinds_that_run(layer: Any, pictures: Any) -> dict[str, Any]:
    """Return the kinds of operations on the way to the gradients, with their padding."""
    left = [each.op for each in gradients_of(layer, pictures).outputs]
    kinds: dict[str, Any] = {}
    while left:
        each = left.pop()
        kinds[each.type] = each.get_attr("padding") if "padding" in each.node_def.attr else None
        left += [tensor.op for tensor in each.inputs]
    return kinds
