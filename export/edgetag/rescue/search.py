"""Finding the fewest layers to keep with few trials.

Layers are taken from the top of a ranking. Their number is doubled until it is enough, then the
interval between too few and enough is halved. At last those that are not needed beside the others
are taken out again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

DROPS_TRIED = 8
"""Layers that the backward pass tries to do without, those of the smallest error."""


@dataclass(frozen=True, order=True)
class Choice:
    """The first `count` layers of a ranking.

    Attributes:
        count: How many.
        without: Positions in the ranking that are left out nevertheless.
    """

    count: int
    without: tuple[int, ...] = ()

    def of(self, ranking: Sequence[T]) -> tuple[T, ...]:
        """Return the chosen ones, in the ranking's order."""
        return tuple(x for i, x in enumerate(ranking[: self.count]) if i not in self.without)

    @property
    def name(self) -> str:
        """Such as `8` or `8-without-3-5`, with ranks from 1."""
        ranks = "-".join(str(position + 1) for position in self.without)
        return f"{self.count}-without-{ranks}" if ranks else str(self.count)


def fewest(
    most: int, is_enough: Callable[[Choice], bool], drops: int = DROPS_TRIED
) -> Choice | None:
    """Find the fewest layers that are enough, where none are too few.

    More layers are taken to be better. Where that is not so, what is found is still enough, and
    one layer less was not.

    Args:
        most: Layers that may be kept; at least one.
        is_enough: Tries a choice.
        drops: How many layers the backward pass tries to do without.

    Returns:
        The choice, or None where even `most` are too few.
    """
    too_few, enough = 0, None
    for count in _doubling(most):
        if is_enough(Choice(count)):
            enough = count
            break
        too_few = count
    if enough is None:
        return None
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if is_enough(Choice(middle)):
            enough = middle
        else:
            too_few = middle
    best = Choice(enough)
    # Without the last one it was too few, so that one stays.
    for position in list(range(enough - 1))[::-1][:drops]:
        tried = Choice(enough, tuple(sorted((*best.without, position))))
        if is_enough(tried):
            best = tried
    return best


def _doubling(most: int) -> Iterator[int]:
    count = 1
    while count < most:
        yield count
        count *= 2
    yield most
