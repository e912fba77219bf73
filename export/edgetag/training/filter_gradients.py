"""Gradients of filters on CPUs, where those that TensorFlow chooses take up to five times as long.

TensorFlow leaves convolutions on x86 to oneDNN. Two of its gradients are slow there:

- of depthwise filters wider than 3, since oneDNN fills each channel up to a block of 16. Where
  padding is explicit TensorFlow's own kernel computes it (`CheckForNodeRewrite` in
  tensorflow/core/common_runtime/mkl_layout_pass.cc), in a half to a fifth of the time.
- of filters of 1x1, which is a product of two matrices.

With both, a step of EfficientNet-Lite0 takes an eighth less processor time (64 pictures of 96 px,
AVX-512). Sums are added up in another order, so weights differ in their last digits.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from edgetag.tf import gradient_registry, tf

WIDE = 4
"""oneDNN is quicker with narrower depthwise filters."""

Gradient = Callable[[Any, tf.Tensor], Any]
"""From an operation and the gradient of its output to those of input and filter."""


@cache
def use_quick_filter_gradients() -> None:
    """Have every later gradient of this process computed so; nothing changes where a GPU is.

    TensorFlow has no public way to replace a gradient by which tapes go.
    """
    if tf.config.list_physical_devices("GPU"):
        return
    for name, of_filter in (("DepthwiseConv2dNative", _depthwise), ("Conv2D", _pointwise)):
        entry = gradient_registry._registry[name]
        entry["type"] = partial(_gradient, entry["type"], of_filter)


def _gradient(
    own: Gradient,
    of_filter: Callable[[Any, tf.Tensor], tf.Tensor | None],
    op: Any,
    above: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    # Graphs drop what nobody reads, here TensorFlow's own gradient of the filter.
    of_input, slow = own(op, above)
    quick = of_filter(op, above)
    return of_input, slow if quick is None else quick


def _depthwise(op: Any, above: tf.Tensor) -> tf.Tensor | None:
    pictures, filters = op.inputs
    shape, strides = filters.shape, op.get_attr("strides")
    sides, steps = pictures.shape[1:3], strides[1:3]
    if max(shape[:2]) < WIDE or None in sides or not _is_plain(op, b"SAME"):
        return None
    around = []
    for side, width, step in zip(sides, shape[:2], steps, strict=True):
        # https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
        padded = max((-(-side // step) - 1) * step + width - side, 0)
        around += [padded // 2, padded - padded // 2]
    return tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
        input=pictures,
        filter_sizes=shape,
        out_backprop=above,
        strides=strides,
        padding="EXPLICIT",
        explicit_paddings=[0, 0, *around, 0, 0],
    )


def _pointwise(op: Any, above: tf.Tensor) -> tf.Tensor | None:
    pictures, filters = op.inputs
    height, width, channels, kernels = filters.shape
    is_plain = _is_plain(op, b"SAME", b"VALID") and set(op.get_attr("strides")) == {1}
    if (height, width) != (1, 1) or not is_plain or pictures.shape[3] != channels:
        return None
    rows, above = tf.reshape(pictures, [-1, channels]), tf.reshape(above, [-1, kernels])
    return tf.reshape(tf.matmul(rows, above, transpose_a=True), filters.shape)


def _is_plain(op: Any, *paddings: bytes) -> bool:
    is_last = op.get_attr("data_format") == b"NHWC"
    return is_last and op.get_attr("padding") in paddings and set(op.get_attr("dilations")) == {1}
