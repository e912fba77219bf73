"""`dynamic`: weights have 8 bits; activations get 8 bits while a file runs."""

from typing import Any

from edgetag.tf import tf


def configure(converter: Any) -> None:
    """Quantize weights alone."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # Per-channel dense weights need FULLY_CONNECTED version 12, which came in 2.17.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
