"""Tables of what was found: by tag, and the first findings."""

from edgetag.mining.result import Finding, MinedTag, MineResult
from edgetag.tables import NONE, Column, Number, Prose, Rows, Table
from edgetag.tables.formats import format_count

LABELS = {True: "yes", False: "no", None: "unknown"}

SHOWN = 20
"""Findings in the terminal; the table and the page have them all."""


def mine_tables(result: MineResult) -> tuple[Table, ...]:
    """Return the tags, and the findings to look at first."""
    return (tag_table(result), _findings(result)) if result.findings else (tag_table(result),)


def tag_table(result: MineResult) -> Table:
    """Return how many labels of each tag look wrong."""
    return Rows(result.tags).table(
        "Labels that look wrong, by models that never saw the picture",
        Column[MinedTag]("tag", lambda each: each.tag),
        Number("labels", lambda each: format_count(each.labels)),
        Number("positives", lambda each: format_count(each.positives)),
        Number(
            "look wrong",
            lambda each: NONE if each.suspects is None else format_count(each.suspects),
        ),
        Prose("not judged", lambda each: each.not_judged),
    )


def _findings(result: MineResult) -> Table:
    return Rows(result.findings[:SHOWN]).table(
        f"The first {min(SHOWN, len(result.findings))} of {len(result.findings)} findings",
        Number("rank", lambda each: str(each.rank)),
        Column[Finding]("kind", lambda each: each.kind),
        Column("tag", lambda each: each.tag),
        Column("split", lambda each: each.split),
        Column("label", lambda each: LABELS[each.label]),
        Prose("why", lambda each: each.why),
        Column("picture", lambda each: each.path),
    )
