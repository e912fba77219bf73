"""`fp16`: weights are stored in float16, and computed with in float32."""

from typing import Any

from edgetag.tf import tf


def configure(converter: Any) -> None:
    """Let constants be float16."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
