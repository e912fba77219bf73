"""`int16x8`: weights have 8 bits and activations 16, by ranges measured while it is converted."""

from typing import Any

from edgetag.tf import tf


def configure(converter: Any) -> None:
    """Allow no other operators than those of this kind."""
    ops = tf.lite.OpsSet
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [
        ops.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
