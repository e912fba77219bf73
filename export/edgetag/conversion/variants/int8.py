"""`int8`: everything has 8 bits, by ranges that are measured while it is converted."""

from typing import Any

from edgetag.tf import tf


def configure(converter: Any) -> None:
    """Allow no other operators than those of int8."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
