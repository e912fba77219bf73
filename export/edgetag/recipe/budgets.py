"""Every limit that a recipe can set, each with what others must know of it: the one table of them.

A new limit is one field of a class here, and a value that is measured for it where its subject is
judged. How it is decided, its words, its unit and where it is told follow from the field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from edgetag.recipe.base import Section, Share

Unit = Literal["points", "percent", "fraction", "ms", "ratio", "logits", "bytes", "instructions"]
"""Points, percent and fractions are all of 1: a drop, a share, and a value such as mAP."""

Kind = Literal["margin", "cap", "floor"]
Subject = Literal["accuracy", "heat maps", "latency", "size", "memory", "instructions"]
Measure = Literal["", "map", "recall", "fpr", "ap"]


@dataclass(frozen=True)
class Limit:
    """What is known of a limit beside its type.

    Attributes:
        words: What it limits, for people.
        unit: Unit of the limit, and of what is held against it.
        kind: A margin is held against an interval and never decided without; a cap is the largest
            value and a floor the smallest.
        subject: What it limits, which says who judges it.
        measure: For a margin of accuracy: the measure whose loss it allows.
        key: Its key in the recipe.
    """

    words: str
    unit: Unit
    kind: Kind
    subject: Subject
    measure: Measure = ""
    key: str = ""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe it in the recipe's schema, where its field says nothing more."""
        kind = {"margin": "Largest {}; a margin.", "cap": "Largest {}.", "floor": "Smallest {}."}
        return {**handler(core), "description": kind[self.kind].format(self.words)}

    def cannot_be_broken(self, value: float) -> bool:
        """Tell whether any file keeps it with this value: shares are at least 0, at most 1."""
        if self.unit not in ("points", "percent", "fraction"):
            return False
        return value == (0 if self.kind == "floor" else 1)


def _loss(words: str, measure: Measure) -> Limit:
    return Limit(words, "points", "margin", "accuracy", measure)


def cap(words: str, unit: Unit, subject: Subject) -> Limit:
    """Return a limit that is the largest value."""
    return Limit(words, unit, "cap", subject)


class Limits(Section):
    """A section whose fields are limits; what is left out limits nothing."""

    @classmethod
    def known(cls) -> dict[str, Limit]:
        """Return what is known of each limit by its key, in the order of the recipe."""
        return {
            key: replace(limit, key=key)
            for key, field in cls.model_fields.items()
            for limit in field.metadata
            if isinstance(limit, Limit)
        }

    def given(self) -> dict[str, float]:
        """Return the limits that are set, by their keys."""
        values = {key: getattr(self, key) for key in self.known()}
        return {key: value for key, value in values.items() if value is not None}


class TagBudget(Limits):
    """Limits of one tag; what is left out is not judged. Fractions: 0.01 is one point."""

    max_recall_drop: Annotated[Share | None, _loss("drop of recall", "recall")] = None
    max_fpr_rise: Annotated[Share | None, _loss("rise of the false-positive rate", "fpr")] = None
    max_ap_drop: Annotated[Share | None, _loss("drop of average precision", "ap")] = None

    def cannot_be_broken(self) -> tuple[str, ...]:
        """Return the keys of limits that any file keeps."""
        return tuple(
            key for key, value in self.given().items() if LIMITS[key].cannot_be_broken(value)
        )

    def can_be_broken(self) -> dict[str, float]:
        """Return the limits that some file would break, by their keys."""
        kept_by_any = self.cannot_be_broken()
        return {key: value for key, value in self.given().items() if key not in kept_by_any}


class Budget(TagBudget):
    """Limits of one variant; what is left out is not judged. Drops are fractions.

    `max_map_drop`, `max_recall_drop`, `max_fpr_rise` and `max_ap_drop` are margins: the interval
    must lie inside. The last three hold for every tag that `tags` does not say otherwise of.
    `max_logit_rmse` is one too, in logits.
    """

    min_map: Annotated[Share | None, Limit("mAP", "fraction", "floor", "accuracy")] = None
    max_map_drop: Annotated[Share | None, _loss("drop of mAP", "map")] = None
    max_flip_rate: Annotated[
        Share | None, cap("share of changed decisions", "percent", "accuracy")
    ] = None
    max_logit_rmse: Annotated[
        float | None,
        Limit("distance of logits from the float model's", "logits", "margin", "accuracy"),
    ] = Field(
        None,
        gt=0,
        description="Root mean square of the difference of logits from the float model's, over all "
        "pictures and tags; a margin.",
    )
    max_heat_map_error: Annotated[
        Share | None,
        Limit("distance of heat maps from the float model's", "points", "margin", "heat maps"),
    ] = Field(
        None,
        description="Mean distance of heat maps from the float model's, after the sigmoid, where "
        "a tag is present; a margin, for variants in export.explain.",
    )
    max_latency_ms: Annotated[float | None, cap("latency", "ms", "latency")] = Field(None, gt=0)
    max_latency_ratio: Annotated[float | None, cap("latency against fp32", "ratio", "latency")] = (
        Field(None, gt=0, description="To fp32 on the same runtime.")
    )
    max_size_bytes: Annotated[int | None, cap("size", "bytes", "size")] = Field(None, gt=0)
    max_size_ratio: Annotated[float | None, cap("size against fp32", "ratio", "size")] = Field(
        None, gt=0, description="To fp32."
    )
    max_peak_memory_bytes: Annotated[int | None, cap("peak memory", "bytes", "memory")] = Field(
        None, gt=0
    )
    max_arm_instructions: Annotated[
        int | None,
        cap("number of instructions of an inference", "instructions", "instructions"),
    ] = Field(None, gt=0, description="Per inference on an emulated Cortex-A76; see [targets].")
    tags: dict[str, TagBudget] = Field(
        default_factory=dict, description="Tag → margins that replace the variant's."
    )

    def or_tag_margins_of(self, other: "Budget") -> "Budget":
        """Return these limits, with the other's margins of tags where these have none at all."""
        common = tuple(TagBudget.model_fields)
        if self.tags or any(getattr(self, name) is not None for name in common):
            return self
        return self.replace(**{name: getattr(other, name) for name in (*common, "tags")})

    def margins(self, tag: str) -> TagBudget:
        """Return the margins of a tag: its own, and the variant's where it has none."""
        common = {name: getattr(self, name) for name in TagBudget.model_fields}
        own = self.tags.get(tag)
        return TagBudget(**(common | (own.given() if own else {})))


LIMITS: Mapping[str, Limit] = Budget.known()
"""Every limit, by its key, in the order of the recipe."""


def limits_of(*subjects: Subject) -> tuple[str, ...]:
    """Return the keys of all limits of some subjects."""
    return tuple(key for key, limit in LIMITS.items() if limit.subject in subjects)
