"""From a recipe's data section to what the manifest would hold; shared by `run` and `check`.

Nothing is written here but the parts of an unfinished cache, where a folder for them is given.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unicodedata import normalize

from edgetag.dataset.answers import Answer, read_answers
from edgetag.dataset.build_cache import Inspection, inspect
from edgetag.dataset.correcting import correct
from edgetag.dataset.formats import read_listing
from edgetag.dataset.inspection import FileJob, Limits
from edgetag.dataset.listing import Crop, Entry, LabelRow, Listing
from edgetag.dataset.location import Locator, foreign, is_file_name, shown
from edgetag.dataset.near_duplicates import find_near_duplicates
from edgetag.dataset.result import Correction, DroppedImage, NearDuplicate, SplitCounts, TagCounts
from edgetag.dataset.selection import NOT_BAD, DropReason, Image, drop, select
from edgetag.dataset.split import TRAIN, SplitItem, assign_splits
from edgetag.errors import InputError
from edgetag.preprocess import IMAGE_SUFFIXES, Preprocessing, Rejection
from edgetag.progress import Progress
from edgetag.recipe import DataSection, SplitSection
from edgetag.tables.formats import counted, format_count
from edgetag.tables.text import first_few, not_looked_into

NAMED = 3
"""Examples in a sentence; tables and files have all."""


@dataclass(frozen=True)
class Sources:
    """What is known before any image is opened."""

    listing: Listing
    jobs: tuple[FileJob, ...]
    outside: tuple[DroppedImage, ...]
    nameless: tuple[DroppedImage, ...] = ()
    """Rows whose path no file can have."""
    answers: tuple[Answer, ...] = ()
    """Of the tables of corrections, in their order."""

    def passed_over(self) -> str:
        """Return what beside the images was not looked at, if anything was, and why."""
        listing, files = self.listing, ""
        if listing.ignored_files:
            files = (
                f"passed over in {listing.source}: {counted(listing.ignored_files, 'file')}, "
                "hidden (.name), in no class folder, or without an ending of "
                f"{', '.join(sorted(IMAGE_SUFFIXES))}"
            )
        return "; ".join(filter(None, (files, not_looked_into(listing.linked_folders))))

    def problems(self, section: DataSection) -> list[str]:
        """Return what stops a run, one sentence each."""
        problems = []
        if self.outside:
            first = self.outside[0]
            remedy = "list paths relative to the data root and inside it, or set data.root"
            if self.listing.format == "folders":
                remedy = "put copies in place of links that lead out of it"
            problems.append(
                f"{first.where}: {first.path!r} {first.detail}{_others(len(self.outside))}; "
                f"{remedy}"
            )
        if self.listing.unknown_tags and section.unknown_tags == "refuse":
            names = ", ".join(repr(tag.name) for tag in self.listing.unknown_tags[:12])
            known = {normalize("NFC", name) for name in section.tags}
            twins = [t.name for t in self.listing.unknown_tags if normalize("NFC", t.name) in known]
            hint = ""
            if twins:  # macOS writes names of files with letters and marks apart
                spelt = "".join(c if c.isascii() else f"\\U{ord(c):08x}" for c in twins[0])
                hint = (
                    f"; {twins[0]!r} looks like one of them, but is of other characters: write "
                    f'"{spelt}" there'
                )
            problems.append(
                f"{self.listing.unknown_tags[0].where}: not in data.tags: {names}; add them "
                f'there, or set data.unknown_tags = "ignore"{hint}'
            )
        strange = [answer for answer in self.answers if answer.tag not in section.tags]
        if strange and section.unknown_tags == "refuse":
            problems.append(
                f"{strange[0].where}: {strange[0].tag!r} is not in data.tags; add it there, or set "
                'data.unknown_tags = "ignore"'
            )
        return problems


@dataclass(frozen=True)
class Plan:
    """What the manifest would hold and what is left out."""

    sources: Sources
    inspection: Inspection
    images: tuple[Image, ...]
    splits: tuple[str, ...]
    dropped: tuple[DroppedImage, ...]
    near_duplicates: tuple[NearDuplicate, ...]
    answered: tuple[tuple[str, ...], ...]
    """Of each image, the tags whose label people's answers decided."""
    corrections: tuple[Correction, ...]
    said: tuple[Answer, ...]
    """Answers about these images, as `correcting.Corrected` has them."""

    def rejected(self) -> dict[str, int]:
        """Return dropped rows by reason, sorted."""
        return dict(sorted(Counter(image.reason for image in self.dropped).items()))

    def left_out(self) -> str:
        """Return how many rows are left out, why, and some of each reason with their place."""
        reasons = []
        for reason, count in self.rejected().items():
            places = [image.where for image in self.dropped if image.reason == reason]
            reasons.append(f"{format_count(count)} {reason}: {first_few(places, NAMED)}")
        return "; ".join(reasons)

    def rejected_share(self) -> float:
        """Return bad rows ÷ all rows."""
        bad = sum(image.reason not in NOT_BAD for image in self.dropped)
        return bad / len(self.sources.listing.entries)

    def straddling_groups(self) -> tuple[str, ...]:
        """Return groups whose images are in more than one split, sorted.

        Regions of one file are a group where they have no other, which bears its path.
        """
        splits: dict[str, set[str]] = {}
        for image, split in zip(self.images, self.splits, strict=True):
            if (group := _group(image)) is not None:
                splits.setdefault(group, set()).add(split)
        return tuple(sorted(group for group, names in splits.items() if len(names) > 1))

    def straddling(self) -> str:
        """Return how many groups are in more than one split, if any are, and what to do."""
        groups = self.straddling_groups()
        if not groups:
            return ""
        given: dict[str | None, set[str]] = {}
        for image in self.images:
            if image.entry.split is not None:
                given.setdefault(_group(image), set()).add(image.entry.split)
        by_hash = [group for group in groups if len(given.get(group, ())) < 2]
        remedy = 'data.split.by = "group" keeps them together'
        if not by_hash:
            remedy = "data.split_column says so: give each of them one split there"
        first = (by_hash or groups)[0]
        return (
            f"in more than one split: {counted(len(groups), 'group')}, such as {first!r}; {remedy}"
        )

    def counts(self, tags: Sequence[str]) -> dict[str, SplitCounts]:
        """Return the images and labels of each split, sorted by its name."""
        return count_labels([image.labels for image in self.images], self.splits, tags)

    def problems(self, section: DataSection) -> list[str]:
        """Return what stops a run, one sentence each."""
        source = self.sources.listing.source
        problems = self.sources.problems(section)
        share = self.rejected_share()
        reasons = self.left_out()
        if not self.images:
            problems.append(
                f"{source}: not one of {format_count(len(self.sources.listing.entries))} rows "
                "gives a usable "
                f"image ({reasons}); check data.root and the files"
            )
        elif share > section.max_rejected_share:
            first = next(image for image in self.dropped if image.reason not in NOT_BAD)
            problems.append(
                f"{source}: {share:.1%} of the rows are rejected ({reasons}), over the limit of "
                f"{section.max_rejected_share:.1%}, for instance {first.path}: {first.reason}: "
                f"{first.detail}. See all with: edgetag data check; mend them, or raise "
                "data.max_rejected_share"
            )
        return problems


