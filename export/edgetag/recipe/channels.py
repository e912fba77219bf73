"""What a narrower network may cost: it is then as wide as that allows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from edgetag.catalogue.variants import VARIANTS
from edgetag.recipe.base import Section
from edgetag.recipe.budgets import Limit, Subject, Unit

if TYPE_CHECKING:
    NarrowName = str
else:
    NarrowName = Literal[
        tuple(dict.fromkeys(line.narrow for line in VARIANTS.values() if line.narrow))
    ]

Part = Annotated[float | None, Field(gt=0, lt=1)]


def _cap(words: str, unit: Unit, subject: Subject) -> Limit:
    return Limit(words, unit, "cap", subject)


class ChannelsBudget(Section):
    """What a narrower network's file may cost; `whole` is int8 of the network it is made from."""

    max_latency_ms: Annotated[float | None, _cap("latency", "ms", "latency")] = Field(None, gt=0)
    max_latency_ratio: Annotated[Part, _cap("latency against the whole", "ratio", "latency")] = None
    max_size_bytes: Annotated[int | None, _cap("size", "bytes", "size")] = Field(None, gt=0)
    max_size_ratio: Annotated[Part, _cap("size against the whole", "ratio", "size")] = None
    max_arm_instructions: Annotated[
        int | None, _cap("number of instructions", "instructions", "instructions")
    ] = Field(None, gt=0, description="Per inference on an emulated Cortex-A76.")
    max_arm_instructions_ratio: Annotated[
        Part, _cap("instructions against the whole", "ratio", "instructions")
    ] = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.given():
            raise ValueError(f"give at least one of {', '.join(type(self).model_fields)}")
        return self

    def given(self) -> dict[str, float]:
        """Return the limits that are set, by their keys."""
        return self.model_dump(exclude_none=True)


CHANNEL_LIMITS: Mapping[str, Limit] = {
    key: replace(limit, key=key)
    for key, field in ChannelsBudget.model_fields.items()
    for limit in field.metadata
    if isinstance(limit, Limit)
}
"""What is known of each limit, by its key."""
