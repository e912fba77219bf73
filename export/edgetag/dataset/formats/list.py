"""A table of `path` and a list of tags, optionally with `split` and `group`."""

from edgetag.dataset.formats.given import PLACEHOLDER, Draft, Given
from edgetag.dataset.formats.guessing import list_column, path_column, texts
from edgetag.dataset.formats.tables import Row, read_path
from edgetag.dataset.listing import LabelRow, Listing, TagReader
from edgetag.errors import InputError
from edgetag.recipe import DataSection

SEPARATORS = (",", "|", ";")


def recognises(given: Given) -> bool:
    """Tell whether there are columns of paths and of lists, and not of every tag."""
    table, section = given.table, given.section
    if table is None or not {section.path_column, section.tags_column} <= set(table.columns):
        return False
    return section.tags_column not in section.tags and not set(section.tags) <= set(table.columns)


def draft(given: Given, tags: tuple[str, ...]) -> Draft | None:
    """Take a column that is called like one of lists; its separator is the commonest one.

    Raises:
        InputError: It names no tag.
    """
    table = given.table
    if table is None or (column := list_column(table, given.section)) is None:
        return None
    cells = texts(table, column)
    section = DataSection(
        source=table.source,
        format="list",
        path_column=path_column(table, given.section),
        tags_column=column,
        tag_separator=max(SEPARATORS, key=lambda mark: sum(mark in cell for cell in cells)),
        tags=(PLACEHOLDER,),
    )
    named = tags or tuple(tag.name for tag in read(Given(section, table)).unknown_tags)
    if not named:
        raise InputError(
            f"{table.source}: column {column!r} names no tag; label at least one image"
        )
    return Draft(section.replace(tags=named), tuple(texts(table, section.path_column)))


def read(given: Given) -> Listing:
    """Return the entries of a list table and the tags that the vocabulary lacks.

    An empty cell says that the image has no tag; null (JSON, Parquet) that nobody looked.

    Raises:
        InputError: A column is missing or a cell is not what its column holds.
    """
    table, section = given.needed_table(), given.section
    table.require((section.path_column, section.tags_column))
    vocabulary = section.vocabulary()
    tags = TagReader(vocabulary, 0 if section.absent_tags == "negative" else None)

    def labels(row: Row) -> LabelRow:
        names = _names(row, section)
        return (None,) * len(vocabulary) if names is None else tags.labels(names, row.where)

    return given.rows("list", lambda row: read_path(row, section.path_column), labels, tags.unknown)


def _names(row: Row, section: DataSection) -> frozenset[str] | None:
    value = row.cells.get(section.tags_column)
    if value is None:
        return None
    parts = value.split(section.tag_separator) if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise InputError(
            f"{row.where}: column {section.tags_column!r} is {value!r}; give a list of tag names "
            f"or names separated by {section.tag_separator!r}"
        )
    return frozenset(part.strip() for part in parts) - {""}
