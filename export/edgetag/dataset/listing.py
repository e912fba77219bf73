"""What every label format is read into: one entry per row, labels in three states."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from edgetag.dataset.location import walk
from edgetag.dataset.result import UnknownTag
from edgetag.recipe import Format
from edgetag.tags import Vocabulary

Crop = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the upright picture; right and bottom are outside."""

LabelRow = tuple[int | None, ...]
"""One label per tag of the vocabulary: 1, 0 or None for unknown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One labelled picture as its source lists it.

    The path is as listed: relative to the root, unless the source is wrong. `where` is file and
    line or row; the split is explicit, if the source gives one, and the crop a region, if it is
    not the whole picture. The weight is how often it comes in an epoch of
    training. `before` has, of the tags whose label is people's already, the
    label before they answered.
    """

    path: str
    labels: LabelRow
    where: str
    split: str | None = None
    group: str | None = None
    crop: Crop | None = None
    weight: float = 1.0
    before: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True)
class Listing:
    """All entries of a source, in its order.

    Attributes:
        source: The table or folder.
        format: How it was read.
        root: The folder that paths are relative to.
        entries: One per row.
        unknown_tags: Tags that the vocabulary lacks; their entries are kept without them.
        has_groups: Whether the source has a column of groups.
        ignored_files: Files beside the images that are none by their name.
        linked_folders: Links to folders in the source, which are not followed.
        adds_up: Whether an entry's 0 says no more than that the entry does not name the tag, so
            that another entry of the same picture may.
    """

    source: Path
    format: Format
    root: Path
    entries: tuple[Entry, ...]
    unknown_tags: tuple[UnknownTag, ...] = ()
    has_groups: bool = False
    ignored_files: int = 0
    linked_folders: int = 0
    adds_up: bool = False


class TagReader:
    """Turns the names of present tags into labels and remembers names it does not know."""

    def __init__(self, vocabulary: Vocabulary, absent: int | None) -> None:
        self._names = vocabulary.names
        self._known = frozenset(vocabulary.names)
        self._absent = absent
        self._unknown: dict[str, tuple[int, str]] = {}
        self._rows: dict[LabelRow, LabelRow] = {}

    def labels(self, present: Collection[str], where: str) -> LabelRow:
        """Return 1 for each present tag and the recipe's `absent_tags` for the others."""
        for name in present:
            if name not in self._known:
                self.note_unknown(name, where)
        row = tuple(1 if name in present else self._absent for name in self._names)
        return self._rows.setdefault(row, row)  # equal rows share one tuple

    def note_unknown(self, name: str, where: str, rows: int = 1) -> None:
        """Count a tag that the vocabulary lacks."""
        count, first = self._unknown.get(name, (0, where))
        self._unknown[name] = (count + rows, first)

    def unknown(self) -> tuple[UnknownTag, ...]:
        """Return what was counted, sorted by name."""
        return tuple(
            UnknownTag(name=name, rows=count, where=where)
            for name, (count, where) in sorted(self._unknown.items())
        )


def seen_in(folder: Path) -> list[Path]:
    """Return what is in a folder and below it, but for what is hidden, in the order of paths.

    Raises:
        InputError: A folder may not be read.
    """
    seen: list[Path] = []
    for place, folders, files in walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        seen += [place / name for name in (*folders, *files) if not name.startswith(".")]
    return sorted(seen)


def linked_in(folder: Path) -> int:
    """Return how many links to folders there are, which are not followed."""
    return sum(path.is_symlink() and path.is_dir() for path in seen_in(folder))
