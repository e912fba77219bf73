"""A wide table: `path`, one column per tag, optionally `split`, `group` and a region."""

from edgetag.dataset.before_answers import BEFORE_ANSWERS
from edgetag.dataset.formats.given import Draft, Given
from edgetag.dataset.formats.guessing import (
    has_ids,
    label_columns,
    list_column,
    path_column,
    spoilt_columns,
    texts,
)
from edgetag.dataset.formats.tables import (
    Table,
    parse_label,
    read_label,
    read_path,
    share_row,
)
from edgetag.dataset.listing import LabelRow, Listing, TagReader
from edgetag.dataset.result import UnknownTag
from edgetag.errors import InputError
from edgetag.recipe import DataSection


def recognises(given: Given) -> bool:
    """Tell whether there is a column of paths."""
    return given.table is not None and given.section.path_column in given.table.columns


def draft(given: Given, tags: tuple[str, ...]) -> Draft | None:
    """Take every column of labels as a tag, but for those that no picture has."""
    table = given.table
    if table is None or has_ids(table, given.section) or list_column(table, given.section):
        return None
    columns = label_columns(table, given.section)
    if not columns:
        return None
    never = () if tags else tuple(name for name, labels in columns.items() if 1 not in labels)
    present = tuple(name for name in columns if name not in never)
    section = DataSection(
        source=table.source,
        format="wide",
        path_column=path_column(table, given.section),
        split_column=given.section.split_column,
        group_column=given.section.group_column,
        tags=tags or present or tuple(columns),
    )
    spoilt = () if tags else spoilt_columns(table, section)
    return Draft(section, tuple(texts(table, section.path_column)), never, spoilt)


def read(given: Given) -> Listing:
    """Return the entries of a wide table and the columns that look like tags but are none.

    A further column counts as an unknown tag if all its cells are labels and one is known;
    anything else is taken as a note about the image.

    Raises:
        InputError: A column is missing or a cell is not what its column holds.
    """
    table, section = given.needed_table(), given.section
    tags = section.tags
    _require_apart(table, section)
    if section.crop_column is not None:
        table.require((section.crop_column,))
    table.require((section.path_column,), "Name the column of paths in data.path_column.")
    table.require(
        tags,
        "Every tag of data.tags needs its column; leave cells empty where a label is unknown.",
    )
    shared: dict[LabelRow, LabelRow] = {}
    return given.rows(
        "wide",
        lambda row: read_path(row, section.path_column),
        lambda row: share_row(shared, tuple(read_label(row, tag) for tag in tags)),
        lambda: _unknown_columns(table, section),
    )


def _require_apart(table: Table, section: DataSection) -> None:
    """Refuse a column that would be read as labels and as something else: groups, for instance."""
    for key in ("path_column", "split_column", "group_column", "weight_column", "crop_column"):
        if (name := getattr(section, key)) in section.tags and name in table.columns:
            raise InputError(
                f"{table.source}: column {name!r} is a tag of data.tags, and data.{key} says "
                f"{name!r} too; name another column there, or one that the table does not have"
            )


def _unknown_columns(table: Table, section: DataSection) -> tuple[UnknownTag, ...]:
    used = {
        BEFORE_ANSWERS,
        section.path_column,
        section.split_column,
        section.group_column,
        section.crop_column,
        section.weight_column,
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
