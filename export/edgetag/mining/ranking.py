"""One order over findings of all kinds and tags: the surest of each first, kin once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgetag.mining.result import Kind


@dataclass(frozen=True)
class Candidate:
    """A finding that has no rank yet.

    Attributes:
        kind: Why it is one.
        row: The picture's row of the manifest.
        tag: The tag in question.
        score: See `result.Finding`.
        why: A sentence.
    """

    kind: Kind
    row: int
    tag: str
    score: float
    why: str


def ranked(
    lists: Iterable[Iterable[Candidate]], groups: Sequence[str], most: int
) -> tuple[Candidate, ...]:
    """Return candidates of all lists in turn: the first of each, then the second of each.

    Args:
        lists: For each kind and tag, the most urgent first.
        groups: The group of every row; a list has one candidate of each group at most.
        most: Most candidates that are taken of one list.
    """
    chosen = [_without_kin(candidates, groups, most) for candidates in lists]
    turns = range(max(map(len, chosen), default=0))
    return tuple(each[turn] for turn in turns for each in chosen if turn < len(each))


def _without_kin(
    candidates: Iterable[Candidate], groups: Sequence[str], most: int
) -> list[Candidate]:
    by_group: dict[str, Candidate] = {}
    for candidate in candidates:
        if len(by_group) == most:
            break
        by_group.setdefault(groups[candidate.row], candidate)
    return list(by_group.values())
