"""Text files with tags beside pictures, as other programs read them."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from edgetag.errors import InputError
from edgetag.tagging.listing import shown_name
from edgetag.writing import is_full, write_text

Style = Literal["hydrus", "booru"]
"""hydrus: `picture.jpg.txt`, a tag a line. booru: `picture.txt`, tags separated by commas."""

MOST_BYTES = 1_000_000
"""Most bytes of a sidecar; one with a thousand tags has far less."""


def require_separable(tags: Sequence[str], style: Style) -> None:
    """Refuse tags that a sidecar could not keep apart.

    Raises:
        InputError: One has a comma, where commas separate them.
    """
    if style == "booru" and (wrong := [tag for tag in tags if "," in tag]):
        raise InputError(
            f"--sidecars booru: the tag {wrong[0]!r} has a comma, by which tags are separated "
            "there; take hydrus"
        )


def sidecar_of(picture: Path, style: Style) -> Path:
    """Return the text file that belongs to a picture."""
    if style == "hydrus":
        return picture.with_name(f"{picture.name}.txt")
    return picture.with_suffix(".txt")


def sidecar_text(tags: Sequence[str], style: Style) -> str:
    """Return what it holds."""
    return "".join(f"{tag}\n" for tag in tags) if style == "hydrus" else f"{', '.join(tags)}\n"


def write_sidecars(
    tagged: Iterable[tuple[Path, Sequence[str]]], style: Style
) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Write a text file beside each picture; one that lies there with other tags is left.

    Args:
        tagged: Pictures and the tags that are set.
        style: Name and form of the files.

    Returns:
        How many are there now, and path and reason of those that are not.

    Raises:
        InputError: The disk is full.
    """
    written = 0
    left: list[tuple[str, str]] = []
    made: dict[Path, Path] = {}
    for picture, tags in tagged:
        path, text = sidecar_of(picture, style), sidecar_text(tags, style)
        if not picture.is_file():
            reason = "it is in an archive, at an address, or gone"
        elif made.setdefault(path, picture) != picture:
            reason = f"{made[path].name} has the same sidecar, {path.name}"
        elif os.path.lexists(path) and not _holds(path, text):
            reason = f"{path.name} is there already, with other tags"
        elif not (reason := _written(path, text)):
            written += 1
            continue
        left.append((shown_name(str(picture)), shown_name(reason)))
    return written, tuple(left)


def _written(path: Path, text: str) -> str:
    """Write a sidecar, and return why it cannot be written; empty where it is."""
    try:
        write_text(path, text)
    except InputError as error:
        if is_full(error):
            raise
        return str(error)
    return ""


def _holds(path: Path, text: str) -> bool:
    return (
        path.is_file() and path.stat().st_size < MOST_BYTES and path.read_bytes() == text.encode()
    )
