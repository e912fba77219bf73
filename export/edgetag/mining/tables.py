"""Tables of what was found: by tag, and the first findings."""

from edgetag.mining.result import Finding, MinedTag, MineResult, Sensitivity
from edgetag.tables import NONE, Column, Number, Prose, Rows, Table
from edgetag.tables.formats import format_count, format_points

LABELS = {True: "yes", False: "no", None: "unknown"}

SHOWN = 20
"""Findings in the terminal; the table and the page have them all."""


def mine_tables(result: MineResult) -> tuple[Table, ...]:
    """Return the tags, the findings to look at first, and what verdicts hang on."""
    tables = [tag_table(result)]
    if result.findings:
        tables.append(_findings(result))
    if any(each.tags for each in result.sensitivity):
        tables.append(sensitivity_table(result))
    return tuple(tables)


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
        f"The first {min(SHOWN, len(result.findings))} of {format_count(len(result.findings))} "
        "findings",
        Number("rank", lambda each: str(each.rank)),
        Column[Finding]("kind", lambda each: each.kind),
        Column("tag", lambda each: each.tag),
        Column("split", lambda each: each.split),
        Column("label", lambda each: LABELS[each.label]),
        Prose("why", lambda each: each.why),
        Column("picture", lambda each: each.path),
    )


def sensitivity_table(result: MineResult) -> Table:
    """Return each file's verdict, and what it would be if suspects among its labels were wrong."""
    return Rows(result.sensitivity).table(
        "If labels of the judged pictures that look wrong were wrong",
        Column[Sensitivity]("file", lambda each: each.variant),
        Number("to no", lambda each: format_count(sum(tag.to_no for tag in each.tags))),
        Number("to yes", lambda each: format_count(sum(tag.to_yes for tag in each.tags))),
        Number("mAP drop", lambda each: format_points(each.map_drop)),
        Number("if wrong", lambda each: format_points(each.map_drop_if_wrong)),
        Column("verdict", lambda each: each.verdict),
        Column("verdict if wrong", lambda each: each.verdict_if_wrong),
        Prose("tags decided otherwise", _otherwise),
    )


def _otherwise(each: Sensitivity) -> str:
    return ", ".join(
        f"{tag.tag}: {tag.verdict} → {tag.verdict_if_wrong}"
        for tag in each.tags
        if tag.verdict != tag.verdict_if_wrong
    )
