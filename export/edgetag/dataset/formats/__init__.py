"""Label formats, one file each, all read into a `Listing`."""

from pathlib import Path

from edgetag.dataset.formats.folders import has_class_folders, read_folders
from edgetag.dataset.formats.object_value import ID_COLUMN, VALUE_COLUMN, read_object_value
from edgetag.dataset.formats.regions import is_region_file, read_regions, region_files
from edgetag.dataset.formats.tables import MOST_BYTES, TABLE_SUFFIXES, Table, read_table
from edgetag.dataset.formats.tag_list import read_tag_list
from edgetag.dataset.formats.wide import read_wide
from edgetag.dataset.listing import Listing
from edgetag.errors import InputError
from edgetag.recipe.base import Format
from edgetag.recipe.data import DataSection
from edgetag.userfiles import require_file

__all__ = ["default_root", "detect", "read_listing"]


def read_listing(section: DataSection) -> Listing:
    """Read the source of a recipe.

    Paths are not looked up and tags outside the vocabulary not refused here; see
    `dataset.plan`.

    Raises:
        InputError: The source is missing, of no known format, or damaged; the text names file,
            line or row, value and fix.
    """
    source = section.source
    if not source.exists():
        raise InputError(f"{source}: no such file or folder; set data.source to your labels")
    if not source.is_dir():
        require_file(source, "table of labels", MOST_BYTES)
    root = default_root(section)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; set data.root to the folder of the images")
    table = None
    if source.is_file() and source.suffix.lower() in TABLE_SUFFIXES:
        table = read_table(source)
    format_ = detect(section, table) if section.format == "auto" else section.format
    if section.crop_column is not None and format_ != "wide":
        raise InputError(
            f"{source}: data.crop_column is for wide tables, but this is read as {format_!r}; "
            "take it out of the recipe"
        )
    if format_ == "folders":
        if not source.is_dir():
            raise InputError(f"{source}: not a folder, but data.format is 'folders'")
        folders, unknown, ignored = read_folders(source, root, section)
        return Listing(source, format_, root, folders, unknown, ignored_files=ignored)
    if format_ == "regions":
        entries, unknown = read_regions(source, section)
        return Listing(source, format_, root, entries, unknown)
    if table is None:
        raise InputError(
            f"{source}: data.format {format_!r} needs a table ({', '.join(TABLE_SUFFIXES)})"
        )
    has_groups = section.group_column in table.columns
    if format_ == "object_value":
        entries = read_object_value(table, root, section)
        return Listing(source, format_, root, entries, has_groups=has_groups)
    read = read_wide if format_ == "wide" else read_tag_list
    entries, unknown = read(table, section)
    return Listing(source, format_, root, entries, unknown, has_groups)


def detect(section: DataSection, table: Table | None) -> Format:
    """Return the format of a source that its recipe does not name.

    Raises:
        InputError: It is of none.
    """
    source = section.source
    if table is not None:
        return _detect_table(section, table)
    if source.is_dir():
        if any(is_region_file(file) for file in region_files(source)[:1]):
            return "regions"
        if has_class_folders(source):
            return "folders"
        raise InputError(
            f"{source}: neither class folders with images nor Region Cropper files in it; set "
            "data.source to a table, or data.format to say what the folder holds"
        )
    if source.suffix.lower() == ".json":
        return "regions"
    raise InputError(
        f"{source}: format not recognised; use a table ({', '.join(TABLE_SUFFIXES)}), Region "
        "Cropper .json, or a folder with one folder per class"
    )


def _detect_table(section: DataSection, table: Table) -> Format:
    columns = set(table.columns)
    if section.path_column in columns:
        n_tags = len(columns.intersection(section.tags))
        lists = section.tags_column in columns and section.tags_column not in section.tags
        if lists and n_tags < len(section.tags):
            return "list"
        return "wide"
    if {ID_COLUMN, VALUE_COLUMN} <= columns:
        return "object_value"
    table.require((section.path_column,))
    raise AssertionError  # require has raised


def default_root(section: DataSection) -> Path:
    """Return the folder that a section's paths are relative to."""
    source = section.source
    return section.root or (source if source.is_dir() else source.parent)
