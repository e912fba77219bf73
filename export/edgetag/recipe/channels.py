"""What a narrower network may cost: it is then as wide as that allows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from edgetag.catalogue.variants import VARIANTS
from edgetag.recipe.budgets import Limit, Limits, cap

if TYPE_CHECKING:
    NarrowName = str
else:
    NarrowName = Literal[
        tuple(dict.fromkeys(line.narrow for line in VARIANTS.values() if line.narrow))
    ]

Part = Annotated[float | None, Field(gt=0, lt=1)]


class ChannelsBudget(Limits):
    """What a narrower network's file may cost; `whole` is int8 of the network it is made from."""

    max_latency_ms: Annotated[float | None, cap("latency", "ms", "latency")] = Field(None, gt=0)
    max_latency_ratio: Annotated[Part, cap("latency against the whole", "ratio", "latency")] = None
    max_size_bytes: Annotated[int | None, cap("size", "bytes", "size")] = Field(None, gt=0)
    max_size_ratio: Annotated[Part, cap("size against the whole", "ratio", "size")] = None
    max_arm_instructions: Annotated[
        int | None, cap("number of instructions", "instructions", "instructions")
    ] = Field(None, gt=0, description="Per inference on an emulated Cortex-A76.")
    max_arm_instructions_ratio: Annotated[
        Part, cap("instructions against the whole", "ratio", "instructions")
    ] = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.given():
            raise ValueError(f"give at least one of {', '.join(type(self).model_fields)}")
        return self


CHANNEL_LIMITS: Mapping[str, Limit] = ChannelsBudget.known()
"""What is known of each limit, by its key."""
