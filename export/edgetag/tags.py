"""The vocabulary: names, order, and labels of three states.

A label is 1 (the tag applies), 0 (it does not) or unknown. In arrays unknown is -1, in tables it
is null. Unknown cells take part in no loss and in no metric.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgetag.errors import InputError

DEFAULT_TAGS: tuple[str, ...] = (
    "original_art",
    "nsfw",
    "like",
    "photo",
    "illust",
    "comic",
    "face",
    "girl",
    "megane",
    "school_uniform",
    "blazer_uniform",
    "sailor_uniform",
    "gl",
    "kemono",
    "boy",
    "bl",
    "cat",
    "dog",
    "food",
    "dislike",
)

UNKNOWN = -1

Labels = npt.NDArray[np.int8]
"""Labels `[images, tags]`, each 1, 0 or -1."""


@dataclass(frozen=True)
class Vocabulary:
    """Tags in the order of the model's outputs."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.names:
            raise InputError("tags: the list is empty; name at least one tag")
        seen: set[str] = set()
        for name in self.names:
            if not name or name != name.strip() or not name.isprintable():
                raise InputError(f"tags: {name!r} is not a tag name; use visible characters")
            if name in seen:
                raise InputError(f"tags: {name!r} is listed twice; keep one")
            seen.add(name)

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Return the position of a tag.

        Raises:
            InputError: The tag is not in the vocabulary.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise InputError(f"tag {name!r} is not one of: {', '.join(self.names)}") from None


def labels_from_rows(rows: Sequence[Sequence[int | None]]) -> Labels:
    """Turn table rows (1, 0, None) into an array `[images, tags]` int8 with -1 for unknown."""
    return np.array([[UNKNOWN if v is None else v for v in row] for row in rows], dtype=np.int8)


def known(labels: Labels) -> npt.NDArray[np.bool_]:
    """Return a mask of the same shape, true where the label is 1 or 0."""
    return labels != UNKNOWN
