"""Which picture goes where: by a rule, under a name of its own."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
import numpy.typing as npt

from edgetag.errors import InputError
from edgetag.screening.rules import Rule
from edgetag.screening.tagged import Tagged
from edgetag.tagging.remote import MARK

DIGITS = (8, 16, 32, 64)
"""Of a digest, behind a name that something has."""

GONE = "it is no longer there"


@dataclass(frozen=True)
class Step:
    """One picture and its place.

    Attributes:
        source: Where it is.
        target: Where it goes; like the source absolute, since a log is read from any folder.
        sha256: What its bytes must be, as they were tagged.
    """

    source: Path
    target: Path
    sha256: str


@dataclass(frozen=True, eq=False)
class Plan:
    """What a rule makes of a table.

    Attributes:
        rule: The rule.
        holds: `[pictures]`: whether it holds.
        distance: `[pictures]`: how near a score is to a limit of the rule.
        steps: One for each picture that can be carried.
        passed_over: Path and reason of the others.
        folders: Where pictures go for which the rule holds, and the others; None stay.
    """

    rule: Rule
    holds: npt.NDArray[np.bool_]
    distance: npt.NDArray[np.float32]
    steps: tuple[Step, ...]
    passed_over: tuple[tuple[str, str], ...]
    folders: tuple[Path | None, Path | None]

    @property
    def lost_relative(self) -> bool:
        """Whether no picture can be carried, and relative paths lead nowhere from this folder."""
        gone = [Path(name) for name, why in self.passed_over if why == GONE]
        return bool(gone) and not self.steps and not any(path.is_absolute() for path in gone)


def plan(tagged: Tagged, rule: Rule, holding: Path | None, others: Path | None) -> Plan:
    """Give every picture a place.

    Pictures keep their names. Where two would have the same, or something lies there, the digest
    of a picture stands behind its name.

    Args:
        tagged: The table.
        rule: What decides.
        holding: The folder of pictures for which it holds; None leaves them where they are.
        others: The folder of all others; None leaves them where they are.

    Raises:
        InputError: Both folders are the same.
    """
    if holding is not None and others is not None and _same(holding, others):
        raise InputError(f"{holding}: both sides of the rule would go there; name two folders")
    holds = rule.holds(tagged.scores, tagged.is_set)
    steps: list[Step] = []
    passed_over: list[tuple[str, str]] = []
    taken: dict[Path, int] = {}
    for number, name in enumerate(tagged.paths):
        folder = holding if holds[number] else others
        source = _absolute(tagged.file_of(number))
        if not tagged.readable[number]:
            passed_over.append((name, "it could not be read when it was tagged"))
        elif folder is None:
            continue
        elif not source.is_file():
            passed_over.append((name, _why_not(name, source)))
        else:
            target = _free(_absolute(folder), source, tagged.sha256[number], taken)
            steps.append(Step(source, target, tagged.sha256[number]))
    return Plan(
        rule=rule,
        holds=holds,
        distance=rule.distance(tagged.scores, tagged.is_set),
        steps=tuple(steps),
        passed_over=tuple(passed_over),
        folders=(holding, others),
    )


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() follows links


def _same(first: Path, second: Path) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)


def _why_not(name: str, source: Path) -> str:
    if MARK in name:
        return "it lies at an address; copy it into a folder to sort it"
    parents: Sequence[PurePath] = source.parents
    if any(Path(parent).is_file() for parent in parents):
        return "it is in an archive; unpack that to sort its pictures"
    return GONE if not os.path.lexists(source) else "it is no file"


def _free(folder: Path, source: Path, sha256: str, taken: dict[Path, int]) -> Path:
    """Take a name in the folder that nothing has.

    Args:
        folder: Where the picture goes.
        source: Where it is.
        sha256: Of its bytes.
        taken: Each name that is taken, with the last number that was tried behind it.
    """
    for stem in (source.stem, *(f"{source.stem}-{sha256[:digits]}" for digits in DIGITS)):
        name = folder / f"{stem}{source.suffix}"
        if name not in taken and not os.path.lexists(name):
            break
    whole = name
    while name in taken or os.path.lexists(name):
        # The same bytes twice under one name: a number tells them apart.
        taken[whole] = taken.get(whole, 0) + 1
        name = folder / f"{stem}-{taken[whole]}{source.suffix}"
    taken[name] = 0
    return name
