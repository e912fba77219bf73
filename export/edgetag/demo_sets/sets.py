"""From planned pictures to a folder of PNG files with a label table.

A set is built in place: `plan.json` says what is being built, each picture appears under its name
in one step, and `set.json` is written last. A build that was stopped goes on where it was; a
finished one is reused; one of another plan is made anew.
"""

import csv
import io
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from edgetag.dataset.workers import run_all
from edgetag.demo_sets.picture import SIZE, BlankError, Picture, compose, place, png_bytes
from edgetag.errors import InputError
from edgetag.machine import cores
from edgetag.progress import Progress
from edgetag.records import Result
from edgetag.tables.csv import to_csv
from edgetag.tags import DEFAULT_TAGS
from edgetag.workspace import digest_json
from edgetag.writing import file_beside, write_text

LABELS, SUMMARY, PLAN, ATTRIBUTION = "labels.csv", "set.json", "plan.json", "ATTRIBUTION.md"
PACKAGES = "packages"
"""Folder of unpacked packages inside a set's folder; kept, so that a rebuild needs no network."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
"""What `PLAN` holds: files of others may be called so, too."""
_CHUNK = 400
"""Pictures of one source per task of a worker."""
_ALONE = 32
"""So few pictures are painted faster than workers start."""
_VERSION = 1
"""Raised when pictures are painted differently, so that older folders are made anew."""


class SetSummary(Result):
    """What a finished set holds; `set.json` in its folder."""

    SCHEMA: ClassVar[str] = "edgetag.image-set/1.0"
    name: str
    labels: str = Field(description="The label table, relative to the set's folder.")
    fingerprint: str
    images: dict[str, int] = Field(description="Split → images.")
    groups: dict[str, int] = Field(description="Split → groups (concepts, avatars, photos).")
    positives: dict[str, dict[str, int]] = Field(description="Tag → split → images labelled 1.")
    unknown: dict[str, int] = Field(description="Tag → images where it is unknown.")
    sources: dict[str, int] = Field(description="Package or style → images.")
    blank: tuple[str, ...] = Field((), description="Pictures left out because nothing was drawn.")
    reused: bool = Field(False, description="Whether the folder already held this set.")


Planned = Sequence[tuple[Picture, str]]
"""Pictures with their splits."""


def build_set(
    folder: Path,
    name: str,
    planned: Planned,
    attribution: str,
    seed: int,
    progress: Progress,
    versions: Mapping[str, str],
) -> SetSummary:
    """Paint all pictures and write the label table, attribution and summary.

    The folder must be empty, missing, or hold a set. The seed decides backgrounds and
    placements; the versions of packages that were drawn from are part of the fingerprint.

    Raises:
        InputError: The folder holds other files or cannot be written.
    """
    fingerprint = _fingerprint(name, planned, seed, versions)
    finished = read_summary(folder)
    if finished and finished.fingerprint == fingerprint and _is_whole(folder, finished):
        write_text(folder / ATTRIBUTION, attribution)
        return finished.replace(reused=True)
    _prepare(folder, fingerprint)
    blank = _paint_all(folder, planned, seed, progress)
    kept = [(picture, split) for picture, split in planned if picture.name not in blank]
    write_text(folder / LABELS, _table(kept))
    write_text(folder / ATTRIBUTION, attribution)
    summary = _summarize(name, fingerprint, kept, tuple(sorted(blank)))
    summary.write(folder / SUMMARY)
    return summary


def read_summary(folder: Path) -> SetSummary | None:
    """Return the summary of a finished set, or None."""
    try:
        text = (folder / SUMMARY).read_text(encoding="utf-8")
        return SetSummary.from_json(text, folder / SUMMARY)
    except (OSError, InputError):
        return None


def image_path(picture: Picture) -> str:
    """Return a picture's file relative to the set's folder."""
    return f"images/{picture.name}.png"


def _fingerprint(name: str, planned: Planned, seed: int, versions: Mapping[str, str]) -> str:
    rows = [
        (p.name, split, p.group, sorted(p.labels.items()), p.layout, p.drawing.describe())
        for p, split in planned
    ]
    return digest_json([_VERSION, SIZE, name, seed, sorted(versions.items()), rows])


def _is_whole(folder: Path, summary: SetSummary) -> bool:
    """Return whether all files that the label table names are there."""
    try:
        text = (folder / LABELS).read_text(encoding="utf-8")
    except OSError:
        return False
    paths = [row["path"] for row in csv.DictReader(io.StringIO(text))]
    return len(paths) == sum(summary.images.values()) and all(
        (folder / path).is_file() for path in paths
    )


def _prepare(folder: Path, fingerprint: str) -> None:
    """Make the folder ready: keep what an earlier run of the same plan has painted."""
    marker = folder / PLAN
    try:
        folder.mkdir(parents=True, exist_ok=True)
        began = marker.read_text(encoding="utf-8", errors="replace") if marker.is_file() else ""
        ours = _DIGEST.fullmatch(began) or read_summary(folder) is not None
        if not ours and any(entry.name != PACKAGES for entry in folder.iterdir()):
            raise InputError(
                f"{folder}: holds files that are no image set; name an empty or a new folder"
            )
        (folder / SUMMARY).unlink(missing_ok=True)
        if began != fingerprint:
            shutil.rmtree(folder / "images", ignore_errors=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from None
    write_text(marker, fingerprint)


def _paint_all(folder: Path, planned: Planned, seed: int, progress: Progress) -> set[str]:
    """Paint what is missing and return the names of pictures that came out blank."""
    for parent in sorted({(folder / image_path(p)).parent for p, _ in planned}):
        parent.mkdir(parents=True, exist_ok=True)
    missing = [p for p, _ in planned if not (folder / image_path(p)).is_file()]
    chunks = _chunks(missing)
    blank: set[str] = set()
    done = len(planned) - len(missing)
    with progress.track("Painting pictures", len(planned), "images") as task:
        task.advance(done)
        workers = 1 if len(missing) <= _ALONE else min(len(chunks), cores())
        calls = enumerate((folder, chunk, seed) for chunk in chunks)
        for _, (size, names) in run_all(_paint_chunk, calls, workers):
            blank.update(names)
            task.advance(size)
    return blank


def _chunks(pictures: Iterable[Picture]) -> list[list[Picture]]:
    """Divide pictures into tasks of one source each, the largest first.

    A worker then reads few art styles, and no large task is left when the others are done.
    """
    by_source: dict[str, list[Picture]] = {}
    for picture in pictures:
        by_source.setdefault(picture.source, []).append(picture)
    chunks = [
        same[i : i + _CHUNK] for same in by_source.values() for i in range(0, len(same), _CHUNK)
    ]
    return sorted(chunks, key=len, reverse=True)


def _paint_chunk(folder: Path, chunk: Sequence[Picture], seed: int) -> tuple[int, list[str]]:
    """Paint some pictures in a worker; return how many and which were blank."""
    blank = []
    for picture in chunk:
        try:
            image = compose(picture.drawing, place(picture, seed))
        except (ValueError, BlankError):  # resvg could not read the SVG, or little is drawn
            blank.append(picture.name)
            continue
        if _is_blank(image.getextrema()):
            blank.append(picture.name)
            continue
        _write(folder / image_path(picture), png_bytes(image))
    return len(chunk), blank


def _is_blank(extrema: object) -> bool:
    """Return whether every channel has one value only."""
    return isinstance(extrema, tuple) and all(low == high for low, high in extrema)


def _write(path: Path, data: bytes) -> None:
    """Write a picture in one step, unsynced: a lost one can be painted anew."""
    try:
        with file_beside(path) as (file, temporary):
            file.write(data)
            file.flush()
            temporary.chmod(0o644)
            temporary.replace(path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written: {error.strerror}; run the same command again when that "
            "is mended, finished pictures are kept"
        ) from None


def _table(planned: Planned) -> str:
    rows = (
        (image_path(p), split, p.group, *(p.labels.get(tag) for tag in DEFAULT_TAGS))
        for p, split in planned
    )
    return to_csv(("path", "split", "group", *DEFAULT_TAGS), rows)


def _summarize(name: str, fingerprint: str, planned: Planned, blank: tuple[str, ...]) -> SetSummary:
    splits = sorted({split for _, split in planned})
    positives = {
        tag: {
            split: sum(p.labels.get(tag) == 1 for p, s in planned if s == split) for split in splits
        }
        for tag in DEFAULT_TAGS
    }
    return SetSummary(
        name=name,
        labels=LABELS,
        fingerprint=fingerprint,
        images=dict(sorted(Counter(split for _, split in planned).items())),
        groups={s: len({p.group for p, split in planned if split == s}) for s in splits},
        positives=positives,
        unknown={tag: sum(tag not in p.labels for p, _ in planned) for tag in DEFAULT_TAGS},
        sources=dict(sorted(Counter(p.source for p, _ in planned).items())),
        blank=blank,
    )
