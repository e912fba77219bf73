"""Chooses golden pictures so that few of them cover much.

A self-test finds most mistakes with pictures whose scores lie near thresholds, that have many
kinds of tags between them, and whose shapes differ. The choice follows from the data alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from edgetag.labels import Labels
from edgetag.metrics import Scores

NEAREST = 5
"""Pictures on each side of a tag's threshold that count as near."""

WIDE = 4 / 3
"""Width to height from which a picture is wide; its inverse is tall."""

Read = TypeVar("Read")


@dataclass(frozen=True)
class Candidate:
    """A picture that may be chosen.

    Attributes:
        place: Its position among all candidates.
        identity: What names it; decides between equals.
        covers: What it would show, such as `has cat`, `above cat` or `wide`.
    """

    place: int
    identity: str
    covers: frozenset[str]


def tag_covers(labels: Labels, tags: Sequence[str]) -> list[set[str]]:
    """Return for each image which tags it is known to have.

    Labels are `[images, tags]`, `tags` in the order of the columns.
    """
    return [{f"has {tags[tag]}" for tag in np.flatnonzero(row == 1)} for row in labels]


def edge_covers(
    scores: Scores, thresholds: npt.NDArray[np.floating[Any]], tags: Sequence[str]
) -> list[set[str]]:
    """Return for each image at which tags' thresholds it is among the nearest, and on which side.

    Scores are `[images, tags]`, thresholds `[tags]`, `tags` in the order of the columns.
    """
    covers: list[set[str]] = [set() for _ in scores]
    for column, tag in enumerate(tags):
        distance = scores[:, column].astype(np.float64) - thresholds[column]
        for side, beyond in (("above", distance >= 0), ("below", distance < 0)):
            images = np.flatnonzero(beyond)
            order = np.argsort(np.abs(distance[images]), kind="stable")
            for image in images[order[:NEAREST]]:
                covers[image].add(f"{side} {tag}")
    return covers


def shape_covers(size: tuple[int, int], input_size: int) -> set[str]:
    """Return which kinds of shape a picture has.

    Args:
        size: Width and height in pixels.
        input_size: Size of the model; a smaller picture is enlarged.
    """
    ratio = size[0] / size[1]
    shape = "wide" if ratio >= WIDE else "tall" if ratio <= 1 / WIDE else "square"
    return {shape, "enlarged"} if max(size) < input_size else {shape}


def pick(
    candidates: Sequence[Candidate], read: Callable[[Candidate], Read | None], most: int
) -> list[Read]:
    """Choose pictures greedily by how much each adds, then by identity.

    Where `read` returns None, a picture cannot be shipped and another takes its place. At most
    `most` are picked.

    Returns:
        At most so many, in the order of choice.
    """
    left = sorted(candidates, key=lambda candidate: candidate.identity)
    covered: set[str] = set()
    chosen: list[Read] = []
    while left and len(chosen) < most:
        best = max(left, key=lambda candidate: len(candidate.covers - covered))
        left.remove(best)
        if (picture := read(best)) is not None:
            chosen.append(picture)
            covered |= best.covers
    return chosen
