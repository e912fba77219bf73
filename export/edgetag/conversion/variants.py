"""What kinds of variant there are; no TensorFlow here."""

from collections.abc import Mapping
from typing import Literal

from edgetag.recipe import ExportSection, Variant

IoType = Literal["float32", "uint8", "int8"]

QAT: tuple[Variant, ...] = ("int8-qat", "int8-pruned-qat")
"""Made from a model that was trained quantization-aware."""

CALIBRATED: tuple[Variant, ...] = ("int8", "int16x8")
"""Quantized after training, so they need representative images."""

INT8: tuple[Variant, ...] = ("int8", *QAT)
"""Input and output types are the recipe's; other variants take and give float32."""

FULL_INTEGER: tuple[Variant, ...] = (*INT8, "int16x8")
"""Nothing inside is computed in floating point."""


def io_types(variant: Variant, input_type: IoType, output_type: IoType) -> tuple[IoType, IoType]:
    """Return the input and output types of a variant, given those that the recipe wants."""
    return (input_type, output_type) if variant in INT8 else ("float32", "float32")


def more_needed(export: ExportSection, decisions: Mapping[str, str]) -> bool:
    """Tell whether the variants of `if_needed` must be made.

    Args:
        export: The recipe's section.
        decisions: Variant → what validation decided; only "pass" passes.
    """
    listed = [variant for variant in export.variants if variant in FULL_INTEGER]
    passing = any(decisions.get(variant) == "pass" for variant in listed)
    return bool(listed and export.fallback) and not passing


def passed_over(export: ExportSection, decisions: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variants that do not pass and decide nothing, since another stands in for them.

    A file of `if_needed` stands in for full-integer files of `variants`, and where one of those
    passes, no file of `if_needed` is needed.

    Args:
        export: The recipe's section.
        decisions: Variant → what validation decided.
    """
    listed = [variant for variant in export.variants if variant in FULL_INTEGER]

    def any_passes(variants: tuple[str, ...] | list[Variant]) -> bool:
        return any(decisions.get(variant) == "pass" for variant in variants)

    over = export.fallback if any_passes(listed) else listed if any_passes(export.fallback) else ()
    return tuple(variant for variant in over if decisions.get(variant, "pass") != "pass")
