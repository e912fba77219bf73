"""The sections that judge: validation, its explanations, the benchmark, the budgets."""

from typing import Self

from pydantic import Field, model_validator

from edgetag.recipe.base import Runtime, Section, Share


class ValidationSection(Section):
    """How variants are compared with the float reference."""

    splits: tuple[str, ...] = Field(
        ("test",),
        min_length=1,
        description="Scored splits; the first one decides. Others must be named test_….",
    )
    runtimes: tuple[Runtime, ...] = Field(
        ("litert", "tflite-runtime"), min_length=1, description="Every file is judged on each."
    )
    min_positives: int = Field(20, ge=1, description="Fewer in a split: the tag is not scored.")
    bootstrap_samples: int = Field(1000, ge=100, description="Behind every interval of mAP and AP.")
    confidence: float = Field(
        0.95, gt=0.5, lt=1, description="Of intervals; a budget is kept or broken by one end of it."
    )
    refit_thresholds: bool = Field(
        True,
        description="Fit thresholds for each variant on the validation split; they are judged and "
        "shipped.",
    )
    at_fpr: Share = Field(0.01, description="Recall is also given at this false-positive rate.")
    at_recall: Share = Field(
        0.9, description="The false-positive rate is also given at this recall."
    )
    prevalence: Share = Field(
        0.01, description="Share of images that have a tag in the app; precision is stated for it."
    )
    prevalences: dict[str, Share] = Field(
        default_factory=dict, description="Tag → its own prevalence."
    )
    calibration_bins: int = Field(
        10, ge=2, le=100, description="Into which scores are sorted for the calibration error."
    )
    baseline_tolerance: Share = Field(
        0.002, description="A mean over tags that moves more from baseline.json has changed."
    )
    baseline_tag_tolerance: Share = Field(
        0.01, description="The same for the number of a single tag."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in self.splits:
            if name not in ("test", "validation") and not name.startswith("test_"):
                raise ValueError(f"splits: {name!r} is not test, validation or test_…")
        return self


class BenchmarkSection(Section):
    """How latency is measured."""

    runtimes: tuple[Runtime, ...] = Field(
        ("litert", "tflite-runtime"), min_length=1, description="Every file is timed on each."
    )
    threads: tuple[int, ...] = Field(
        (1,), min_length=1, description="Numbers of threads; every file is timed with each."
    )
    warmup_runs: int = Field(
        20, ge=1, description="Per window; the warm-up ends when medians of two windows agree."
    )
    runs: int = Field(200, ge=10, description="At least; edgetag bench --full takes more.")
    max_spread: float = Field(
        0.25, gt=0, description="(p90 - p10) / p50 above which a latency is marked unstable."
    )
    reference: bool = Field(
        True, description="Also time the float model under TensorFlow, for comparison."
    )
    budget_runtime: Runtime = Field("litert", description="Where latency budgets are judged.")
    budget_threads: int = Field(
        1, ge=1, description="Number of threads that latency budgets are judged with."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.budget_runtime not in self.runtimes or self.budget_threads not in self.threads:
            raise ValueError(
                f"budgets are judged on {self.budget_runtime} with {self.budget_threads} threads, "
                "which is not among runtimes × threads"
            )
        return self


_UPPER_SHARES = frozenset(
    {"max_map_drop", "max_recall_drop", "max_fpr_rise", "max_ap_drop", "max_flip_rate",
     "max_heat_map_error"}
)  # fmt: skip


class TagBudget(Section):
    """Limits of one tag; what is left out is not judged. Fractions: 0.01 is one point."""

    max_recall_drop: Share | None = None
    max_fpr_rise: Share | None = None
    max_ap_drop: Share | None = None

    def cannot_be_broken(self) -> tuple[str, ...]:
        """Return the keys of limits that any file keeps: shares at most 1, at least 0."""
        found = {key: getattr(self, key) for key in type(self).model_fields}
        return tuple(
            key
            for key, limit in found.items()
            if (key in _UPPER_SHARES and limit == 1) or (key == "min_map" and limit == 0)
        )


class Budget(TagBudget):
    """Limits of one variant; what is left out is not judged. Drops are fractions.

    `max_map_drop`, `max_recall_drop`, `max_fpr_rise` and `max_ap_drop` are margins: the interval
    must lie inside. The last three hold for every tag that `tags` does not say otherwise of.
    """

    min_map: Share | None = None
    max_map_drop: Share | None = None
    max_flip_rate: Share | None = None
    max_heat_map_error: Share | None = Field(
        None,
        description="Mean distance of heat maps from the float model's, after the sigmoid, where "
        "a tag is present; a margin, for variants in export.explain.",
    )
    max_latency_ms: float | None = Field(None, gt=0)
    max_latency_ratio: float | None = Field(None, gt=0, description="To fp32 on the same runtime.")
    max_size_bytes: int | None = Field(None, gt=0)
    max_size_ratio: float | None = Field(None, gt=0, description="To fp32.")
    max_peak_memory_bytes: int | None = Field(None, gt=0)
    max_arm_instructions: int | None = Field(
        None, gt=0, description="Per inference on an emulated Cortex-A76; see [device]."
    )
    tags: dict[str, TagBudget] = Field(
        default_factory=dict, description="Tag → margins that replace the variant's."
    )

    def or_tag_margins_of(self, other: "Budget") -> "Budget":
        """Return these limits, with the other's margins of tags where these have none at all."""
        common = tuple(TagBudget.model_fields)
        if self.tags or any(getattr(self, name) is not None for name in common):
            return self
        return self.model_copy(update={name: getattr(other, name) for name in (*common, "tags")})

    def margins(self, tag: str) -> TagBudget:
        """Return the margins of a tag: its own, and the variant's where it has none."""
        common = {name: getattr(self, name) for name in TagBudget.model_fields}
        own = self.tags.get(tag)
        return TagBudget(**(common | (own.model_dump(exclude_none=True) if own else {})))


class ExplainSection(Section):
    """What `edgetag explain` looks at."""

    layer_images: int = Field(
        32, ge=1, description="Images over which a layer's error is averaged."
    )
    preprocessing_images: int = Field(
        300, ge=10, description="Images scored under each mistake in preprocessing."
    )
