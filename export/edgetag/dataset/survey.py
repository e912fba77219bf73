"""What labels and images are there, before a recipe says so: what `edgetag recipe new` writes.

The format readers do the reading; here it is only guessed what to ask them for.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgetag.dataset.formats import Draft, draft
from edgetag.dataset.inspection import Limits
from edgetag.dataset.plan import Sources, count_labels, open_sources
from edgetag.dataset.result import SplitCounts, TagCounts
from edgetag.dataset.source_files import read_file
from edgetag.dataset.split import SplitItem, assign_splits
from edgetag.errors import InputError
from edgetag.preprocess import ImageRejectedError, read_image
from edgetag.recipe import DataSection, NetworkSection, SplitSection
from edgetag.sampling import positions
from edgetag.tables.formats import counted, format_count
from edgetag.userfiles import exists

HASHED_FILES = 2000
"""Files whose split is looked up by their hash; of more, so many are taken at even distances."""

DECODED_FILES = 40
"""Pictures whose size is looked at."""

TRIED_PATHS = 200
"""Paths of a table by which the folder that they start from is found."""


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
        spoilt: Columns that are left out since some cells are no labels, with the first of those.
        not_groups: A column that is called like one of groups, but holds labels.
    """

    data: DataSection
    rows: int
    missing_files: int
    looked_for: int
    longer_side: int | None
    splits: dict[str, SplitCounts]
    never_present: tuple[str, ...] = ()
    spoilt: tuple[str, ...] = ()
    not_groups: str = ""

    def sentence(self) -> str:
        """Return what was found, and what was not, for the terminal."""
        pictures, tags = counted(self.rows, "picture"), counted(len(self.data.tags), "tag")
        said = f"{pictures} of {tags} ({self.data.format})"
        if self.missing_files:
            said += (
                f"; {format_count(self.missing_files)} of {format_count(self.looked_for)} files "
                "that were looked for are not "
                "there, outside the data root, or cannot be read: see data.root"
            )
        if self.not_groups:
            said += (
                f"; {self.not_groups!r} is a tag, since it holds 1 and 0 alone: if it says what "
                "belongs together, take it out of data.tags and delete data.group_column"
            )
        if self.never_present:
            said += f"; left out, since no picture has them: {', '.join(self.never_present)}"
        if self.spoilt:
            said += (
                f"; left out, since a cell is no label (1, 0 or empty): {', '.join(self.spoilt)}; "
                "to have them as tags, mend the table and write the recipe anew"
            )
        return said


def survey(source: Path, tags: Sequence[str] = (), near: Path | None = None) -> Survey:
    """Look at a source.

    Without tags they are those that the source names. Paths may also be relative to the folder
    `near`, the recipe's.

    Raises:
        InputError: The source is missing, of no known format, or damaged.
    """
    drafted = _draft(source, tuple(tags), near)
    section = drafted.section
    usual = DataSection.model_fields["group_column"].default
    is_guess = not tags and section.group_column != usual
    sources = open_sources(section)
    if sources.listing.has_groups:
        section = section.replace(split=SplitSection(by="group"))
    looked_at = [sources.jobs[i] for i in positions(len(sources.jobs), HASHED_FILES)]
    limits = Limits(section.max_pixels, section.max_file_bytes)
    hashes: dict[str, str] = {}
    for job in looked_at:
        try:
            data = read_file(job.file, limits.max_file_bytes)
        except ImageRejectedError:
            continue
        hashes[job.path] = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    section, splits = _splits(section, sources, hashes)
    sides = sorted(_longer_sides([job.file for job in looked_at if job.path in hashes], limits))
    return Survey(
        data=section,
        rows=len(sources.listing.entries),
        missing_files=len(looked_at) - len(hashes) + len(sources.outside),
        looked_for=len(looked_at) + len(sources.outside),
        longer_side=sides[len(sides) // 2] if sides else None,
        splits=splits,
        never_present=drafted.never_present,
        spoilt=drafted.spoilt,
        not_groups=usual if is_guess else "",
    )


def _draft(source: Path, tags: tuple[str, ...], near: Path | None) -> Draft:
    if not exists(source):
        raise InputError(
            f"{source}: no such file or folder; --source names the table or the folder of images, "
            "relative to the recipe"
        )
    drafted = draft(DataSection(source=source), tags)
    root = _root(source, drafted.paths, near) if drafted.paths else None
    return replace(drafted, section=drafted.section.replace(root=root))


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
        rare = section.split.replace(rare_tags_first=True)
        again = count_labels(labels, assign_splits(items, rare), section.tags)
        if _lacking(again, section.tags) < _lacking(counted, section.tags):
            section, counted = section.replace(split=rare), again
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
            data = read_file(files[i], limits.max_file_bytes)
            picture = read_image(data, contract, limits.max_pixels)
        except ImageRejectedError:
            continue
        sides.append(max(picture.size))
    return sides
