"""One order over findings of all kinds and tags: the surest of each first, kin once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from edgetag.dataset import Dataset
from edgetag.dataset.inspection import perceptual_hash
from edgetag.dataset.near_duplicates import BITS, Signs, signs
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
        beside: The row of a picture that it is like; if both are kin it is no finding.
    """

    kind: Kind
    row: int
    tag: str
    score: float
    why: str
    beside: int | None = None


@dataclass(frozen=True)
class Kin:
    """Which pictures are too much alike to be looked at twice.

    Attributes:
        groups: The group of every row; pictures of one group are kin.
        hash_of: A row's perceptual hash, `[64]` of ±1,
        bits: and the most bits by which those of kin differ.
    """

    groups: Sequence[str]
    hash_of: Callable[[int], Signs]
    bits: int

    @classmethod
    def over(cls, dataset: Dataset, groups: Sequence[str], bits: int) -> "Kin":
        """Take hashes of cached images without their bars, of rows alone that are asked for."""

        @lru_cache(None)
        def hash_of(row: int) -> Signs:
            (pixels,) = dataset.images(np.array([row], dtype=np.int64))
            # As the data are looked at for near duplicates: bars, which are black, make all
            # pictures of a shape alike.
            square = Image.fromarray(pixels)
            (own,) = signs([perceptual_hash(np.asarray(square.crop(square.getbbox())))])
            return own

        return cls(groups, hash_of, bits)

    def first_of_each(self, candidates: Iterable[Candidate], most: int) -> list[Candidate]:
        """Return the first candidates of which none is kin of another, nor of what it is like."""
        chosen: list[Candidate] = []
        groups: set[str] = set()
        hashes: list[Signs] = []
        for candidate in candidates:
            if len(chosen) == most:
                break
            like = () if candidate.beside is None else (candidate.beside,)
            group = self.groups[candidate.row]
            if group in groups or group in {self.groups[row] for row in like}:
                continue
            own = self.hash_of(candidate.row)
            others = [*hashes, *map(self.hash_of, like)]
            # The product of two hashes is 64 − 2 × the bits by which they differ.
            if others and (np.stack(others) @ own).max() >= BITS - 2 * self.bits:
                continue
            chosen.append(candidate)
            groups.add(group)
            hashes.append(own)
        return chosen


def ranked(lists: Iterable[Iterable[Candidate]], kin: Kin, most: int) -> tuple[Candidate, ...]:
    """Return candidates of all lists in turn: the first of each, then the second of each.

    Args:
        lists: For each kind and tag, the most urgent first.
        kin: Of them a list has one candidate at most.
        most: Most candidates that are taken of one list.
    """
    chosen = [kin.first_of_each(candidates, most) for candidates in lists]
    turns = range(max(map(len, chosen), default=0))
    return tuple(each[turn] for turn in turns for each in chosen if turn < len(each))


def rows_by_identity(dataset: Dataset) -> Mapping[str, int]:
    """Return the row of every picture, by what names it."""
    return {name: row for row, name in enumerate(dataset.manifest["identity"].to_list())}