def _group(image: Image) -> str | None:
    entry = image.entry
    return entry.path if entry.group is None and entry.crop is not None else entry.group


def _splits(images: Sequence[Image], section: SplitSection) -> list[str]:
    """Return the split of each image."""
    items = [
        SplitItem(image.sha1, image.entry.group, image.entry.split, image.labels)
        for image in images
    ]
    return assign_splits(items, section)


def count_labels(
    labels: Sequence[LabelRow], splits: Sequence[str], tags: Sequence[str]
) -> dict[str, SplitCounts]:
    """Return the images and labels of each split, sorted by its name."""
    result = {}
    for split in sorted(set(splits)):
        rows = [row for row, own in zip(labels, splits, strict=True) if own == split]
        columns = [Counter(column) for column in zip(*rows, strict=True)]
        result[split] = SplitCounts(
            images=len(rows),
            tags={
                tag: TagCounts(positives=count[1], negatives=count[0], unknown=count[None])
                for tag, count in zip(tags, columns, strict=True)
            },
        )
    return result


def _others(count: int) -> str:
    return f", and {format_count(count - 1)} more lead to nothing inside it" if count > 1 else ""


def open_sources(section: DataSection) -> Sources:
    """Read the listing and find the file of every row.

    Raises:
        InputError: The source is missing, damaged, empty, or cannot be split as asked.
    """
    listing = read_listing(section)
    if not listing.entries:
        raise InputError(f"{listing.source}: no image is listed; list at least one")
    if section.split.by == "group" and not listing.has_groups:
        raise InputError(
            f'{listing.source}: data.split.by = "group", but there is no column '
            f"{section.group_column!r}; add it, or name it in data.group_column"
        )
    vocabulary = section.vocabulary()
    answers = [answer for path in section.corrections for answer in read_answers(path, vocabulary)]
    return replace(located(listing), answers=tuple(answers))


