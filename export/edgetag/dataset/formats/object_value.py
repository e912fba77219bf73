"""A table `objectId,value` for a single tag; the image is `<root>/<objectId>.<suffix>`."""

from pathlib import Path

from edgetag.dataset.formats.folders import IMAGE_SUFFIXES
from edgetag.dataset.formats.tables import Table, read_group_and_split, read_label, read_path
from edgetag.dataset.listing import Entry
from edgetag.errors import InputError
from edgetag.recipe.data import DataSection

ID_COLUMN, VALUE_COLUMN = "objectId", "value"


def read_object_value(table: Table, root: Path, section: DataSection) -> tuple[Entry, ...]:
    """Return the entries of an `objectId,value` table.

    An id without a file keeps its bare name as the path, and is later rejected as missing.

    Raises:
        InputError: A column is missing, a value is not 1 or 0, the recipe has several tags, or
            two files could be meant.
    """
    table.require((ID_COLUMN, VALUE_COLUMN))
    if len(section.tags) != 1:
        raise InputError(
            f"{table.source}: a table of objectId,value labels one tag, but data.tags lists "
            f"{len(section.tags)}; name the one tag"
        )
    files = _files_by_stem(root)
    entries = []
    for row in table.rows:
        name = read_path(row, ID_COLUMN)
        matches = files.get(name, [])
        if len(matches) > 1:
            raise InputError(
                f"{row.where}: objectId {name!r} could be {' or '.join(sorted(matches))}; "
                "keep one of these files in the data root"
            )
        group, split = read_group_and_split(row, section)
        entries.append(
            Entry(
                path=matches[0] if matches else name,
                labels=(read_label(row, VALUE_COLUMN),),
                where=row.where,
                split=split,
                group=group,
            )
        )
    return tuple(entries)


def _files_by_stem(root: Path) -> dict[str, list[str]]:
    stems: dict[str, list[str]] = {}
    for file in root.iterdir():
        if file.suffix.lower() in IMAGE_SUFFIXES:
            stems.setdefault(file.stem, []).append(file.name)
    return stems
