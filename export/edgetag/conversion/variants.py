"""What kinds of variant there are; no TensorFlow here."""

from typing import Literal

from edgetag.recipe import Variant

IoType = Literal["float32", "uint8", "int8"]

QAT: tuple[Variant, ...] = ("int8-qat", "int8-pruned-qat")
"""Made from a model that was trained quantization-aware."""

CALIBRATED: tuple[Variant, ...] = ("int8", "int16x8")
"""Quantized after training, so they need representative images."""

INT8: tuple[Variant, ...] = ("int8", *QAT)
"""Input and output types are the recipe's; other variants take and give float32."""


def io_types(variant: Variant, input_type: IoType, output_type: IoType) -> tuple[IoType, IoType]:
    """Return the input and output types of a variant, given those that the recipe wants."""
    return (input_type, output_type) if variant in INT8 else ("float32", "float32")
