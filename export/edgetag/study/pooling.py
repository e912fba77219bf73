"""Scores of several trainings over one split, as one drop and one distance with intervals."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgetag.metrics import Scores, average_precisions, squared_logit_distances
from edgetag.study.result import Accuracy
from edgetag.validation.metrics import Split
from edgetag.validation.statistics import (
    average_precision_samples,
    interval,
    mean_over_tags,
    ratio_samples,
)


class Pool:
    """Float models' scores over a split, one training each, which files are compared with.

    Every training sees the same draws of groups, so that averaging within a draw pairs files,
    float models and trainings alike.

    Args:
        name: The split's.
        split: Its labels and groups.
        references: Scores of each training's float model, `[images, tags]`.
    """

    def __init__(self, name: str, split: Split, references: Sequence[Scores]) -> None:
        self._name = name
        self._split = split
        self._references = references
        self._precisions = [self._precision(scores) for scores in references]
        self._samples = [self._sampled(scores) for scores in references]

    def measure(self, files: Sequence[Scores]) -> Accuracy:
        """Compare one file of every training with its float model."""
        split = self._split
        precisions = [self._precision(scores) for scores in files]
        drops = [
            float((before - after).mean())
            for before, after in zip(self._precisions, precisions, strict=True)
            if split.scored
        ]
        sampled = [
            mean_over_tags(before - self._sampled(scores))
            for before, scores in zip(self._samples, files, strict=True)
        ]
        squares = [
            squared_logit_distances(scores, reference)
            for scores, reference in zip(files, self._references, strict=True)
        ]
        mean_square = np.mean(squares, axis=0)
        distances = np.sqrt(ratio_samples(mean_square, np.ones(len(mean_square)), split.bootstrap))
        several = split.bootstrap.groups > 1
        return Accuracy(
            split=self._name,
            images=len(split.labels),
            groups=split.bootstrap.groups,
            scored_tags=len(split.scored),
            map=float(np.mean(precisions)) if split.scored else None,
            map_drop=float(np.mean(drops)) if split.scored else None,
            map_drop_interval=interval(np.mean(sampled, axis=0), split.confidence)
            if several and split.scored
            else None,
            map_drop_by_seed=tuple(drops),
            logit_rmse=float(np.sqrt(mean_square.mean())),
            logit_rmse_interval=interval(distances, split.confidence) if several else None,
            logit_rmse_by_seed=tuple(float(np.sqrt(each.mean())) for each in squares),
        )

    def _precision(self, scores: Scores) -> npt.NDArray[np.float64]:
        split = self._split
        return average_precisions(scores, split.labels, split.min_positives)[split.scored]

    def _sampled(self, scores: Scores) -> npt.NDArray[np.float64]:
        split = self._split
        return average_precision_samples(scores, split.labels, split.scored, split.bootstrap)
