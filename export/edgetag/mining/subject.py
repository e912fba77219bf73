"""What is looked at: the data, pictures without labels behind it, and what is known of both."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgetag.dataset import Dataset, Rows
from edgetag.label_noise.features import Features
from edgetag.labels import Labels
from edgetag.mining.ranking import Candidate
from edgetag.mining.result import NEW


@dataclass(frozen=True, eq=False)
class Subject:
    """Pictures with what a network sees in them.

    Attributes:
        dataset: The data; pictures without labels, if any, are behind them in the split `new`.
        tags: Which tags are looked at.
        features: `[images, features]`.
    """

    dataset: Dataset
    tags: tuple[str, ...]
    features: Features

    @cached_property
    def labels(self) -> Labels:
        """`[images, all tags]`."""
        return self.dataset.labels(self._rows)

    @cached_property
    def answered(self) -> npt.NDArray[np.bool_]:
        """`[images, all tags]`: whether the label is people's."""
        return self.dataset.answered(self._rows)

    @cached_property
    def groups(self) -> Sequence[str]:
        """`[images]`."""
        return self.dataset.groups(self._rows)

    @cached_property
    def directions(self) -> Features:
        """`[images, features]` of length 1."""
        from sklearn.preprocessing import normalize

        directions: Features = normalize(self.features)
        return directions

    @cached_property
    def new_rows(self) -> Rows:
        """Those of pictures without labels."""
        return np.flatnonzero((self.dataset.manifest["split"] == NEW).to_numpy()).astype(np.int64)

    @property
    def _rows(self) -> Rows:
        return np.arange(len(self.dataset.manifest), dtype=np.int64)

    def column(self, tag: str) -> int:
        """Return a tag's number among all."""
        return self.dataset.vocabulary.names.index(tag)

    def unanswered(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Return those about labels that people have not spoken on."""
        return [c for c in candidates if not self.answered[c.row, self.column(c.tag)]]
