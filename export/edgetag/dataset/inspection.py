"""One pass over an image file's bytes: digests, decoding, letterboxing, perceptual hash.

This runs in worker processes, so it imports neither TensorFlow nor polars. A part is a run of
files in listing order; its pixels are written by the worker that decoded them and its facts after
the pixels, so a part whose facts exist is whole.
"""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import imagehash
import numpy as np
from PIL import Image

from edgetag.arrays import write_array
from edgetag.dataset.listing import Crop
from edgetag.dataset.source_files import cut, read_file
from edgetag.preprocess import (
    ImageRejectedError,
    Pixels,
    Preprocessing,
    Rejection,
    content_box,
    letterbox,
    read_image,
)
from edgetag.records import Record, Result
from edgetag.writing import write_text


@dataclass(frozen=True, slots=True)
class FileJob:
    """A file to look at and the pictures to cut from it (None: the whole)."""

    path: str
    file: str
    crops: tuple[Crop | None, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused unopened."""

    max_pixels: int
    max_file_bytes: int


class PictureFacts(Record):
    """What is known of one picture; `reason` is set where it cannot be used."""

    crop: Crop | None
    phash: str = ""
    reason: Rejection | None = None
    detail: str = ""


class FileFacts(Record):
    """What is known of one file; size and time tell whether it is still the same."""

    path: str
    size_bytes: int
    modified_ns: int
    digest: str = ""
    sha1: str = ""
    pictures: tuple[PictureFacts, ...]


class PartFacts(Result):
    """`part-<n>.json` of an unfinished cache."""

    SCHEMA: ClassVar[str] = "edgetag.cache-part/1.0"
    files: tuple[FileFacts, ...]


def pixels_path(folder: Path, part: int) -> Path:
    """Return a part's pixels: `[usable pictures, size, size, 3]` uint8."""
    return folder / f"part-{part:06d}.npy"


def facts_path(folder: Path, part: int) -> Path:
    """Return a part's facts, written after its pixels."""
    return folder / f"part-{part:06d}.json"


def inspect_part(
    jobs: tuple[FileJob, ...],
    contract: Preprocessing,
    limits: Limits,
    folder: Path | None,
    part: int,
) -> PartFacts:
    """Look at some files, each once, and keep the pixels if there is a folder for them.

    `part` is the number in the names of pixels and facts.

    Returns:
        The facts, in the order of `jobs`.

    Raises:
        InputError: The disk is full.
    """
    files: list[FileFacts] = []
    pixels: list[Pixels] = []
    for job in jobs:
        facts, squares = inspect_file(job, contract, limits)
        files.append(facts)
        if folder is not None:
            pixels += squares
    result = PartFacts(files=tuple(files))
    if folder is not None:
        size = contract.input_size
        whole = np.stack(pixels) if pixels else np.empty((0, size, size, 3), np.uint8)
        write_array(pixels_path(folder, part), whole)
        write_text(facts_path(folder, part), result.model_dump_json(by_alias=True))
    return result


def inspect_file(
    job: FileJob, contract: Preprocessing, limits: Limits
) -> tuple[FileFacts, list[Pixels]]:
    """Read, hash, decode and letterbox one file.

    Returns:
        Its facts and the pixels `[size, size, 3]` of each usable picture, in order.
    """
    size_bytes, modified_ns = file_state(job.file)
    digest = sha1 = ""
    try:
        data = read_file(job.file, limits.max_file_bytes)
        digest = hashlib.sha256(data).hexdigest()
        sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        image = read_image(data, contract, limits.max_pixels)
        opened = [_picture(image, crop, contract) for crop in job.crops]
    except ImageRejectedError as error:
        reason, detail = error.reason, error.detail
        opened = [
            (PictureFacts(crop=crop, reason=reason, detail=detail), None) for crop in job.crops
        ]
    facts = FileFacts(
        path=job.path,
        size_bytes=size_bytes,
        modified_ns=modified_ns,
        digest=digest,
        sha1=sha1,
        pictures=tuple(picture for picture, _ in opened),
    )
    return facts, [square for _, square in opened if square is not None]


def file_state(file: str) -> tuple[int, int]:
    """Return size in bytes and time of the last change in ns, or (-1, -1) without a file."""
    try:
        state = os.stat(file)  # noqa: PTH116 (hot)
    except OSError:
        return -1, -1
    return state.st_size, state.st_mtime_ns


def _picture(
    image: Image.Image, crop: Crop | None, contract: Preprocessing
) -> tuple[PictureFacts, Pixels | None]:
    try:
        image = cut(image, crop)
    except ImageRejectedError as error:
        return PictureFacts(crop=crop, reason=error.reason, detail=error.detail), None
    square = letterbox(image, contract)
    left, top, right, bottom = content_box(image.size, contract)
    return PictureFacts(crop=crop, phash=perceptual_hash(square[top:bottom, left:right])), square


def perceptual_hash(pixels: Pixels) -> str:
    """Return the 64-bit DCT hash of a picture, as 16 hex digits.

    It is taken from the letterboxed picture without its bars: nearly the same hash as the
    original's, for a fraction of the time.
    """
    return str(imagehash.phash(Image.fromarray(pixels)))


def usable(files: Iterable[FileFacts]) -> int:
    """Count the pictures that have pixels."""
    return sum(picture.reason is None for file in files for picture in file.pictures)
