"""Levels of findings, the worst first, and how each is told."""

from typing import Literal, NamedTuple

Level = Literal["fail", "undecided", "not judged", "loss", "note"]


class Told(NamedTuple):
    """How findings of a level are told.

    `sign` stands before each in the summary, which shows so many; tables have the others.
    `annotation` is what GitHub calls it, `title` what stands above it there.
    """

    sign: str
    shown: int
    annotation: Literal["error", "warning", "notice"]
    title: str


LEVELS: dict[Level, Told] = {
    "fail": Told("✗", 20, "error", "not accepted"),
    "undecided": Told("?", 8, "warning", "undecided"),
    "not judged": Told("?", 8, "warning", "not judged"),
    "loss": Told("!", 8, "warning", "losses"),
    "note": Told("·", 8, "notice", "note"),
}
RANK = {level: place for place, level in enumerate(LEVELS)}
