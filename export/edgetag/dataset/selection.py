"""Which listed rows become images: bad ones, repeats and contradictions are left out.

- An image that cannot be read is dropped, with every row that lists it.
- Rows with the same bytes (and the same region) are one image. If they agree, the first row stays
  and takes over labels that only the others know. If one says 1 and another 0, nobody can tell
  which is right, so all are dropped, unless people have answered about the picture: then it
  stays, and a label that neither rows nor people decide is unknown.
"""

from collections.abc import Collection, Iterator, Sequence
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


NOT_BAD = frozenset({DropReason.DUPLICATE, DropReason.NEAR_DUPLICATE})
"""Reasons that do not count against the limit of rejected images: these files are sound."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image of the manifest.

    `position` is its place among the usable pictures of the inspection. Labels are those of the
    first row, with what other rows of the same image add; `repeats` are these rows. `contested`
    says whether rows contradict each other about a tag, whose label is unknown then.
    """

    position: int
    entry: Entry
    labels: LabelRow
    digest: str
    sha1: str
    phash: str
    repeats: tuple[Entry, ...] = ()
    contested: bool = False

    @property
    def identity(self) -> str:
        """The file's digest, with the region where it is one."""
        crop = self.entry.crop
        return self.digest if crop is None else f"{self.digest}#{','.join(map(str, crop))}"


def select(
    entries: Sequence[Entry], files: Sequence[FileFacts], outside: Sequence[DroppedImage] = ()
) -> tuple[list[Image], list[DroppedImage]]:
    """Join the rows of every image that can be read.

    Rows that were dropped before inspection are in `outside`; the others' files were inspected.

    Returns:
        Images by ascending position, and dropped rows. `settle` says which of them stay.
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
    images = [_merge(candidates) for candidates in same.values()]
    return sorted(images, key=lambda image: image.position), dropped


def settle(
    images: Sequence[Image], answered: Sequence[Collection[str]]
) -> tuple[list[Image], list[DroppedImage]]:
    """Leave out repeats, and images whose rows contradict each other if nobody has answered.

    Args:
        images: As `select` returns them.
        answered: Of each, the tags whose label people's answers decide.

    Returns:
        The images that stay, and dropped rows.
    """
    kept: list[Image] = []
    dropped: list[DroppedImage] = []
    for image, tags in zip(images, answered, strict=True):
        rows = (image.entry, *image.repeats)
        if image.contested and not tags:
            places = ", ".join(entry.where for entry in rows)
            detail = f"the same image has contradicting labels at {places}"
            dropped += [drop(entry, DropReason.CONFLICT, detail) for entry in rows]
        else:
            kept.append(image)
            detail = f"the same image as {image.entry.path} ({image.entry.where})"
            dropped += [drop(entry, DropReason.DUPLICATE, detail) for entry in image.repeats]
    return kept, dropped


def _pictures(files: Sequence[FileFacts]) -> Iterator[tuple[FileFacts, PictureFacts]]:
    for file in files:
        for picture in file.pictures:
            yield file, picture


def _merge(candidates: list[Image]) -> Image:
    first = candidates[0]
    if len(candidates) == 1:
        return first
    said = [set(column) - {None} for column in zip(*(c.labels for c in candidates), strict=True)]
    return replace(
        first,
        labels=tuple(next(iter(known)) if len(known) == 1 else None for known in said),
        repeats=tuple(image.entry for image in candidates[1:]),
        contested=any(len(known) > 1 for known in said),
    )


def drop(entry: Entry, reason: str, detail: str) -> DroppedImage:
    """Return that a row is left out, and why."""
    return DroppedImage(path=entry.path, reason=str(reason), detail=detail, where=entry.where)
