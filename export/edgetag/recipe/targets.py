"""The section `[targets]`: which other machines a run checks and counts on."""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from edgetag.recipe.base import Section

TargetName = Literal["arm64", "armv7", "wasm", "browser", "browser-webgpu"]
CpuName = Literal["cortex-a76", "cortex-a53", "cortex-a7"]

CPUS: dict[TargetName, tuple[CpuName, ...]] = {
    "arm64": ("cortex-a76", "cortex-a53"),
    "armv7": ("cortex-a7",),
    "wasm": (),
    "browser": (),
    "browser-webgpu": (),
}
"""Processors that each can pretend to have; `runtimes.emulation.machines` says what they are."""

BUDGET_TARGET: TargetName = "arm64"
BUDGET_CPU: CpuName = "cortex-a76"
"""Where `max_arm_instructions` is judged."""


class TargetsSection(Section):
    """Targets that every run asks. Phones come and go, so they are asked for: `edgetag phone`."""

    on: tuple[TargetName, ...] = Field(
        (),
        description="What a run checks and counts on; each is set up once, by "
        "edgetag target setup.",
    )
    images: int | None = Field(
        None,
        ge=1,
        description="Scored there and here, spread over the split that decides; default: 32, and 8 "
        "where a processor is emulated.",
    )
    cpus: tuple[CpuName, ...] = Field(
        get_args(CpuName),
        min_length=1,
        description="Processors to emulate; those that a machine cannot be are passed over.",
    )
    time_limit_s: float = Field(
        300.0,
        gt=0,
        description="A model that is silent for longer counts as one without an end; it tells of "
        "every image, and of a count after eight inferences.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.on)) != len(self.on):
            raise ValueError("on lists one twice")
        for target in self.on:
            own = CPUS[target]
            if own and not set(own) & set(self.cpus):
                raise ValueError(f"cpus has none that {target} can be: {', '.join(own)}")
        return self

    @property
    def counts_budget(self) -> bool:
        """Whether a run counts what `max_arm_instructions` is judged by."""
        return BUDGET_TARGET in self.on and BUDGET_CPU in self.cpus
