"""The section `[phones]`: how files are timed and scored on phones."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from edgetag.recipe.base import Section


class PhonesSection(Section):
    """How phones measure. Which phones, and what on, is asked for: `edgetag phone bench`."""

    threads: tuple[Annotated[int, Field(ge=1, le=64)], ...] = Field(
        (),
        description="Every file is timed with each, in the app with the first; none: those of "
        "`benchmark.threads`.",
    )
    warmup_runs: int | None = Field(
        None, ge=0, description="At least so many; default: `benchmark.warmup_runs`."
    )
    runs: int | None = Field(None, ge=1, description="At least so many; default: `benchmark.runs`.")
    min_s: float = Field(1.0, gt=0, description="Seconds that a figure is measured at least.")
    max_s: float = Field(150.0, gt=0, description="Seconds that a figure is measured at most.")
    rounds: int | None = Field(
        None,
        ge=1,
        description="All files are measured so many times in turn, each time with its share of the "
        "runs, so that heat hits all alike; default: 3, or fewer where there are fewer runs.",
    )
    min_delegated: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of the graph that an accelerator must take that was asked for, else it "
        "counts as fallen back.",
    )
    fixed_performance: bool = Field(
        True,
        description="Hold phones that have it in Android's fixed-performance mode: clocks that "
        "heat does not change.",
    )
    images: int = Field(
        512,
        ge=1,
        le=100_000,
        description="Scored by the app or a runner, spread over the split that decides.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.min_s > self.max_s:
            raise ValueError(f"min_s {self.min_s:g} is more than max_s {self.max_s:g}")
        if self.rounds and self.runs and self.rounds > self.runs:
            raise ValueError(f"rounds {self.rounds} is more than runs {self.runs}")
        return self
