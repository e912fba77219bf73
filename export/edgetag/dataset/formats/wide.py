"""A wide table: `path`, one column per tag, optionally `split`, `group` and a region."""

from edgetag.dataset.formats.tables import (
    Table,
    parse_label,
    read_crop,
    read_group_and_split,
    read_label,
    read_path,
    share_row,
)
from edgetag.dataset.listing import Entry, LabelRow, TagReader
from edgetag.dataset.result import UnknownTag
from edgetag.recipe.data import DataSection


def read_wide(
    table: Table, section: DataSection
) -> tuple[tuple[Entry, ...], tuple[UnknownTag, ...]]:
    """Return the entries of a wide table and the columns that look like tags but are none.

    A further column counts as an unknown tag if all its cells are labels and one is known;
    anything else is taken as a note about the image.

    Raises:
        InputError: A column is missing or a cell is not what its column holds.
    """
    tags = section.tags
    if section.crop_column is not None:
        table.require((section.crop_column,))
    table.require(
        (section.path_column, *tags),
        "Every tag of data.tags needs its column; leave cells empty where a label is unknown.",
    )
    shared: dict[LabelRow, LabelRow] = {}
    entries = []
    for row in table.rows:
        group, split = read_group_and_split(row, section)
        entries.append(
            Entry(
                path=read_path(row, section.path_column),
                labels=share_row(shared, tuple(read_label(row, tag) for tag in tags)),
                where=row.where,
                split=split,
                group=group,
                crop=read_crop(row, section.crop_column),
            )
        )
    return tuple(entries), _unknown_columns(table, section)


def _unknown_columns(table: Table, section: DataSection) -> tuple[UnknownTag, ...]:
    used = {
        section.path_column,
        section.split_column,
        section.group_column,
        section.crop_column,
        *section.tags,
    }
    unknown = TagReader(section.vocabulary(), None)
    for column in table.columns:
        if column in used:
            continue
        try:
            labels = [parse_label(row.cells.get(column)) for row in table.rows]
        except ValueError:
            continue
        if positives := sum(label == 1 for label in labels):
            unknown.note_unknown(column, f"{table.source}: column {column!r}", positives)
    return unknown.unknown()
