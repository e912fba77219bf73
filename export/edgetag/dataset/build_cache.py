"""The image cache: every image is decoded once, in parallel, and a killed build resumes.

Which images have a row is known only after all were looked at: duplicates and near duplicates are
found by their digests and hashes. So workers leave pixels in parts, in listing order, and the
rows that are kept are then copied into the cache's shards in one sequential pass. A part that is
whole is not made again; nor is a shard.
"""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgetag.cache_index import CacheIndex
from edgetag.dataset.inspection import (
    FileFacts,
    FileJob,
    Limits,
    PartFacts,
    facts_path,
    file_state,
    inspect_part,
    pixels_path,
    usable,
)
from edgetag.dataset.integrity import seal
from edgetag.dataset.workers import run_all
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.image_cache import SHARD_IMAGES, shard_path
from edgetag.machine import cores
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.progress import Progress
from edgetag.workspace import digest_json
from edgetag.writing import atomic_write

PART_PICTURES = 128
"""Pictures per part: what a killed build loses per core, about a second's work."""

INLINE_PICTURES = 64
"""Up to so many pictures, starting worker processes takes longer than the work."""


@dataclass(frozen=True)
class Inspection:
    """All files' facts, in listing order, and where their pixels wait."""

    files: tuple[FileFacts, ...]
    folder: Path | None
    part_files: tuple[int, ...]
    """How many files each part has."""


def inspect(
    jobs: Sequence[FileJob],
    contract: Preprocessing,
    limits: Limits,
    building: Path | None,
    progress: Progress,
    workers: int | None = None,
) -> Inspection:
    """Look at every file once.

    Args:
        jobs: The files, in listing order.
        contract: What the pixels are made by.
        limits: What is refused unopened.
        building: Folder for unfinished caches, or None to keep no pixels. Parts of the same jobs
            in it, made by the same code and packages, are used again if their files have not
            changed; others are removed.
        progress: Told of every part.
        workers: Processes; default: the cores this process may use.

    Raises:
        InputError: The disk is full or a worker was killed.
    """
    parts = list(_parts(jobs))
    folder = None
    if building is not None:
        folder = building / _fingerprint(jobs, contract, limits)[:16]
        _remove_others(building, folder)
    facts: dict[int, PartFacts] = {}
    if folder is not None:
        for number, part in enumerate(parts):
            if (known := _finished(folder, number, part)) is not None:
                facts[number] = known
    pictures = sum(len(job.crops) for job in jobs)
    calls = [
        (number, (part, contract, limits, folder, number))
        for number, part in enumerate(parts)
        if number not in facts
    ]
    if workers is None:
        workers = 1 if pictures <= INLINE_PICTURES else min(cores(), len(calls))
    with progress.track("looking at images", pictures, "images") as task:
        if facts:
            task.advance(sum(len(job.crops) for number in facts for job in parts[number]))
        for number, result in run_all(inspect_part, calls, workers):
            facts[number] = result
            task.advance(sum(len(job.crops) for job in parts[number]))
    files = tuple(file for number in range(len(parts)) for file in facts[number].files)
    return Inspection(files, folder, tuple(len(part) for part in parts))


def cache_fingerprint(contract: Preprocessing, identities: Sequence[str]) -> str:
    """Return the digest of the contract and of every image's digest and crop, in order."""
    digest = hashlib.sha256(contract.digest().encode())
    for identity in identities:
        digest.update(f"\n{identity}".encode())
    return digest.hexdigest()


