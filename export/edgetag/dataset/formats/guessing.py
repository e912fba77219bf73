"""Which columns of a table hold what, guessed from their names and cells."""

from pathlib import Path

from edgetag.dataset.formats.tables import Row, Table, parse_label
from edgetag.errors import InputError
from edgetag.preprocess import IMAGE_SUFFIXES
from edgetag.recipe import DataSection

TAGS_COLUMNS = ("tags", "labels", "tag", "label", "classes", "class", "categories", "category")

ID_COLUMN, VALUE_COLUMN = "objectId", "value"


def has_ids(table: Table, section: DataSection) -> bool:
    """Tell whether a table has a column of ids and one of values, and none of paths."""
    columns = set(table.columns)
    return {ID_COLUMN, VALUE_COLUMN} <= columns and section.path_column not in columns


def path_column(table: Table, section: DataSection) -> str:
    """Return the column that holds most names of images; the usual one where it is there.

    Raises:
        InputError: No column holds any.
    """
    usual = section.path_column
    if usual in table.columns:
        return usual
    named = {
        column: sum(Path(cell).suffix.lower() in IMAGE_SUFFIXES for cell in texts(table, column))
        for column in table.columns
    }
    best = max(named, key=lambda column: named[column], default=usual)
    if not named.get(best):
        table.require((usual,))
    return best


def texts(table: Table, column: str) -> list[str]:
    """Return the cells of a column that hold text."""
    cells = (row.cells.get(column) for row in table.rows)
    return [cell for cell in cells if isinstance(cell, str) and cell]


def with_free_columns(table: Table, section: DataSection, tags: tuple[str, ...]) -> DataSection:
    """Return the section with other names for columns of groups and splits that are tags here.

    A column of groups that holds 1 and 0 alone would be two groups, so it is a tag's, unless tags
    are named.

    Args:
        table: The table.
        section: Names its columns.
        tags: The vocabulary; empty for all that the table has.

    Raises:
        InputError: The column of splits holds labels, and may be a tag's or say where pictures go.
    """
    splits = section.split_column
    if splits not in tags and _labels(table, splits) - {None}:
        raise InputError(
            f"{table.source}: column {splits!r} holds 1 and 0; if it is a tag, name all tags: "
            f"--tags TAG,{splits}; if it says where pictures go, write train, validation or test "
            "in it; if neither, rename it"
        )
    taken = [key for key in ("split_column", "group_column") if getattr(section, key) in tags]
    if not tags and _labels(table, section.group_column) - {None} == {0, 1}:
        taken.append("group_column")
    return section.replace(**{key: _free(table, getattr(section, key)) for key in taken})


def _free(table: Table, name: str) -> str:
    while name in table.columns:
        name = f"no_{name}"
    return name


def label_columns(table: Table, section: DataSection) -> dict[str, set[int | None]]:
    """Return the columns that hold labels, each with the labels that occur in it."""
    notes = {path_column(table, section), section.split_column, section.group_column}
    labels = {name: _labels(table, name) for name in table.columns if name not in notes}
    return {name: values for name, values in labels.items() if values - {None}}


def spoilt_columns(table: Table, section: DataSection) -> tuple[str, ...]:
    """Return the columns that hold labels but for fewer other cells, each with the first of those.

    Such a column is no tag, and hardly a note: `3` or `yes` in it is a slip.
    """
    notes = {path_column(table, section), section.split_column, section.group_column}
    spoilt = []
    for column in (name for name in table.columns if name not in notes):
        labels, others = 0, list[Row]()
        for row in table.rows:
            try:
                labels += parse_label(row.cells.get(column)) is not None
            except ValueError:
                others.append(row)
        if 0 < len(others) < labels:
            spoilt.append(f"{column} ({others[0].cells[column]!r} at {others[0].where})")
    return tuple(spoilt)


def list_column(table: Table, section: DataSection) -> str | None:
    """Return the column whose name says that it lists tags, None where there is none."""
    named = [name for name in TAGS_COLUMNS if name in table.columns]
    if not named:
        return None  # told before all cells are looked at
    others = {path_column(table, section), section.split_column, section.group_column}
    labels = label_columns(table, section)
    return next((name for name in named if name not in others and name not in labels), None)


def _labels(table: Table, column: str) -> set[int | None]:
    """Return which labels a column holds; none where a cell is no label."""
    try:
        return {parse_label(row.cells.get(column)) for row in table.rows}
    except ValueError:
        return set()
