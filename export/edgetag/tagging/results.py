"""What a `Tagger` gives for a picture."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels; right and bottom are not within."""


@dataclass(frozen=True)
class TagScore:
    """A tag's score in one picture.

    The score is 0..1; from the threshold on the tag is set.
    """

    tag: str
    score: float
    threshold: float

    @property
    def is_set(self) -> bool:
        """Whether the picture has the tag."""
        return self.score >= self.threshold


@dataclass(frozen=True, eq=False)
class HeatMaps:
    """Where in a picture each tag is seen.

    Attributes:
        values: `[height, width, tags]` float32, 0..1, over the model's input square, or the part of
            it that the cells look at.
        content: Where the picture lies in that square, which has `input_size` pixels a side.
        input_size: Side of the square, in pixels.
        size: Width and height of the picture itself, in pixels.
        tags: In the order of the last axis.
    """

    values: npt.NDArray[np.float32]
    content: Box
    input_size: int
    size: tuple[int, int]
    tags: tuple[str, ...]

    def of(self, tag: str) -> npt.NDArray[np.float32]:
        """Return one tag's map, `[height, width]`.

        Raises:
            KeyError: There is no such tag.
        """
        if tag not in self.tags:
            raise KeyError(tag)
        return self.values[..., self.tags.index(tag)]


@dataclass(frozen=True, eq=False)
class Tagging:
    """A picture's scores.

    Attributes:
        names: The vocabulary, in the order of the scores.
        scores: `[tags]` float32, 0..1.
        thresholds: `[tags]` float32: the scores from which on tags are set.
        maps: Where each tag is seen; None where it was not asked, or the model makes no maps.
    """

    names: tuple[str, ...]
    scores: npt.NDArray[np.float32]
    thresholds: npt.NDArray[np.float32]
    maps: HeatMaps | None = None

    @cached_property
    def all(self) -> tuple[TagScore, ...]:
        """Every tag, in the order of the vocabulary."""
        rows = zip(self.names, self.scores.tolist(), self.thresholds.tolist(), strict=True)
        return tuple(TagScore(*row) for row in rows)

    @property
    def tags(self) -> tuple[TagScore, ...]:
        """The tags that are set, the surest first."""
        present = (row for row in self.all if row.is_set)
        return tuple(sorted(present, key=lambda row: -row.score))

    def __str__(self) -> str:
        """Return the tags that are set, for people: `cat 0.93, photo 0.71`."""
        return ", ".join(f"{row.tag} {row.score:.2f}" for row in self.tags) or "no tag"

    def __getitem__(self, tag: str) -> TagScore:
        """Return one tag's score.

        Raises:
            KeyError: There is no such tag.
        """
        if tag not in self.names:
            raise KeyError(tag)
        return self.all[self.names.index(tag)]
