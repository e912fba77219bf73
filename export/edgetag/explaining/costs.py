"""What a mistake costs: the same file and images, rightly and wrongly fed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgetag.explaining.mistakes import Mistake
from edgetag.explaining.result import MistakeCost
from edgetag.labels import Labels, known
from edgetag.metrics import Scores, average_precisions
from edgetag.validation.statistics import Bootstrap, average_precision_samples, interval

SHOWN_TAGS = 3


@dataclass(frozen=True)
class Judge:
    """What all mistakes are judged by.

    `right` are the scores of the file rightly fed, `[images, tags]` as the labels are; from its
    threshold on a tag counts as present. The bootstrap is over the images.
    """

    right: Scores
    labels: Labels
    names: Sequence[str]
    thresholds: npt.NDArray[np.float32]
    min_positives: int
    bootstrap: Bootstrap
    confidence: float

    @cached_property
    def right_ap(self) -> npt.NDArray[np.float64]:
        """`[tags]`, NaN where not scored."""
        return average_precisions(self.right, self.labels, self.min_positives)

    @cached_property
    def scored(self) -> list[int]:
        """Tags with enough positives, and a negative."""
        return np.flatnonzero(~np.isnan(self.right_ap)).tolist()

    @cached_property
    def _right_samples(self) -> npt.NDArray[np.float64]:
        return self._samples(self.right)

    @property
    def map(self) -> float | None:
        """Mean average precision, rightly fed; None where no tag is scored."""
        return float(self.right_ap[self.scored].mean()) if self.scored else None

    def cost(self, mistake: Mistake, wrong: Scores, images_changed: int) -> MistakeCost:
        """Return what a mistake does.

        `wrong` are the scores under it, `[images, tags]`.
        """
        drop, bounds = self._map_drop(wrong)
        cells = known(self.labels)
        flips = ((self.right >= self.thresholds) != (wrong >= self.thresholds)) & cells
        return MistakeCost(
            mistake=mistake.name,
            what=mistake.what,
            sign=mistake.sign,
            images_changed=images_changed,
            map=None if self.map is None or drop is None else self.map - drop,
            map_drop=drop,
            map_drop_interval=bounds,
            flip_rate=float(flips.sum() / cells.sum()) if cells.any() else None,
            mean_score_difference=float(np.abs(wrong - self.right).mean()),
            tags_hurt=self._tags_hurt(wrong),
        )

    def _map_drop(self, wrong: Scores) -> tuple[float | None, tuple[float, float] | None]:
        if not self.scored:
            return None, None
        drops = (self.right_ap - self._ap(wrong))[self.scored]
        samples = (self._right_samples - self._samples(wrong)).mean(axis=1)
        return float(drops.mean()), interval(samples, self.confidence)

    def _tags_hurt(self, wrong: Scores) -> tuple[str, ...]:
        drops = self.right_ap - self._ap(wrong)
        worst = sorted(self.scored, key=lambda tag: -drops[tag])
        return tuple(self.names[tag] for tag in worst[:SHOWN_TAGS] if drops[tag] > 0)

    def _ap(self, scores: Scores) -> npt.NDArray[np.float64]:
        return average_precisions(scores, self.labels, self.min_positives)

    def _samples(self, scores: Scores) -> npt.NDArray[np.float64]:
        return average_precision_samples(scores, self.labels, self.scored, self.bootstrap)
