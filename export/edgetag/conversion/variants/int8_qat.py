"""`int8-…qat`: everything has 8 bits, by ranges that training has settled."""

from typing import Any

from edgetag.tf import tf


def configure(converter: Any) -> None:
    """Let the ranges in the model be used."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
