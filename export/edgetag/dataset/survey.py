"""What labels and images are there, before a recipe says so: what `edgetag recipe new` writes.

The format readers do the reading; here it is only guessed what to ask them for.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgetag.dataset.formats import detect
from edgetag.dataset.formats.folders import IMAGE_SUFFIXES, read_folders
from edgetag.dataset.formats.object_value import ID_COLUMN, VALUE_COLUMN
from edgetag.dataset.formats.regions import read_regions
from edgetag.dataset.formats.tables import TABLE_SUFFIXES, Table, parse_label, read_table
from edgetag.dataset.formats.tag_list import read_tag_list
from edgetag.dataset.inspection import Limits, read_file
from edgetag.dataset.plan import Sources, count_labels, open_sources
from edgetag.dataset.result import SplitCounts, TagCounts
from edgetag.dataset.split import SplitItem, assign_splits
from edgetag.errors import InputError
from edgetag.preprocess import ImageRejectedError, read_image
from edgetag.recipe.data import DataSection, SplitSection
from edgetag.recipe.sections import NetworkSection
from edgetag.sampling import positions

HASHED_FILES = 2000
"""Files whose split is looked up by their hash; of more, so many are taken at even distances."""

DECODED_FILES = 40
"""Pictures whose size is looked at."""

TRIED_PATHS = 200
"""Paths of a table by which the folder that they start from is found."""

TAGS_COLUMNS = ("tags", "labels", "tag", "label", "classes", "class", "categories", "category")
SEPARATORS = (",", "|", ";")

_PLACEHOLDER = "\N{WHITE QUESTION MARK ORNAMENT}"
"""No tag: read with it as the vocabulary, a source tells all of its tags as unknown ones."""


@dataclass(frozen=True)
class Survey:
    """What a source holds.

    Attributes:
        data: What a recipe must say to have it read.
        rows: Listed pictures.
        missing_files: How many of the files that were looked for are not there, and
        looked_for: how many that were.
        longer_side: Median of the longer side in pixels; None where no picture can be read.
        splits: Images and labels per split, extrapolated from the files that were looked at.
        never_present: Tags of the source that no picture has; they are left out.
    """

    data: DataSection
    rows: int
    missing_files: int
    looked_for: int
    longer_side: int | None
    splits: dict[str, SplitCounts]
    never_present: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Return what was found, and what was not, for the terminal."""
        said = f"{self.rows} pictures of {len(self.data.tags)} tags ({self.data.format})"
        if self.missing_files:
            said += (
                f"; {self.missing_files} of {self.looked_for} files that were looked for are not "
                "there or cannot be read: see data.root"
            )
        if self.never_present:
            said += f"; left out, since no picture has them: {', '.join(self.never_present)}"
        return said


