"""Tables of two runs side by side."""

from collections.abc import Iterator
from typing import Literal

from edgetag.loop.result import (
    ComparedSplit,
    ComparedTag,
    ComparedValue,
    LearntFrom,
    LoopComparison,
)
from edgetag.tables import NOT_SCORED, Column, Number, Rows, Table
from edgetag.tables.formats import counted, format_count, format_fraction, format_points

OVER_ALL = "mean AP"


def loop_tables(result: LoopComparison) -> tuple[Table, ...]:
    """Return what was learnt from, and each judged split, tag by tag."""
    learnt = Rows(result.learnt_from).table(
        f"Labels learnt from, {result.before} → {result.after}",
        Column[LearntFrom]("split", lambda each: each.split),
        Number("pictures of both", lambda each: format_count(each.images)),
        Number("only before", lambda each: format_count(each.only_before)),
        Number("only after", lambda each: format_count(each.only_after)),
        Number("turned", lambda each: format_count(each.turned)),
        Number("made known", lambda each: format_count(each.made_known)),
        Number("made unknown", lambda each: format_count(each.made_unknown)),
    )
    return (learnt, *(_split(split, result.confidence) for split in result.splits))


def loop_sentences(result: LoopComparison) -> Iterator[str]:
    """Say which tags the tables leave out, and why."""
    for folder, tags in (
        (result.before, result.tags_only_before),
        (result.after, result.tags_only_after),
    ):
        if tags:
            yield f"Not compared, since {folder} alone has them: {', '.join(tags)}"
    for split in result.splits:
        if split.not_scored:
            without = ", ".join(split.not_scored)
            yield f"Not scored on {split.split}, for too few positives or no negative: {without}"


def _split(split: ComparedSplit, confidence: float) -> Table:
    rows: list[tuple[str, ComparedValue, ComparedTag | None]] = [
        (tag.tag, tag.ap, tag) for tag in split.tags
    ]
    if split.map is not None:
        rows.insert(0, (OVER_ALL, split.map, None))
    return Rows(rows).table(
        f"{split.split}: {counted(split.images, 'picture')} of both runs, "
        f"{format_count(split.relabelled)} of {format_count(split.cells)} labels differ; "
        f"points with {confidence:.0%} intervals",
        Column("tag", lambda row: row[0]),
        Number("AP before", lambda row: _ap(row[1].before)),
        Number("by the new labels", lambda row: _ap(row[1].relabelled)),
        Number("AP after", lambda row: _ap(row[1].after)),
        Number("gain by training", lambda row: format_points(row[1].gain, row[1].gain_interval)),
        Number("recall", lambda row: _gain(row[2], "recall")),
        Number("fewer false positives", lambda row: _gain(row[2], "fpr")),
        Number("relabelled", lambda row: format_count(row[2].relabelled) if row[2] else ""),
    )


def _gain(tag: ComparedTag | None, measure: Literal["recall", "fpr"]) -> str:
    if tag is None:
        return ""
    if measure == "recall":
        return format_points(tag.recall_gain, tag.recall_gain_interval)
    return format_points(tag.fpr_gain, tag.fpr_gain_interval)


def _ap(value: float | None) -> str:
    return NOT_SCORED if value is None else format_fraction(value)
