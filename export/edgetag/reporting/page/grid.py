"""Tables as the page's templates draw them: cells with marks and notes, no markup."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from edgetag.reporting.page import words
from edgetag.reporting.tables import NONE


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: What it says.
        note: A smaller second line.
        mark: The decision that it shows, which gives sign and colour; empty for none.
        badges: Words in boxes beside the text.
        share: Length of a bar behind the number, 0..1; None for none.
        code: Whether the text is a name for machines.
    """

    text: str
    note: str = ""
    mark: str = ""
    badges: tuple[str, ...] = ()
    share: float | None = None
    code: bool = False

    @property
    def sign(self) -> str:
        """The sign before the text of a decision."""
        return words.MARKS.get(self.mark, "")


@dataclass(frozen=True)
class Column:
    """The head of a column.

    Attributes:
        heading: What its cells are.
        numeric: Whether they are set flush right.
        note: A smaller second line, such as the unit.
        wide: `prose` or `code` where cells need room to wrap in; empty for the others.
    """

    heading: str
    numeric: bool = True
    note: str = ""
    wide: Literal["", "prose", "code"] = ""

    @property
    def kind(self) -> str:
        """The class that the style sheet knows."""
        return "number" if self.numeric else self.wide


@dataclass(frozen=True)
class Grid:
    """A table; the first cell of each row names the row.

    Attributes:
        caption: What it shows.
        columns: As many as cells in a row.
        rows: Cells.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def cells(texts: Iterable[str | Cell]) -> tuple[Cell, ...]:
    """Make cells of texts."""
    return tuple(text if isinstance(text, Cell) else Cell(text) for text in texts)


def decided(decision: str, note: str = "", *, with_losses: bool = False) -> Cell:
    """Return the cell of a decision: its sign, its word, its colour; losses stand beside a pass."""
    if with_losses and decision in ("pass", "not judged"):
        return Cell(f"{decision}, with losses", note, mark="loss")
    return Cell(decision, note, mark=decision)


def with_interval(value: str, interval: str) -> Cell:
    """Return a number with its interval below."""
    return Cell(value, interval if value != NONE else "")
