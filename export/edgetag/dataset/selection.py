"""Which listed rows become images: bad ones, repeats and contradictions are left out.

- An image that cannot be read is dropped, with every row that lists it.
- Rows with the same bytes (and the same region) are one image. If they agree, the first row stays
  and takes over labels that only the others know; if one says 1 and another 0, all are dropped,
  since nobody can tell which is right.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edgetag.dataset.inspection import FileFacts, PictureFacts
from edgetag.dataset.listing import Crop, Entry, LabelRow
from edgetag.dataset.result import DroppedImage


class DropReason(StrEnum):
    """Why a row is left out although its image can be read; see also `Rejection`."""

    DUPLICATE = "duplicate"
    CONFLICT = "conflicting labels"
    NEAR_DUPLICATE = "near duplicate"


NOT_BAD = frozenset({DropReason.DUPLICATE, DropReason.NEAR_DUPLICATE})
"""Reasons that do not count against the limit of rejected images: these files are sound."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image of the manifest.

    `position` is its place among the usable pictures of the inspection. Labels are those of the
    row that is kept, with what other rows of the same image add.
    """

    position: int
    entry: Entry
    labels: LabelRow
    digest: str
    sha1: str
    phash: str

    @property
    def identity(self) -> str:
        """The file's digest, with the region where it is one."""
        crop = self.entry.crop
        return self.digest if crop is None else f"{self.digest}#{','.join(map(str, crop))}"


def select(
    entries: Sequence[Entry], files: Sequence[FileFacts], outside: Sequence[DroppedImage] = ()
) -> tuple[list[Image], list[DroppedImage]]:
    """Decide for every row whether it becomes an image.

    Rows that were dropped before inspection are in `outside`; the others' files were inspected.

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
        image, repeats = _merge(candidates)
        dropped += repeats
        if image is not None:
            images.append(image)
    return sorted(images, key=lambda image: image.position), dropped


def _pictures(files: Sequence[FileFacts]) -> Iterator[tuple[FileFacts, PictureFacts]]:
    for file in files:
        for picture in file.pictures:
            yield file, picture


def _merge(candidates: list[Image]) -> tuple[Image | None, list[DroppedImage]]:
    first = candidates[0]
    if len(candidates) == 1:
        return first, []
    labels: list[int | None] = []
    for column in zip(*(image.labels for image in candidates), strict=True):
        known = set(column) - {None}
        if len(known) > 1:
            places = ", ".join(image.entry.where for image in candidates)
            detail = f"the same image has contradicting labels at {places}"
            return None, [drop(image.entry, DropReason.CONFLICT, detail) for image in candidates]
        labels.append(known.pop() if known else None)
    kept = Image(first.position, first.entry, tuple(labels), first.digest, first.sha1, first.phash)
    detail = f"the same image as {first.entry.path} ({first.entry.where})"
    return kept, [drop(image.entry, DropReason.DUPLICATE, detail) for image in candidates[1:]]


def drop(entry: Entry, reason: str, detail: str) -> DroppedImage:
    """Return that a row is left out, and why."""
    return DroppedImage(path=entry.path, reason=str(reason), detail=detail, where=entry.where)