def survey(source: Path, tags: Sequence[str] = (), near: Path | None = None) -> Survey:
    """Look at a source.

    Args:
        source: Table, folder or file.
        tags: The vocabulary; default: what the source names.
        near: A further folder that paths may be relative to: the recipe's.

    Raises:
        InputError: The source is missing, of no known format, or damaged.
    """
    section = _section(source, tuple(tags), near)
    sources = open_sources(section)
    never: tuple[str, ...] = ()
    if section.format == "wide" and not tags and (never := _never_present(sources, section)):
        rest = tuple(tag for tag in section.tags if tag not in never)
        section = section.model_copy(update={"tags": rest or section.tags})
        sources = open_sources(section)
    if sources.listing.has_groups:
        section = section.model_copy(update={"split": SplitSection(by="group")})
    looked_at = [sources.jobs[i] for i in positions(len(sources.jobs), HASHED_FILES)]
    limits = Limits(section.max_pixels, section.max_file_bytes)
    hashes: dict[str, str] = {}
    for job in looked_at:
        try:
            data = read_file(job.file, limits)
        except ImageRejectedError:
            continue
        hashes[job.path] = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    section, splits = _splits(section, sources, hashes)
    sides = sorted(_longer_sides([job.file for job in looked_at if job.path in hashes], limits))
    return Survey(
        data=section,
        rows=len(sources.listing.entries),
        missing_files=len(looked_at) - len(hashes),
        looked_for=len(looked_at),
        longer_side=sides[len(sides) // 2] if sides else None,
        splits=splits,
        never_present=never,
    )


def _never_present(sources: Sources, section: DataSection) -> tuple[str, ...]:
    rows = {entry.labels for entry in sources.listing.entries}
    return tuple(
        tag for place, tag in enumerate(section.tags) if not any(row[place] == 1 for row in rows)
    )


def _section(source: Path, tags: tuple[str, ...], near: Path | None) -> DataSection:
    if not source.exists():
        raise InputError(
            f"{source}: no such file or folder; --source names the table or the folder of images, "
            "relative to the recipe"
        )
    if source.is_file() and source.suffix.lower() in TABLE_SUFFIXES:
        section, paths = _table_section(read_table(source), tags)
        return section.model_copy(update={"root": _root(source, paths, near)})
    format_ = detect(DataSection(source=source), None)
    asked = DataSection(source=source, format=format_, tags=(_PLACEHOLDER,))
    if format_ == "folders":
        _, unknown, _ = read_folders(source, source, asked)
        return DataSection(
            source=source, format="folders", tags=tags or tuple(tag.name for tag in unknown)
        )
    entries, unknown = read_regions(source, asked)
    numbers = [int(tag.name.removeprefix("label ")) for tag in unknown]
    numbered = tuple(f"label_{number}" for number in range(max(numbers, default=0) + 1))
    section = DataSection(source=source, format="regions", tags=tags or numbered)
    paths = [entry.path for entry in entries]
    return section.model_copy(update={"root": _root(source, paths, near)})


def _table_section(table: Table, tags: tuple[str, ...]) -> tuple[DataSection, list[str]]:
    source, columns = table.source, table.columns
    if {ID_COLUMN, VALUE_COLUMN} <= set(columns):
        section = DataSection(source=source, format="object_value", tags=tags or (VALUE_COLUMN,))
        ids = _texts(table, ID_COLUMN)
        return section, [f"{name}{suffix}" for name in ids[:20] for suffix in IMAGE_SUFFIXES]
    defaults = DataSection(source=source)
    path_column = _path_column(table, defaults.path_column)
    notes = {path_column, defaults.split_column, defaults.group_column}
    paths = _texts(table, path_column)
    labels = {name: _labels(table, name) for name in columns if name not in notes}
    wide = tuple(name for name, values in labels.items() if values - {None})
    lists = [name for name in TAGS_COLUMNS if name in columns and name not in (*wide, *notes)]
    if wide and not lists:
        section = DataSection(
            source=source,
            format="wide",
            path_column=path_column,
            tags=tags or wide,
        )
        return section, paths
    if not lists:
        raise InputError(
            f"{source}: no column holds labels (1, 0 or empty) or lists of tags "
            f"({', '.join(TAGS_COLUMNS)}); the table has {', '.join(map(repr, columns))}"
        )
    cells = _texts(table, lists[0])
    separator = max(SEPARATORS, key=lambda mark: sum(mark in cell for cell in cells))
    section = DataSection(
        source=source,
        format="list",
        path_column=path_column,
        tags_column=lists[0],
        tag_separator=separator,
        tags=(_PLACEHOLDER,),
    )
    _, unknown = read_tag_list(table, section)
    named = tags or tuple(tag.name for tag in unknown)
    if not named:
        raise InputError(f"{source}: column {lists[0]!r} names no tag; label at least one image")
    return section.model_copy(update={"tags": named}), paths


def _path_column(table: Table, usual: str) -> str:
    """Return the column that holds most names of images; the usual one where it is there."""
    if usual in table.columns:
        return usual
    named = {
        column: sum(Path(cell).suffix.lower() in IMAGE_SUFFIXES for cell in _texts(table, column))
        for column in table.columns
    }
    best = max(named, key=lambda column: named[column])
    if not named[best]:
        table.require((usual,))
    return best


def _texts(table: Table, column: str) -> list[str]:
    cells = (row.cells.get(column) for row in table.rows)
    return [cell for cell in cells if isinstance(cell, str) and cell]


def _labels(table: Table, column: str) -> set[int | None]:
    """Return which labels a column holds; none where a cell is no label."""
    try:
        return {parse_label(row.cells.get(column)) for row in table.rows}
    except ValueError:
        return set()


def _root(source: Path, paths: Sequence[str], near: Path | None) -> Path | None:
    """Return the folder that most paths lead to a file from, None where that is the default."""
    usual = source if source.is_dir() else source.parent
    inside = [child for child in sorted(usual.iterdir()) if child.is_dir()]
    others = [folder for folder in (near, usual.parent) if folder is not None]
    some = (paths[i] for i in positions(len(paths), TRIED_PATHS))
    sample = [path for path in some if not path.startswith("/")]
    best, most = usual, 0
    for folder in (usual, *inside, *others):
        hits = sum(os.path.isfile(folder / path) for path in sample)  # noqa: PTH113 (never raises)
        if hits > most:
            best, most = folder, hits
    return None if best == usual else best


def _splits(
    section: DataSection, sources: Sources, hashes: dict[str, str]
) -> tuple[DataSection, dict[str, SplitCounts]]:
    entries = [entry for entry in sources.listing.entries if entry.path in hashes]
    items = [SplitItem(hashes[e.path], e.group, e.split, e.labels) for e in entries]
    labels = [entry.labels for entry in entries]
    counted = count_labels(labels, assign_splits(items, section.split), section.tags)
    if _lacking(counted, section.tags):
        rare = section.split.model_copy(update={"rare_tags_first": True})
        again = count_labels(labels, assign_splits(items, rare), section.tags)
        if _lacking(again, section.tags) < _lacking(counted, section.tags):
            section, counted = section.model_copy(update={"split": rare}), again
    times = len(sources.listing.entries) / max(1, len(entries))
    return section, {name: _times(counts, times) for name, counts in counted.items()}


def _lacking(counts: dict[str, SplitCounts], tags: Sequence[str]) -> int:
    """Count pairs of a tag and a split where it has no positive."""
    return sum(
        name not in counts or not counts[name].tags[tag].positives
        for name in ("train", "validation", "test")
        for tag in tags
    )


def _times(counts: SplitCounts, times: float) -> SplitCounts:
    return SplitCounts(
        images=round(counts.images * times),
        tags={
            tag: TagCounts(**{key: round(value * times) for key, value in tag_counts})
            for tag, tag_counts in counts.tags.items()
        },
    )


def _longer_sides(files: Sequence[str], limits: Limits) -> list[int]:
    sides, contract = [], NetworkSection().preprocessing()
    for i in positions(len(files), DECODED_FILES):
        try:
            picture = read_image(read_file(files[i], limits), contract, limits.max_pixels)
        except ImageRejectedError:
            continue
        sides.append(max(picture.size))
    return sides
