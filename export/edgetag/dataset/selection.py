"""Which listed rows become images: bad ones and repeats are left out.

- An image that cannot be read is dropped, with every row that lists it.
- Rows with the same bytes (and the same region) are one image. The first row stays and takes over
  labels, split and group that only others know. Where one says 1 and another 0, nobody can tell
  which is right: the label is unknown until people answer. Of class folders 1 counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from edgetag.dataset.inspection import FileFacts, PictureFacts
from edgetag.dataset.listing import Crop, Entry, LabelRow
from edgetag.dataset.result import DroppedImage


class DropReason(StrEnum):
    """Why a row is left out although its image can be read; see also `Rejection`."""

    DUPLICATE = "duplicate"
    CONFLICT = "conflicting labels"
    NEAR_DUPLICATE = "near duplicate"


NOT_BAD = frozenset(DropReason)
"""Reasons that do not count against the limit of rejected images: these files are sound."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image of the manifest.

    `position` is its place among the usable pictures of the inspection. Labels, split and group are
    those of the first row, with what other rows of the same image add. `contested` are the columns
    of tags about which rows contradict each other; their labels are unknown. `repeats` are the
    other paths of the same image. Whether entries of other labels have been added up, `added_up`
    says; whether they name several splits, of which the first counts, `splits_differ`.
    """

    position: int
    entry: Entry
    labels: LabelRow
    digest: str
    sha1: str
    phash: str
    contested: tuple[int, ...] = ()
    repeats: tuple[str, ...] = ()
    added_up: bool = False
    splits_differ: bool = False

    @property
    def identity(self) -> str:
        """The file's digest, with the region where it is one."""
        crop = self.entry.crop
        return self.digest if crop is None else f"{self.digest}#{','.join(map(str, crop))}"


def select(
    entries: Sequence[Entry],
    files: Sequence[FileFacts],
    outside: Sequence[DroppedImage] = (),
    *,
    adds_up: bool = False,
) -> tuple[list[Image], list[DroppedImage]]:
    """Join the rows of every image that can be read.

    Rows that were dropped before inspection are in `outside`; the others' files were inspected.
    Of rows that add up, as `Listing` says, 1 counts.

    Returns:
        Images by ascending position, and dropped rows.
    """
    rows: dict[tuple[str, Crop | None], list[Entry]] = {}
    for entry in entries:
        rows.setdefault((entry.path, entry.crop), []).append(entry)
    dropped = list(outside)
    same: dict[tuple[str, Crop | None], list[Image]] = {}
    position = 0
    for file, picture in _pictures(files):
        listed = rows[(file.path, picture.crop)]
        if picture.reason is not None:
            dropped += [drop(entry, picture.reason, picture.detail) for entry in listed]
            continue
        same.setdefault((file.digest, picture.crop), []).extend(
            Image(position, entry, entry.labels, file.digest, file.sha1, picture.phash)
            for entry in listed
        )
        position += 1
    images = []
    for candidates in same.values():
        first, *repeats = candidates
        image = _merge(candidates, adds_up=adds_up)
        images.append(image)
        reason, what = DropReason.DUPLICATE, "the same image as"
        if image.contested:
            reason, what = DropReason.CONFLICT, "other labels than the same image at"
        elif image.added_up:
            what = "its tags are added to those of the same image at"
        detail = f"{what} {first.entry.path} ({first.entry.where})"
        dropped += [drop(repeat.entry, reason, detail) for repeat in repeats]
    return sorted(images, key=lambda image: image.position), dropped


def _pictures(files: Sequence[FileFacts]) -> Iterator[tuple[FileFacts, PictureFacts]]:
    for file in files:
        for picture in file.pictures:
            yield file, picture


def _merge(candidates: list[Image], *, adds_up: bool) -> Image:
    first = candidates[0]
    if len(candidates) == 1:
        return first
    splits = [c.entry.split for c in candidates if c.entry.split is not None]
    entry = replace(
        first.entry,
        split=next(iter(splits), None),
        group=next((c.entry.group for c in candidates if c.entry.group is not None), None),
        before=tuple(dict(pair for c in candidates for pair in c.entry.before).items()),
    )
    said = [set(column) - {None} for column in zip(*(c.labels for c in candidates), strict=True)]
    if adds_up:
        said = [{1} if 1 in known else known for known in said]
    return replace(
        first,
        entry=entry,
        labels=tuple(next(iter(known)) if len(known) == 1 else None for known in said),
        contested=tuple(column for column, known in enumerate(said) if len(known) > 1),
        added_up=adds_up and len({c.labels for c in candidates}) > 1,
        splits_differ=len(set(splits)) > 1,
        repeats=tuple(
            dict.fromkeys(c.entry.path for c in candidates if c.entry.path != entry.path)
        ),
    )


def drop(entry: Entry, reason: str, detail: str) -> DroppedImage:
    """Return that a row is left out, and why."""
    return DroppedImage(path=entry.path, reason=str(reason), detail=detail, where=entry.where)
