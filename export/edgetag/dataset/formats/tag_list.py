"""A table of `path` and a list of tags, optionally with `split` and `group`."""

from edgetag.dataset.formats.tables import Row, Table, read_group_and_split, read_path
from edgetag.dataset.listing import Entry, TagReader
from edgetag.dataset.result import UnknownTag
from edgetag.errors import InputError
from edgetag.recipe.data import DataSection


def read_tag_list(
    table: Table, section: DataSection
) -> tuple[tuple[Entry, ...], tuple[UnknownTag, ...]]:
    """Return the entries of a list table and the tags that the vocabulary lacks.

    An empty cell says that the image has no tag; null (JSON, Parquet) that nobody looked.

    Raises:
        InputError: A column is missing or a cell is not what its column holds.
    """
    table.require((section.path_column, section.tags_column))
    vocabulary = section.vocabulary()
    tags = TagReader(vocabulary, 0 if section.absent_tags == "negative" else None)
    entries = []
    for row in table.rows:
        group, split = read_group_and_split(row, section)
        names = _names(row, section)
        entries.append(
            Entry(
                path=read_path(row, section.path_column),
                labels=(
                    (None,) * len(vocabulary) if names is None else tags.labels(names, row.where)
                ),
                where=row.where,
                split=split,
                group=group,
            )
        )
    return tuple(entries), tags.unknown()


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
