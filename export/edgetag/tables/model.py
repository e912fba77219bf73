"""The table that every renderer draws, and how a stage gives one.

Each column is said in one place: its heading, and how its cell is made of a row. `Rows(items)
.table(title, Column("variant", lambda file: file.variant), …)` makes the cells.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Literal, TypeVar

from edgetag.tables.formats import NONE, Bounds, format_interval, format_points

R = TypeVar("R")
Place = Literal["text", "page"]
"""Where a table is drawn: on a terminal or as Markdown, or on the report's page."""

MOST_FINDINGS = 20
"""Rows of a list of findings that a terminal shows."""

QUIET = "·"
SIGNS = {
    "pass": "✓",
    "fail": "✗",
    "undecided": "?",
    "loss": "!",
    "not scored": QUIET,
    "not judged": QUIET,
}
"""Decision → sign beside its word, so that colour is not the only sign."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: What it says.
        interval: Interval of the number; beside it, or below it where there is no room.
        mark: The decision that it shows, which gives sign and colour; empty for none.
        note: A smaller second line, on the page alone.
        badges: Words in boxes beside the text, likewise.
        share: Length of a bar behind the number, 0..1, likewise; None for none.
    """

    text: str
    interval: str = ""
    mark: str = ""
    note: str = ""
    badges: tuple[str, ...] = ()
    share: float | None = None

    @property
    def sign(self) -> str:
        """The sign before the text of a decision; empty where there is none."""
        return SIGNS.get(self.mark, "")

    @property
    def signed(self) -> str:
        """The text behind its sign, as it is read where there is no style."""
        return self.text if self.sign in ("", QUIET) else f"{self.sign} {self.text}"

    @property
    def written(self) -> str:
        """All that is read where there is no page: sign, text and interval."""
        return f"{self.signed} {self.interval}" if self.interval else self.signed


Value = str | int | Cell | None
"""What a cell may be made of: None is a dash."""


@dataclass(frozen=True)
class Column(Generic[R]):
    """A column of names or words.

    Attributes:
        heading: What its cells are.
        show: Makes a cell of a row.
        unit: Unit of its numbers.
        note: What else the heading says, such as over what a mean is.
        only: Where the column is drawn; empty for everywhere.
        optional: Whether it is left out where every cell is a dash.
    """

    kind: ClassVar[Literal["", "number", "prose", "code"]] = ""
    heading: str
    show: Callable[[R], Value]
    unit: str = ""
    note: str = ""
    only: Place | Literal[""] = ""
    optional: bool = False

    @property
    def written(self) -> str:
        """The heading on one line: `p50 ms`, `drop, points`."""
        named = f"{self.heading} {self.unit}" if self.unit else self.heading
        return f"{named}, {self.note}" if self.note else named

    @property
    def below(self) -> str:
        """What the page shows in smaller letters below the heading."""
        return ", ".join(part for part in (self.unit, self.note) if part)


class Number(Column[R]):
    """A column of numbers, set flush right and never wrapped."""

    kind = "number"


class Prose(Column[R]):
    """A column of sentences, which wrap wherever they stand."""

    kind = "prose"


class Decision(Column[R]):
    """A column of decisions; the page has it before the numbers, where it is seen on a phone."""


class Code(Column[R]):
    """A column of names for machines, such as digests."""

    kind = "code"


@dataclass(frozen=True)
class Table:
    """Cells with headings; the first cell of each row names the row.

    Attributes:
        title: What the table shows.
        columns: As many as cells in a row.
        rows: Cells.
        most_rows: A terminal shows no more, and says so; a pipe gets all. None: every row.
    """

    title: str
    columns: tuple[Column[Any], ...]
    rows: tuple[tuple[Cell, ...], ...]
    most_rows: int | None = None

    def at(self, place: Place) -> "Table":
        """Return the columns that are drawn at a place, in the order they have there."""
        kept = [at for at, column in enumerate(self.columns) if column.only in ("", place)]
        if place == "page":
            kept.sort(key=self._rank)
        return self._with_columns(kept)

    def _rank(self, at: int) -> int:
        """Return the place of a column on the page; sorting keeps equals as they are."""
        numbers = [n for n, column in enumerate(self.columns) if column.kind == "number"]
        if at == 0 or not numbers or at < numbers[0]:
            return 0
        return 1 if isinstance(self.columns[at], Decision) else 2

    def first(self, rows: int) -> "Table":
        """Return a table of at most so many rows, whose title says so."""
        if len(self.rows) <= rows:
            return self
        title = f"{self.title} ({rows} of {len(self.rows)} shown)"
        return replace(self, title=title, rows=self.rows[:rows])

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings as text."""
        return tuple(column.written for column in self.at("text").columns)

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """The rows as text."""
        return tuple(tuple(cell.written for cell in row) for row in self.at("text").rows)

    def _with_columns(self, kept: list[int]) -> "Table":
        return replace(
            self,
            columns=tuple(self.columns[at] for at in kept),
            rows=tuple(tuple(row[at] for at in kept) for row in self.rows),
        )


class Rows(Generic[R]):
    """What a table has a row for each of."""

    def __init__(self, items: Iterable[R]) -> None:
        self._items = tuple(items)

    def table(self, title: str, *columns: Column[R], most_rows: int | None = None) -> Table:
        """Return the table; optional columns that say nothing are left out."""
        rows = tuple(tuple(_cell(column.show(item)) for column in columns) for item in self._items)
        kept = [
            at
            for at, column in enumerate(columns)
            if not column.optional or any(row[at].text != NONE for row in rows)
        ]
        return Table(title, columns, rows, most_rows)._with_columns(kept)


def _cell(value: Value) -> Cell:
    if isinstance(value, Cell):
        return value
    return Cell(NONE if value is None else str(value))


def decided(decision: str, text: str = "", note: str = "", *, with_losses: bool = False) -> Cell:
    """Return the cell of a decision: its sign, its word, its colour; losses stand beside a pass.

    `text` stands in place of the decision's own word; `with_losses` says that something was
    lost that no margin judges.
    """
    if with_losses and decision in ("pass", "not judged"):
        return Cell(f"{decision}, with losses", mark="loss", note=note)
    return Cell(text or decision, mark=decision, note=note)


def yes_or_no(holds: bool, no: str = "no") -> Cell:
    """Return whether something holds, as a cell."""
    return decided("pass", "yes") if holds else decided("fail", no)


def with_interval(
    value: float | None, bounds: Bounds | None, write: Callable[[float | None], str] = format_points
) -> Cell:
    """Return a number with its interval, in points unless told otherwise."""
    return Cell(write(value), "" if value is None else format_interval(bounds, write))


def points(heading: str, of: Callable[[R], tuple[float | None, Bounds | None]]) -> Number[R]:
    """Return a column of values with their intervals, in points."""
    return Number(heading, lambda row: with_interval(*of(row)), note="points")
