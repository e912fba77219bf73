"""Scores of the reference and of variants over one split, and what is computed from them once.

Cells whose label is unknown take part in nothing.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgetag.labels import Labels
from edgetag.metrics import Scores, average_precisions
from edgetag.tags import Vocabulary
from edgetag.validation.operating import OperatingPoints, operating_curve, operating_points
from edgetag.validation.result import Operating, OperatingCurve
from edgetag.validation.statistics import Bootstrap, average_precision_samples, f1_samples

Decisions = npt.NDArray[np.bool_]
"""`[images, tags]`, true where the score reaches the tag's threshold."""


class Split:
    """The images of a split, with what every comparison over them shares.

    Args:
        labels: `[images, tags]`.
        vocabulary: The tags.
        groups: `[images]` names; images of one name are resampled together.
        min_positives: A tag with fewer is not scored.
        samples: Bootstrap samples.
        confidence: Confidence of intervals.
        seed: Seed of the bootstrap.
        at: Where operating points are taken; by default at none in particular.
    """

    def __init__(
        self,
        labels: Labels,
        vocabulary: Vocabulary,
        groups: Sequence[str],
        *,
        min_positives: int,
        samples: int,
        confidence: float,
        seed: int,
        at: OperatingPoints | None = None,
    ) -> None:
        self.labels = labels
        self.vocabulary = vocabulary
        self.min_positives = min_positives
        self.confidence = confidence
        self.at = at or OperatingPoints()
        self.bootstrap = Bootstrap.over(groups, samples, seed)
        self.known = labels >= 0
        self.positives = (labels == 1).sum(axis=0)
        self.negatives = (labels == 0).sum(axis=0)
        enough = (self.positives >= max(1, min_positives)) & (self.negatives > 0)
        self.scored: list[int] = np.flatnonzero(enough).tolist()

    def several_groups(self, tag: int, labels: Sequence[int] = (1, 0)) -> bool:
        """Tell whether images with each of some labels of a tag are of two groups or more.

        Those of one group count as one image, of which nothing tells how others would differ.
        """
        kinds = (self.bootstrap.group_of[self.labels[:, tag] == label] for label in labels)
        return all((groups != groups[:1]).any() for groups in kinds)


class Measured:
    """Scores of one engine over a split, with what is computed from them once.

    Scores are `[images, tags]`; from its threshold on a tag counts as present.
    """

    def __init__(self, scores: Scores, split: Split, thresholds: Mapping[str, float]) -> None:
        self.scores = scores
        self.split = split
        # Compared in float32, as the scores are: 0.3 must reach a threshold of 0.3.
        names = split.vocabulary.names
        self.thresholds = np.array([thresholds[name] for name in names], dtype=np.float32)

    @cached_property
    def decisions(self) -> Decisions:
        """Where the score reaches the threshold."""
        return self.scores >= self.thresholds

    @cached_property
    def average_precisions(self) -> npt.NDArray[np.float64]:
        """`[tags]`, NaN where not scored."""
        return average_precisions(self.scores, self.split.labels, self.split.min_positives)

    @property
    def mean_average_precision(self) -> float | None:
        """Over the scored tags; None where there are none."""
        scored = self.average_precisions[self.split.scored]
        return float(scored.mean()) if len(scored) else None

    @cached_property
    def f1(self) -> npt.NDArray[np.float64]:
        """`[tags]`: `2 TP / (2 TP + FP + FN)`, 0 where that is 0 / 0."""
        return f1(self.decisions, self.split.labels)

    @cached_property
    def operating(self) -> list[Operating]:
        """One per scored tag."""
        split = self.split
        points = []
        for tag in split.scored:
            known = split.known[:, tag]
            points.append(
                operating_points(
                    split.labels[known, tag] == 1,
                    self.scores[known, tag],
                    float(self.thresholds[tag]),
                    split.vocabulary.names[tag],
                    split.at,
                )
            )
        return points

    def curve(self, tag: int) -> OperatingCurve:
        """Return what any threshold of the tag of this number would decide."""
        known = self.split.known[:, tag]
        return operating_curve(self.split.labels[known, tag] == 1, self.scores[known, tag])

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


def f1(decisions: Decisions, labels: Labels) -> npt.NDArray[np.float64]:
    """Return `[tags]` of `2 TP / (2 TP + FP + FN)` over known labels, 0 where that is 0 / 0."""
    truth = labels == 1
    decided = decisions & (labels >= 0)
    below = decided.sum(axis=0) + truth.sum(axis=0)
    return 2.0 * (decided & truth).sum(axis=0) / np.maximum(below, 1)
