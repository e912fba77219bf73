"""Label formats, one file each, all read into a `Listing`; which there are: `catalogue.formats`.

- `tables`: tables as rows of cells, and what cells of labels, paths and regions hold.
"""

from importlib import import_module
from typing import Protocol, cast

from edgetag.catalogue import module_of
from edgetag.catalogue.formats import FORMATS
from edgetag.dataset.formats.given import Draft, Given, open_source
from edgetag.dataset.formats.guessing import path_column, with_free_columns
from edgetag.dataset.formats.tables import MOST_BYTES, TABLE_SUFFIXES
from edgetag.dataset.listing import Listing
from edgetag.errors import InputError
from edgetag.preprocess import IMAGE_SUFFIXES
from edgetag.recipe import DataSection, Format
from edgetag.userfiles import exists, require_file

__all__ = ["Draft", "draft", "read_listing"]


class LabelFormat(Protocol):
    """What the file of a label format offers."""

    def recognises(self, given: Given) -> bool:
        """Tell whether a source whose recipe names no format is of this one."""

    def read(self, given: Given) -> Listing:
        """Return the source's entries.

        Raises:
            InputError: It is not of this format, or damaged; the text names file, line or row,
                value and fix.
        """

    def draft(self, given: Given, tags: tuple[str, ...]) -> Draft | None:
        """Return what a recipe must say to have a source read, None where it is of another format.

        Args:
            given: The source; what its section says beside it are the defaults.
            tags: The vocabulary; empty for all that the source names.
        """


def read_listing(section: DataSection) -> Listing:
    """Read the source of a recipe.

    Paths are not looked up and tags outside the vocabulary not refused here; see
    `dataset.plan`.

    Raises:
        InputError: The source is missing, of no known format, or damaged; the text names file,
            line or row, value and fix.
    """
    source = section.source
    if not exists(source):
        raise InputError(f"{source}: no such file or folder; set data.source to your labels")
    if not source.is_dir():
        require_file(source, "table of labels", MOST_BYTES)
    root = section.image_root
    if not (exists(root) and root.is_dir()):
        raise InputError(f"{root}: no such folder; set data.root to the folder of the images")
    given = open_source(section)
    name = _detect(given) if section.format == "auto" else section.format
    if section.crop_column is not None and not FORMATS[name].crops:
        able = " and ".join(line.name for line in FORMATS.values() if line.crops)
        raise InputError(
            f"{source}: data.crop_column is for {able} tables, but this is read as {name!r}; "
            "take it out of the recipe"
        )
    if section.weight_column is not None and given.table is None:
        raise InputError(
            f"{source}: data.weight_column is for tables, but this is read as {name!r}; take it "
            "out of the recipe"
        )
    return _format(name).read(given)


def draft(source: DataSection, tags: tuple[str, ...]) -> Draft:
    """Return what a recipe must say to have a source read.

    Args:
        source: A section that says nothing but where the labels are.
        tags: The vocabulary; empty for all that the source names.

    Raises:
        InputError: It is of no known format, damaged, or labels nothing.
    """
    given = open_source(source)
    if given.table is not None:
        given = Given(with_free_columns(given.table, source, tags), given.table)
    for name in FORMATS:
        if (drafted := _format(name).draft(given, tags)) is not None:
            return drafted
    section = given.section
    if given.table is not None:  # the paths may have another name in a draft
        named = path_column(given.table, section)
        given = Given(section.replace(path_column=named), given.table)
    raise _unrecognised(given)


def _format(name: Format) -> LabelFormat:
    return cast("LabelFormat", import_module(f"edgetag.dataset.formats.{module_of(name)}"))


def _detect(given: Given) -> Format:
    for name in FORMATS:
        if _format(name).recognises(given):
            return name
    raise _unrecognised(given)


def _unrecognised(given: Given) -> InputError:
    source = given.source
    if given.table is not None:
        given.table.require((given.section.path_column,))
        others = [name for name in given.table.columns if name != given.section.path_column]
        first = given.table.rows[0]
        held = ", ".join(f"{name!r} ({first.cells.get(name)!r:.40})" for name in others[:5])
        return InputError(
            f"{source}: no column holds labels (1 or true, 0 or false, empty for unknown) or lists "
            f"of tags; in {first.where} the table has {held or 'nothing but paths'}"
        )
    if source.is_dir():
        if any(path.suffix.lower() in IMAGE_SUFFIXES for path in source.iterdir()):
            return InputError(
                f"{source}: neither class folders with images nor Region Cropper files in it, but "
                "pictures; make a folder per tag in it, or write a table: path and a column per tag"
            )
        return InputError(
            f"{source}: neither class folders with images nor Region Cropper files in it; set "
            "data.source to a table, or data.format to say what the folder holds"
        )
    return InputError(
        f"{source}: format not recognised; use a table ({', '.join(TABLE_SUFFIXES)}), Region "
        "Cropper .json, or a folder with one folder per class"
    )