def located(listing: Listing) -> Sources:
    """Find the file of every row of a listing."""
    locator = Locator(listing.root)
    files: dict[str, str | None] = {}
    crops: dict[str, dict[Crop | None, None]] = {}
    outside, nameless = [], []
    for entry in listing.entries:
        if not is_file_name(entry.path):
            nameless.append(_nameless(entry))
            continue
        if entry.path not in files:
            files[entry.path] = locator.locate(entry.path)
        file, odd = files[entry.path], foreign(entry.path)
        if file is None:
            outside.append(
                drop(entry, Rejection.OUTSIDE_ROOT, odd or f"leaves the data root {listing.root}")
            )
        elif odd and not os.path.lexists(file):
            outside.append(drop(entry, Rejection.OUTSIDE_ROOT, odd))
        else:
            crops.setdefault(entry.path, {})[entry.crop] = None
    jobs = tuple(
        FileJob(path, file, tuple(crops[path]))
        for path, file in files.items()
        if file is not None and path in crops
    )
    unknown = tuple(
        tag.replace(name=shown(tag.name), where=shown(tag.where)) for tag in listing.unknown_tags
    )
    listing = replace(listing, unknown_tags=unknown)
    return Sources(listing, jobs, tuple(outside), tuple(nameless))


def _nameless(entry: Entry) -> DroppedImage:
    return DroppedImage(
        path=shown(entry.path),
        reason=str(Rejection.UNREADABLE),
        detail="the name is no valid text or has control characters; rename the file",
        where=shown(entry.where),
    )


def make_plan(
    sources: Sources,
    section: DataSection,
    contract: Preprocessing,
    building: Path | None,
    progress: Progress,
) -> Plan:
    """Look at every image once and decide what the manifest would hold.

    Pixels are kept in `building`, where that is given.

    Raises:
        InputError: The disk is full or a worker was killed.
    """
    limits = Limits(section.max_pixels, section.max_file_bytes)
    inspection = inspect(sources.jobs, contract, limits, building, progress)
    outside = (*sources.outside, *sources.nameless)
    listing = sources.listing
    images, dropped = select(listing.entries, inspection.files, outside, adds_up=listing.adds_up)
    while True:
        splits = _splits(images, section.split)
        near = find_near_duplicates(
            [image.phash for image in images], splits, section.near_duplicate_bits
        )
        # An image is dropped only for a training image; once it is gone the split may change.
        leaking = {row: other for row, other, _ in near if splits[other] == TRAIN}
        if not (section.drop_near_duplicates and leaking):
            break
        for row, other in leaking.items():
            detail = f"nearly equals the training image {images[other].entry.path}"
            dropped.append(drop(images[row].entry, DropReason.NEAR_DUPLICATE, detail))
        images = [image for row, image in enumerate(images) if row not in leaking]
    pairs = tuple(
        NearDuplicate(
            path=images[row].entry.path,
            split=splits[row],
            other_path=images[other].entry.path,
            other_split=splits[other],
            distance_bits=bits,
        )
        for row, other, bits in near
    )
    # Splits follow from the source's labels, so that no correction moves a picture between them.
    answers = [answer for answer in sources.answers if answer.tag in section.tags]
    digests = {file.path: file.digest for file in inspection.files}
    corrected = correct(images, answers, section.tags, digests)
    return Plan(
        sources,
        inspection,
        corrected.images,
        tuple(splits),
        tuple(dropped),
        pairs,
        corrected.answered,
        corrected.corrections,
        corrected.said,
    )
