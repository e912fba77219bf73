"""Tables of the data: counts by tag and split, and what was or would be left out."""

from collections import Counter
from collections.abc import Iterable, Iterator

from edgetag.dataset.result import CheckReport, DatasetResult, DroppedImage, SplitCounts
from edgetag.tables import MOST_FINDINGS, Cell, Code, Column, Number, Prose, Rows, Table
from edgetag.tables.formats import counted, format_count


def dataset_tables(result: DatasetResult) -> tuple[Table, ...]:
    """Return the counts of built data."""
    return (counts_table(f"{counted(result.images, 'image')} by tag and split", result.splits),)


def check_tables(result: CheckReport) -> tuple[Table, ...]:
    """Return the counts of what a run would use, and lists of what is wrong."""
    rows = f"{format_count(result.images)} of {counted(result.listed, 'row')}"
    title = f"{rows} would be used ({result.format})"
    return (counts_table(title, result.splits), *_wrong(result))


def _wrong(result: CheckReport) -> Iterator[Table]:
    undecided = [
        each
        for each in result.corrections
        if each.outcome not in ("changed", "confirmed", "repeated")
    ]
    if result.corrections:
        yield Rows(sorted(Counter(each.outcome for each in result.corrections).items())).table(
            "What would become of corrections",
            Column("outcome", lambda counted: counted[0]),
            Number("labels", lambda counted: format_count(counted[1])),
        )
    if undecided:
        yield Rows(undecided).table(
            "Corrections that would change nothing",
            Code("path", lambda each: each.path or each.identity),
            Column("tag", lambda each: each.tag),
            Column("outcome", lambda each: each.outcome),
            Column("by", lambda each: ", ".join(each.by)),
            Column("where", lambda each: ", ".join(each.where)),
            most_rows=MOST_FINDINGS,
        )
    if result.dropped:
        yield left_out_table("Would be left out", result.dropped)
    if result.near_duplicates:
        yield Rows(result.near_duplicates).table(
            "Near duplicates across splits",
            Column("path", lambda near: f"{near.path} ({near.split})"),
            Column("other", lambda near: f"{near.other_path} ({near.other_split})"),
            Column("apart", lambda near: f"{near.distance_bits} bits"),
            most_rows=MOST_FINDINGS,
        )
    if result.unknown_tags:
        yield Rows(result.unknown_tags).table(
            "Tags not in the vocabulary",
            Column("tag", lambda tag: tag.name),
            Column("rows", lambda tag: tag.rows),
            Column("first", lambda tag: tag.where),
            most_rows=MOST_FINDINGS,
        )
    for title, heading, sentences in (
        ("Advice", "what to look at", result.advice),
        ("What would leave a run undecided", "doubt", result.doubts),
        ("What would stop a run", "problem", result.problems),
    ):
        if sentences:
            yield Rows(sentences).table(title, Prose(heading, str), most_rows=MOST_FINDINGS)


def left_out_table(title: str, images: Iterable[DroppedImage]) -> Table:
    """Show rows that are no part of the data, with reason and place."""
    return Rows(images).table(
        title,
        Code("path", lambda image: image.path),
        Column("reason", lambda image: image.reason),
        Prose("detail", lambda image: image.detail or None),
        Column("where", lambda image: image.where),
        most_rows=MOST_FINDINGS,
    )


def counts_table(title: str, splits: dict[str, SplitCounts]) -> Table:
    """Show how many images of each split have a tag, do not have it, or do not say."""
    names = sorted(splits, key=lambda name: (name != "train", name != "validation", name))
    columns = [column for name in names for column in _counts_of(name, splits[name])]
    tags = splits[names[0]].tags if names else ()
    return Rows[str](tags).table(title, Column("tag", str), *columns)


def _counts_of(split: str, counts: SplitCounts) -> tuple[Column[str], ...]:
    def positives(tag: str) -> Cell:
        unknown = counts.tags[tag].unknown
        note = f"{format_count(counts.tags[tag].negatives)} do not"
        note += f", {format_count(unknown)} unknown" if unknown else ""
        return Cell(format_count(counts.tags[tag].positives), note=note)

    return (
        Number(f"{split} ({format_count(counts.images)})", positives),
        Number("negative", lambda tag: format_count(counts.tags[tag].negatives), only="text"),
        Number("unknown", lambda tag: format_count(counts.tags[tag].unknown), only="text"),
    )
