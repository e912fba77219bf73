"""Tables of what attacks cost, over all and tag by tag."""

from collections.abc import Iterator

from edgetag.robustness.result import Attacked, AttackedFile, AttackedTag, Robustness
from edgetag.tables import Column, Number, Prose, Rows, Table, points, with_interval
from edgetag.tables.formats import (
    counted,
    format_count,
    format_fraction,
    format_mean,
    format_percent,
)

WORDS = {"noise": "noise", "fgsm": "FGSM", "pgd": "PGD"}


def robustness_tables(result: Robustness) -> tuple[Table, ...]:
    """Return what each change costs each file, then the largest attack tag by tag."""
    tables = [overall_table(result)]
    for file in result.files:
        tables += [tags_table(file, under) for under in hardest(file)]
    if result.notes:
        tables.append(Rows(result.notes).table("Left out", Prose("reason", str)))
    return tuple(tables)


def hardest(file: AttackedFile) -> Iterator[Attacked]:
    """Yield what costs a file most mAP, if anything was scored."""
    scored = [under for under in file.under if under.map_drop is not None]
    if scored:
        yield max(scored, key=lambda under: under.map_drop or 0.0)


def overall_table(result: Robustness) -> Table:
    """Show what each change costs each file."""
    rows: list[tuple[AttackedFile, Attacked | None]] = []
    for file in result.files:
        rows += [(file, None), *((file, under) for under in file.under)]
    return Rows(rows).table(
        f"Under attack: {counted(result.images, 'picture')} of {result.split} on "
        f"{result.runtime}, mAP over {result.n_scored_tags} of {result.n_tags} tags",
        Column("file", lambda row: row[0].variant),
        Column("gradients of", lambda row: "itself" if row[0].white_box else "the float network"),
        Column("pictures", lambda row: described(row[1]) if row[1] else "as they are"),
        Number("mAP", lambda row: format_mean(row[1].map if row[1] else row[0].map)),
        Number(
            "drop",
            lambda row: with_interval(row[1].map_drop, row[1].map_drop_interval) if row[1] else "",
            note="points",
        ),
        Number(
            "right decisions turned wrong",
            lambda row: format_percent(row[1].turned_wrong) if row[1] else "",
        ),
    )


def tags_table(file: AttackedFile, under: Attacked) -> Table:
    """Show what a change costs a file tag by tag, what loses most first."""
    tags = sorted(under.tags, key=lambda tag: -tag.ap_drop)
    return Rows(tags).table(
        f"{file.variant} under {described(under)}, tag by tag",
        Column[AttackedTag]("tag", lambda tag: tag.tag),
        Number("positives", lambda tag: format_count(tag.positives)),
        Number("AP", lambda tag: format_fraction(tag.ap)),
        points("drop", lambda tag: (tag.ap_drop, tag.ap_drop_interval)),
        Number("recall", lambda tag: format_percent(tag.recall)),
        points("drop of recall", lambda tag: (tag.recall_drop, tag.recall_drop_interval)),
        Number("false positives", lambda tag: format_percent(tag.fpr)),
        points("rise of false positives", lambda tag: (tag.fpr_rise, tag.fpr_rise_interval)),
    )


def described(under: Attacked) -> str:
    """Name a change with its budget: `PGD 2/255`."""
    return f"{WORDS[under.change]} {under.epsilon}/255"
