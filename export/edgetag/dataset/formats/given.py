"""What a reader of labels is given: a recipe's section, and the table that its source is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgetag.dataset.before_answers import BEFORE_ANSWERS, read_before_answers
from edgetag.dataset.formats.tables import (
    TABLE_SUFFIXES,
    Row,
    Table,
    read_crop,
    read_group,
    read_split,
    read_table,
    read_weight,
)
from edgetag.dataset.listing import Entry, LabelRow, Listing
from edgetag.dataset.result import UnknownTag
from edgetag.errors import InputError
from edgetag.recipe import DataSection, Format

PLACEHOLDER = "\N{WHITE QUESTION MARK ORNAMENT}"
"""No tag: read with it as the vocabulary, a source tells all of its tags as unknown ones."""


@dataclass(frozen=True)
class Given:
    """A source that is there.

    Attributes:
        section: How the recipe wants it read.
        table: The source; None where it is no table.
    """

    section: DataSection
    table: Table | None

    @property
    def source(self) -> Path:
        """The table, folder or file."""
        return self.section.source

    @property
    def root(self) -> Path:
        """The folder that paths are relative to."""
        return self.section.image_root

    def needed_table(self) -> Table:
        """Return the table, for formats that are one.

        Raises:
            InputError: It is none.
        """
        if self.table is None:
            raise InputError(
                f"{self.source}: data.format {self.section.format!r} needs a table "
                f"({', '.join(TABLE_SUFFIXES)})"
            )
        return self.table

    def rows(
        self,
        name: Format,
        path: Callable[[Row], str],
        labels: Callable[[Row], LabelRow],
        unknown: Callable[[], tuple[UnknownTag, ...]] = tuple,
    ) -> Listing:
        """Return an entry for each row of the table.

        Args:
            name: The format.
            path: Returns a row's path.
            labels: Returns a row's labels.
            unknown: Returns the tags that the vocabulary lacks, when all rows are read.
        """
        table, section = self.needed_table(), self.section
        if section.weight_column is not None:
            table.require((section.weight_column,))
        entries = []
        for row in table.rows:
            group = read_group(row, section.group_column)
            split = read_split(row, section.split_column)
            at, have = path(row), labels(row)
            crop = read_crop(row, section.crop_column)
            weight = read_weight(row, section.weight_column)
            before = (
                ()
                if BEFORE_ANSWERS in section.tags
                else read_before_answers(row.cells.get(BEFORE_ANSWERS), row.where)
            )
            entries.append(Entry(at, have, row.where, split, group, crop, weight, before))
        has_groups = section.group_column in table.columns
        return Listing(table.source, name, self.root, tuple(entries), unknown(), has_groups)


@dataclass(frozen=True)
class Draft:
    """What a recipe must say to have a source read.

    Attributes:
        section: Format, columns and tags.
        paths: Of pictures, by which the folder that they are relative to is found.
        never_present: Tags of the source that no picture has; they are left out.
        spoilt: Columns that are left out since some cells are no labels, with the first of those.
    """

    section: DataSection
    paths: tuple[str, ...] = ()
    never_present: tuple[str, ...] = ()
    spoilt: tuple[str, ...] = ()


def open_source(section: DataSection) -> Given:
    """Read the table of a section, where its source is one.

    Raises:
        InputError: It is damaged.
    """
    source = section.source
    is_table = source.is_file() and source.suffix.lower() in TABLE_SUFFIXES
    return Given(section, read_table(source) if is_table else None)
