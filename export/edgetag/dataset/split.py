"""Deterministic splits: by the hash of bytes or group, never by chance or by file order.

A unit is what must stay together: all images of a group, or all pictures cut from one file. The
last byte of its SHA-1 decides: 0–24 test, 25–49 validation, the rest training. An explicit split
always wins, and takes the rest of its unit with it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from edgetag.dataset.listing import LabelRow
from edgetag.recipe import SplitSection

TRAIN, VALIDATION, TEST = "train", "validation", "test"
TEST_BYTES = 25
VALIDATION_BYTES = 50
SHARE = TEST_BYTES / 256
"""Share of images that test and validation each get, on average."""


@dataclass(frozen=True, slots=True)
class SplitItem:
    """What the split of one image depends on.

    `sha1` is that of the file, in hex; `explicit` is the split that its source gives, if it
    does.
    """

    sha1: str
    group: str | None
    explicit: str | None
    labels: LabelRow


@dataclass
class _Unit:
    """Images that stay together; `sha1` orders units and decides their split."""

    sha1: str
    rows: list[int] = field(default_factory=list)
    positives: dict[int, int] = field(default_factory=dict)
    explicit: bool = False
    split: str = ""


def split_of(sha1: str) -> str:
    """Return the split that a SHA-1's last byte decides."""
    last = int(sha1[-2:], 16)
    if last < TEST_BYTES:
        return TEST
    return VALIDATION if last < VALIDATION_BYTES else TRAIN


def assign_splits(items: Sequence[SplitItem], section: SplitSection) -> list[str]:
    """Return the split of each image.

    Without `balance` it depends on the images alone, not on their order; with it, on their order
    only in which images of the surplus go to training.
    """
    units = _units(items, section)
    if section.rare_tags_first:
        _place_rare_tags(units)
    for unit in units:
        unit.split = unit.split or split_of(unit.sha1)
    if section.balance:
        for split in (TEST, VALIDATION):
            _balance([unit for unit in units if unit.split == split], items)
    splits = [""] * len(items)
    for unit in units:
        for row in unit.rows:
            splits[row] = items[row].explicit or unit.split
    return splits


def _units(items: Sequence[SplitItem], section: SplitSection) -> list[_Unit]:
    units: dict[str, _Unit] = {}
    for row, item in enumerate(items):
        grouped = section.by == "group" and item.group is not None
        key = f"group {item.group}" if grouped else item.sha1
        unit = units.get(key)
        if unit is None:
            unit = units[key] = _Unit(_sha1(item.group or "") if grouped else item.sha1)
        unit.rows.append(row)
        for tag, label in enumerate(item.labels):
            if label == 1:
                unit.positives[tag] = unit.positives.get(tag, 0) + 1
        if item.explicit is not None:
            # Of several explicit splits any may lead the rest; the least does, in any order.
            unit.split = min(unit.split, item.explicit) if unit.explicit else item.explicit
            unit.explicit = True
    return list(units.values())


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _place_rare_tags(units: list[_Unit]) -> None:
    """Place units of the rarest tag first, by quota of images, then of the next.

    Test and validation each get `SHARE` of a tag's positives but at least one unit, where there
    are enough of them: training comes first, then test. A unit larger than what is left of the
    quota is passed over, unless nothing smaller is there.
    """
    by_tag: dict[int, list[_Unit]] = {}
    for unit in units:
        for tag in unit.positives:
            by_tag.setdefault(tag, []).append(unit)
    totals = {tag: sum(unit.positives[tag] for unit in members) for tag, members in by_tag.items()}
    for tag in sorted(by_tag, key=lambda tag: (len(by_tag[tag]), totals[tag], tag)):
        members = by_tag[tag]
        free = sorted((unit for unit in members if not unit.split), key=lambda unit: unit.sha1)
        spare = len(free) - (0 if any(unit.split == TRAIN for unit in members) else 1)
        for split in (TEST, VALIDATION):
            placed = sum(unit.positives[tag] for unit in members if unit.split == split)
            quota = max(1, round(totals[tag] * SHARE))
            for unit in _fill(free, tag, quota - placed, spare, must=not placed):
                unit.split = split
                free.remove(unit)
                spare -= 1
        for unit in free:
            unit.split = TRAIN


def _fill(free: list[_Unit], tag: int, quota: int, most: int, *, must: bool) -> list[_Unit]:
    """Choose at most `most` units whose positives fit into the quota; one in any case if `must`."""
    chosen: list[_Unit] = []
    for unit in free:
        if len(chosen) >= most or quota <= 0:
            break
        if unit.positives[tag] <= quota:
            chosen.append(unit)
            quota -= unit.positives[tag]
    if must and not chosen and most > 0:
        chosen = [min(free, key=lambda unit: (unit.positives[tag], unit.sha1))]
    return chosen


def _balance(units: list[_Unit], items: Sequence[SplitItem]) -> None:
    """Move units to training until the single tag has as many positives as negatives.

    Units later in the source go first, so the first ones of each class stay. A unit that would
    turn the surplus around is moved only when no smaller one is left.
    """
    surplus_of = {
        id(unit): sum(
            1 if items[row].labels[0] == 1 else -1
            for row in unit.rows
            if items[row].labels[0] is not None
        )
        for unit in units
    }
    surplus = sum(surplus_of.values())
    movable = [unit for unit in units if not unit.explicit]
    while surplus:
        same_sign = [unit for unit in movable if surplus_of[id(unit)] * surplus > 0]
        fitting = [unit for unit in same_sign if abs(surplus_of[id(unit)]) <= abs(surplus)]
        if not same_sign:
            return
        for unit in reversed(fitting or same_sign[-1:]):
            if not fitting or abs(surplus_of[id(unit)]) <= abs(surplus):
                unit.split = TRAIN
                surplus -= surplus_of[id(unit)]
        movable = [unit for unit in movable if unit.split != TRAIN]
