"""What every section of a recipe is made of."""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Variant = Literal["fp32", "fp16", "dynamic", "int8", "int8-qat", "int8-pruned-qat", "int16x8"]
TrainedVariant = Literal["int8-qat", "int8-pruned-qat"]
"""Variants that take a training of their own."""

VARIANTS: tuple[Variant, ...] = get_args(Variant)
FULL_INTEGER: tuple[Variant, ...] = ("int8", "int8-qat", "int8-pruned-qat", "int16x8")
"""Nothing inside is computed in floating point."""

Runtime = Literal["litert", "tflite-runtime"]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """Frozen, strict about types, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
