"""Short tables that several stages have."""

from collections.abc import Iterable, Iterator, Sequence

from edgetag.tables.model import MOST_FINDINGS, Column, Prose, Rows, Table


def only_in_one(what: str, before: Iterable[str], after: Iterable[str]) -> Iterator[Table]:
    """Yield a table of what only one of two results has; none where both have all."""
    alone = [*((name, "before") for name in before), *((name, "after") for name in after)]
    if alone:
        yield Rows(alone).table(
            "Only in one of them",
            Column(what, lambda row: row[0]),
            Column("which", lambda row: row[1]),
        )


def failed_since(failed: Iterable[str]) -> Iterator[Table]:
    """Yield a table of what the first of two results has and the second failed at, if any."""
    rows = tuple(failed)
    if rows:
        yield Rows(rows).table("Failed since", Prose("what, and why", lambda row: row))


def left_table(title: str, left: Sequence[tuple[str, str]]) -> Table:
    """Return pictures to which nothing was done, and why."""
    return Rows(left).table(
        title,
        Column("picture", lambda row: row[0]),
        Prose("why", lambda row: row[1]),
        most_rows=MOST_FINDINGS,
    )
