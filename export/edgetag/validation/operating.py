"""How one tag's scores serve an app: at a stated rate of false alarms, at a stated prevalence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.validation.details import CalibrationBin
from edgetag.validation.result import Operating, OperatingCurve

Truth = npt.NDArray[np.bool_]
CURVE_SCORES = np.arange(1, 100) / 100
"""Thresholds at which an operating curve counts images; beside them all or hardly any are set."""

Vector = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class OperatingPoints:
    """Where they are taken.

    Attributes:
        fpr: False-positive rate at which recall is given.
        recall: Recall at which the false-positive rate is given.
        prevalence: Share of images that have a tag in the app,
        prevalences: and of single tags.
        bins: Bins of equal width, for calibration.
    """

    fpr: float = 0.01
    recall: float = 0.9
    prevalence: float = 0.01
    prevalences: Mapping[str, float] = field(default_factory=dict)
    bins: int = 10

    def prevalence_of(self, tag: str) -> float:
        """Return the share of images that have a tag in the app."""
        return self.prevalences.get(tag, self.prevalence)


def operating_points(
    truth: Truth, scores: Vector, threshold: float, tag: str, at: OperatingPoints
) -> Operating:
    """Return one tag's operating points.

    Args:
        truth: `[images]` with known labels, both kinds among them.
        scores: `[images]` in 0..1.
        threshold: From which the tag counts as present.
        tag: Its name.
        at: Where the points are taken.
    """
    from sklearn.metrics import roc_curve  # slow to import

    fpr, recall, _ = roc_curve(truth, scores, drop_intermediate=False)
    present = scores >= np.float32(threshold)
    return Operating(
        recall_at_fpr=float(recall[fpr <= at.fpr].max()),
        fpr_at_recall=float(fpr[recall >= at.recall].min()),
        precision_at_prevalence=precision_at(
            float(present[truth].mean()), float(present[~truth].mean()), at.prevalence_of(tag)
        ),
        calibration_error=calibration_error(calibration(truth, scores, at.bins)),
    )


def operating_curve(truth: Truth, scores: Vector) -> OperatingCurve:
    """Return how many images with and without a tag each threshold of `CURVE_SCORES` decides on.

    Args:
        truth: `[images]` with known labels.
        scores: `[images]` in 0..1.
    """
    return OperatingCurve(
        positives=tuple(count_reaching(scores[truth], CURVE_SCORES).tolist()),
        negatives=tuple(count_reaching(scores[~truth], CURVE_SCORES).tolist()),
    )


def count_reaching(scores: Vector, thresholds: Vector) -> npt.NDArray[np.int64]:
    """Return how many scores reach each threshold, as a tag is decided: in float32."""
    ordered = np.sort(scores.astype(np.float32))
    return len(scores) - np.searchsorted(ordered, thresholds.astype(np.float32), side="left")


def precision_at(recall: float, fpr: float, prevalence: float) -> float | None:
    """Return the precision where `prevalence` of the images have the tag (Bayes' rule).

    None where nothing would be decided present.
    """
    hits = prevalence * recall
    alarms = (1.0 - prevalence) * fpr
    return hits / (hits + alarms) if hits + alarms > 0 else None


def calibration(truth: Truth, scores: Vector, bins: int) -> tuple[CalibrationBin, ...]:
    """Return images in bins of equal width by score; empty bins are left out.

    Args:
        truth: `[images]`.
        scores: `[images]` in 0..1.
        bins: How many.
    """
    numbers = np.minimum((scores * bins).astype(np.int64), bins - 1)
    images = np.bincount(numbers, minlength=bins)
    sums = np.bincount(numbers, weights=scores, minlength=bins)
    positives = np.bincount(numbers, weights=truth, minlength=bins)
    return tuple(
        CalibrationBin(
            images=int(images[i]),
            mean_score=float(sums[i] / images[i]),
            positive_share=float(positives[i] / images[i]),
        )
        for i in np.flatnonzero(images)
    )


def calibration_error(bins: tuple[CalibrationBin, ...]) -> float:
    """Return the expected calibration error: bins' distance from calibrated, by images.

    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI 2015.
    """
    total = sum(bin_.images for bin_ in bins)
    off = sum(bin_.images * abs(bin_.mean_score - bin_.positive_share) for bin_ in bins)
    return off / total
