"""The sections that judge: validation, its explanations, the benchmark."""

from math import ceil
from typing import Annotated, Self

from pydantic import Field, model_validator

from edgetag.catalogue.engines import DEFAULT_ENGINE, DEFAULT_RUNTIMES
from edgetag.recipe.base import Runtime, Section, Share


def _require_each_once(**lists: tuple[object, ...]) -> None:
    for key, values in lists.items():
        if len(set(values)) != len(values):
            raise ValueError(f"{key} lists one twice")


class ValidationSection(Section):
    """How variants are compared with the float reference."""

    splits: tuple[str, ...] = Field(
        ("test",),
        min_length=1,
        description="Scored splits; the first one decides. Others must be named test_….",
    )
    runtimes: tuple[Runtime, ...] = Field(
        DEFAULT_RUNTIMES, min_length=1, description="Every file is judged on each."
    )
    agreement_images: int | None = Field(
        None,
        ge=100,
        description="Runtimes after the first score so many pictures, evenly spread, and all only "
        "where their decisions are in doubt; default: all. The first always scores all.",
    )
    min_positives: int = Field(20, ge=1, description="Fewer in a split: the tag is not scored.")
    bootstrap_samples: int = Field(
        1000,
        ge=100,
        description="Behind every interval of mAP and AP; at least 2 / (1 - confidence), so that "
        "a sample lies beyond each of its ends.",
    )
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
    baseline_rmse_tolerance: float = Field(
        0.1,
        ge=0,
        description="A distance of logits that moves by a larger share of the one in baseline.json "
        "has changed; 0.01 logits never count.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        _require_each_once(splits=self.splits, runtimes=self.runtimes)
        for name in self.splits:
            if name not in ("test", "validation") and not name.startswith("test_"):
                raise ValueError(f"splits: {name!r} is not test, validation or test_…")
        # Rounded, since 1 - 0.9999 is a little less than 0.0001 here.
        needed = ceil(round(2 / (1 - self.confidence), 6))
        if self.bootstrap_samples < needed:
            raise ValueError(
                f"of {self.bootstrap_samples} samples none would lie beyond the ends of a "
                f"{self.confidence:g} interval; bootstrap_samples must be at least {needed}"
            )
        return self

    @property
    def refit_splits(self) -> tuple[str, ...]:
        """The split that each file's thresholds are fitted on, if they are and it judges not."""
        refits = self.refit_thresholds and "validation" not in self.splits
        return ("validation",) if refits else ()


class BenchmarkSection(Section):
    """How latency is measured."""

    runtimes: tuple[Runtime, ...] = Field(
        DEFAULT_RUNTIMES, min_length=1, description="Every file is timed on each."
    )
    threads: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (1,),
        min_length=1,
        description="Numbers of threads; every file is timed with each that the machine has the "
        "cores for.",
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
    budget_runtime: Runtime = Field(DEFAULT_ENGINE, description="Where latency budgets are judged.")
    budget_threads: int = Field(
        1, ge=1, description="Number of threads that latency budgets are judged with."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        _require_each_once(runtimes=self.runtimes, threads=self.threads)
        if self.budget_runtime not in self.runtimes or self.budget_threads not in self.threads:
            raise ValueError(
                f"budget_runtime {self.budget_runtime!r} with budget_threads {self.budget_threads} "
                "is not measured: both must be among runtimes and threads"
            )
        return self


class ExplainSection(Section):
    """What `edgetag explain` looks at."""

    layer_images: int = Field(
        32, ge=1, description="Images over which a layer's error is averaged."
    )
    preprocessing_images: int = Field(
        300, ge=10, description="Images scored under each mistake in preprocessing."
    )
