"""A table `objectId,value` for a single tag; the image is `<root>/<objectId>.<suffix>`."""

from collections.abc import Sequence
from pathlib import Path

from edgetag.dataset.formats.given import Draft, Given
from edgetag.dataset.formats.guessing import ID_COLUMN, VALUE_COLUMN, has_ids
from edgetag.dataset.formats.tables import Row, Table, read_label, read_path
from edgetag.dataset.listing import Listing
from edgetag.errors import InputError
from edgetag.preprocess import IMAGE_SUFFIXES
from edgetag.recipe import DataSection

DRAFTED_FILES = 20
"""Ids by which the folder of the pictures is found."""


def recognises(given: Given) -> bool:
    """Tell whether it has both columns, and none of paths."""
    return given.table is not None and has_ids(given.table, given.section)


def draft(given: Given, tags: tuple[str, ...]) -> Draft | None:
    """Name the one tag like its column."""
    table = given.table
    if table is None or not has_ids(table, given.section):
        return None
    if len(tags) > 1:
        raise _several(table, tags)
    names = [_id(row) for row in table.rows[:DRAFTED_FILES]]
    return Draft(
        DataSection(source=table.source, format="object_value", tags=tags or (VALUE_COLUMN,)),
        tuple(f"{name}{suffix}" for name in names for suffix in IMAGE_SUFFIXES),
    )


def read(given: Given) -> Listing:
    """Return the entries of an `objectId,value` table.

    An id without a file keeps its bare name as the path, and is later rejected as missing.

    Raises:
        InputError: A column is missing, a value is not 1 or 0, the recipe has several tags, or
            two files could be meant.
    """
    table, section = given.needed_table(), given.section
    table.require((ID_COLUMN, VALUE_COLUMN))
    if len(section.tags) != 1:
        raise _several(table, section.tags)
    files = _files_by_stem(given.root)

    def path(row: Row) -> str:
        name = _id(row)
        matches = files.get(name, [])
        if len(matches) > 1:
            raise InputError(
                f"{row.where}: objectId {name!r} could be {' or '.join(sorted(matches))}; "
                "keep one of these files in the data root"
            )
        return matches[0] if matches else name

    return given.rows("object_value", path, lambda row: (read_label(row, VALUE_COLUMN),))


def _id(row: Row) -> str:
    """Return a row's id, which may be a number in JSON Lines and Parquet."""
    value = row.cells.get(ID_COLUMN)
    return str(value) if type(value) is int else read_path(row, ID_COLUMN)


def _several(table: Table, tags: Sequence[str]) -> InputError:
    return InputError(
        f"{table.source}: a table of objectId,value labels one tag, but data.tags lists "
        f"{len(tags)}; name the one tag"
    )


def _files_by_stem(root: Path) -> dict[str, list[str]]:
    stems: dict[str, list[str]] = {}
    for file in root.iterdir():
        if file.suffix.lower() in IMAGE_SUFFIXES:
            stems.setdefault(file.stem, []).append(file.name)
    return stems
