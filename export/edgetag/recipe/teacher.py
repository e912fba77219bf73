"""The section `[teacher]`: networks of other runs whose scores are targets beside the labels."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from edgetag.recipe.base import Section, Share


class TeacherSection(Section):
    """Who teaches the float network, and the narrower and pruned ones."""

    runs: tuple[Path, ...] = Field(
        (),
        description="Run folders whose float networks teach, relative to the recipe; of the same "
        "tags. Several teach the mean of their logits.",
    )
    weight: Share = Field(
        0.5,
        description="Of their scores as targets beside the labels, for the float network; with 1 "
        "labels count for nothing.",
    )
    pictures: Path | None = Field(
        None,
        description="A folder of pictures without labels, relative to the recipe, which the float "
        "network learns from its teacher, too.",
    )
    map_weight: float = Field(
        0.1,
        ge=0,
        description="Of their maps beside their scores, where all have maps of one size.",
    )
    teaches: tuple[Literal["train", "narrow", "prune"], ...] = Field(
        ("train",),
        description="In which stages. Narrower and pruned networks are else taught by the float "
        "network; distillation in their sections says how much.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.runs)) != len(self.runs):
            raise ValueError("runs lists one twice")
        if self.pictures is not None and not self.of("train"):
            raise ValueError(
                "pictures have no labels, so only a teacher says what they show: name its run in "
                'runs, and "train" in teaches'
            )
        return self

    def settings(self, stage: str) -> dict[str, float] | None:
        """Return what decides what is learnt in a stage; None where nobody teaches there."""
        return {"weight": self.weight, "map_weight": self.map_weight} if self.of(stage) else None

    def of(self, stage: str) -> tuple[Path, ...]:
        """Return the runs that teach in a stage."""
        return self.runs if stage in self.teaches else ()