def write_cache(
    inspection: Inspection,
    rows: Sequence[int],
    contract: Preprocessing,
    fingerprint: str,
    progress: Progress,
    shard_images: int = SHARD_IMAGES,
) -> Path:
    """Copy the pixels that are kept into a whole cache beside its parts.

    `inspection` was made with a folder; `rows` are positions among all usable pictures,
    ascending.

    Returns:
        The folder of the finished cache; the caller moves it to its place.

    Raises:
        InputError: The disk is full, or parts vanished while the stage ran.
    """
    if inspection.folder is None:
        raise ValueError("the inspection kept no pixels")
    folder = inspection.folder / f"cache-{fingerprint[:16]}"
    chosen = np.asarray(rows, dtype=np.int64)
    shards = range(0, len(chosen), shard_images)
    parts = _PartReader(inspection)
    with progress.track("writing the cache", len(chosen), "images") as task:
        for shard, start in enumerate(shards):
            members = chosen[start : start + shard_images]
            path = shard_path(folder, shard)
            if not path.exists():
                _write_shard(path, parts, members, contract.input_size)
            task.advance(len(members))
    index = CacheIndex(
        images=len(chosen),
        input_size=contract.input_size,
        shard_images=shard_images,
        fingerprint=fingerprint,
        shards=seal(folder, len(shards)),
    )
    index.write(folder / "index.json")
    return folder


class _PartReader:
    """Reads usable pictures by position; parts are memory-mapped one at a time."""

    def __init__(self, inspection: Inspection) -> None:
        if inspection.folder is None:
            raise ValueError("the inspection kept no pixels")
        self._folder = inspection.folder
        ends, files = [], iter(inspection.files)
        total = 0
        for count in inspection.part_files:
            total += usable(next(files) for _ in range(count))
            ends.append(total)
        self._ends = np.array(ends, dtype=np.int64)

    def read(self, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Iterator[Pixels]:
        numbers = np.searchsorted(self._ends, rows, side="right")
        for number in np.unique(numbers):
            path = pixels_path(self._folder, int(number))
            try:
                pixels = np.load(path, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError) as error:
                raise InputError(
                    f"{path}: {error}; delete {self._folder} and run the same command again"
                ) from None
            first = self._ends[number - 1] if number else 0
            yield pixels[rows[numbers == number] - first]


def _write_shard(
    path: Path, parts: _PartReader, rows: np.ndarray[tuple[int], np.dtype[np.int64]], size: int
) -> None:
    header = {
        "descr": "|u1",
        "fortran_order": False,
        "shape": (len(rows), size, size, 3),
    }
    with atomic_write(path) as file:
        np.lib.format.write_array_header_1_0(file, header)  # type: ignore[no-untyped-call]
        for pixels in parts.read(rows):
            file.write(pixels.tobytes())


def _parts(jobs: Sequence[FileJob]) -> Iterator[tuple[FileJob, ...]]:
    part: list[FileJob] = []
    pictures = 0
    for job in jobs:
        if part and pictures + len(job.crops) > PART_PICTURES:
            yield tuple(part)
            part, pictures = [], 0
        part.append(job)
        pictures += len(job.crops)
    if part:
        yield tuple(part)


def _fingerprint(jobs: Sequence[FileJob], contract: Preprocessing, limits: Limits) -> str:
    return digest_json(
        {
            "contract": contract.digest(),
            "limits": [limits.max_pixels, limits.max_file_bytes],
            "part": PART_PICTURES,
            "made with": dependencies_of("edgetag.dataset.inspection").digest,
            "jobs": [[job.path, job.file, job.crops] for job in jobs],
        }
    )


def _remove_others(building: Path, folder: Path) -> None:
    if building.is_dir():
        for other in building.iterdir():
            if other != folder:
                shutil.rmtree(other)


def _finished(folder: Path, number: int, jobs: tuple[FileJob, ...]) -> PartFacts | None:
    """Return a part's facts if it is whole and its files have not changed since."""
    path = facts_path(folder, number)
    try:
        facts = PartFacts.from_json(path.read_text(encoding="utf-8"), path)
        pixels = np.load(pixels_path(folder, number), mmap_mode="r", allow_pickle=False)
    except (OSError, InputError, ValueError):
        return None  # the part is simply made again, or whatever is wrong shows when it is written
    same = len(facts.files) == len(jobs) and len(pixels) == usable(facts.files)
    for file, job in zip(facts.files, jobs, strict=False):
        same = same and (file.size_bytes, file.modified_ns) == file_state(job.file)
    return facts if same else None
