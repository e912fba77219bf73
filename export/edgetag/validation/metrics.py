"""What a variant's scores lose against the reference's, tag by tag and over all.

Drops are reference minus variant: positive where the variant is worse, as fractions. Cells whose
label is unknown take part in nothing, decisions and score differences included.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgetag.metrics import Scores, average_precisions
from edgetag.tags import Labels, Vocabulary
from edgetag.validation.statistics import (
    Bootstrap,
    Interval,
    average_precision_samples,
    f1_samples,
    interval,
)

Decisions = npt.NDArray[np.bool_]
"""`[images, tags]`, true where the score reaches the tag's threshold."""


@dataclass(frozen=True)
class Measure:
    """A number of the variant, its drop from the reference, and the drop's interval."""

    value: float
    drop: float
    drop_interval: Interval | None


@dataclass(frozen=True)
class TagComparison:
    """One scored tag."""

    ap: Measure
    f1: Measure
    recall: float
    false_positive_rate: float
    flips: int


@dataclass(frozen=True)
class Comparison:
    """A variant against the reference over one split.

    Attributes:
        tags: Tag → comparison, for scored tags.
        mean_ap: Over scored tags; None where there are none.
        mean_f1: Likewise.
        flip_rate: Share of known cells whose decision changed; None without known cells.
        largest_score_difference: Largest absolute difference over known cells.
        mean_score_difference: Mean absolute difference over known cells.
    """

    tags: Mapping[str, TagComparison]
    mean_ap: Measure | None
    mean_f1: Measure | None
    flip_rate: float | None
    largest_score_difference: float | None
    mean_score_difference: float | None


class Measured:
    """Scores of one engine over a split, with what is computed from them once.

    Args:
        scores: `[images, tags]`.
        split: The split they are for.
    """

    def __init__(self, scores: Scores, split: "Split") -> None:
        self.scores = scores
        self.split = split

    @cached_property
    def decisions(self) -> Decisions:
        """Where the score reaches the threshold."""
        return self.scores >= self.split.thresholds

    @cached_property
    def average_precisions(self) -> npt.NDArray[np.float64]:
        """`[tags]`, NaN where not scored."""
        return average_precisions(self.scores, self.split.labels, self.split.min_positives)

    @cached_property
    def f1(self) -> npt.NDArray[np.float64]:
        """`[tags]`: `2 TP / (2 TP + FP + FN)`, 0 where that is 0 / 0."""
        truth = self.split.labels == 1
        decided = self.decisions & self.split.known
        below = decided.sum(axis=0) + truth.sum(axis=0)
        return 2.0 * (decided & truth).sum(axis=0) / np.maximum(below, 1)

    @cached_property
    def ap_samples(self) -> npt.NDArray[np.float64]:
        """`[samples, scored tags]`."""
        split = self.split
        return average_precision_samples(self.scores, split.labels, split.scored, split.bootstrap)

    @cached_property
    def f1_samples(self) -> npt.NDArray[np.float64]:
        """`[samples, scored tags]`."""
        split = self.split
        return f1_samples(self.decisions, split.labels, split.scored, split.bootstrap)


class Split:
    """The images of a split, with what every comparison over them shares.

    Args:
        labels: `[images, tags]`.
        vocabulary: The tags.
        thresholds: Tag → score from which it counts as present.
        groups: `[images]` names; images of one name are resampled together.
        min_positives: A tag with fewer is not scored.
        samples: Bootstrap samples.
        confidence: Of intervals.
        seed: Of the bootstrap.
    """

    def __init__(
        self,
        labels: Labels,
        vocabulary: Vocabulary,
        thresholds: Mapping[str, float],
        groups: Sequence[str],
        *,
        min_positives: int,
        samples: int,
        confidence: float,
        seed: int,
    ) -> None:
        self.labels = labels
        self.vocabulary = vocabulary
        # Compared in float32, as the scores are: 0.3 must reach a threshold of 0.3.
        self.thresholds = np.array([thresholds[n] for n in vocabulary.names], dtype=np.float32)
        self.min_positives = min_positives
        self.confidence = confidence
        self.bootstrap = Bootstrap.over(groups, samples, seed)
        self.known = labels >= 0
        self.positives = (labels == 1).sum(axis=0)
        self.negatives = (labels == 0).sum(axis=0)
        enough = (self.positives >= max(1, min_positives)) & (self.negatives > 0)
        self.scored: list[int] = np.flatnonzero(enough).tolist()

    def compare(self, reference: Measured, variant: Measured) -> Comparison:
        """Compare a variant with the reference over this split."""
        ap_drops = reference.ap_samples - variant.ap_samples
        f1_drops = reference.f1_samples - variant.f1_samples
        flips = (reference.decisions != variant.decisions) & self.known
        tags = {}
        for column, tag in enumerate(self.scored):
            tags[self.vocabulary.names[tag]] = self._tag(
                tag, reference, variant, ap_drops[:, column], f1_drops[:, column], flips
            )
        columns = self.scored
        ap, reference_ap = variant.average_precisions, reference.average_precisions
        differences = np.abs(variant.scores - reference.scores)[self.known]
        return Comparison(
            tags=tags,
            mean_ap=self._mean(ap[columns], reference_ap[columns], ap_drops),
            mean_f1=self._mean(variant.f1[columns], reference.f1[columns], f1_drops),
            flip_rate=float(flips.sum() / self.known.sum()) if len(differences) else None,
            largest_score_difference=float(differences.max()) if len(differences) else None,
            mean_score_difference=float(differences.mean()) if len(differences) else None,
        )

    def _tag(
        self,
        tag: int,
        reference: Measured,
        variant: Measured,
        ap_drops: npt.NDArray[np.float64],
        f1_drops: npt.NDArray[np.float64],
        flips: Decisions,
    ) -> TagComparison:
        decided = variant.decisions[:, tag]
        positive, negative = self.labels[:, tag] == 1, self.labels[:, tag] == 0
        ap, f1 = float(variant.average_precisions[tag]), float(variant.f1[tag])
        return TagComparison(
            ap=Measure(ap, float(reference.average_precisions[tag]) - ap, self._interval(ap_drops)),
            f1=Measure(f1, float(reference.f1[tag]) - f1, self._interval(f1_drops)),
            recall=float(decided[positive].mean()),
            false_positive_rate=float(decided[negative].mean()),
            flips=int(flips[:, tag].sum()),
        )

    def _mean(
        self,
        values: npt.NDArray[np.float64],
        reference: npt.NDArray[np.float64],
        drops: npt.NDArray[np.float64],
    ) -> Measure | None:
        """Average over scored tags; a sample averages over the tags of which it drew a positive."""
        if not len(values):
            return None
        drawn = ~np.isnan(drops)
        counts = drawn.sum(axis=1)
        sums = np.where(drawn, drops, 0.0).sum(axis=1)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        value = float(values.mean())
        return Measure(value, float(reference.mean()) - value, self._interval(means))

    def _interval(self, drops: npt.NDArray[np.float64]) -> Interval | None:
        if self.bootstrap.groups < 2:
            return None  # one group: every sample is the same
        return interval(drops, self.confidence)
