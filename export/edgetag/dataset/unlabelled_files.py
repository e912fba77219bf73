"""The files of a folder of pictures without labels."""

from pathlib import Path, PurePosixPath

from edgetag.dataset.listing import Entry, Listing
from edgetag.dataset.plan import Sources, located
from edgetag.dataset.unlabelled import UNLABELLED
from edgetag.errors import InputError
from edgetag.preprocess import IMAGE_SUFFIXES


def open_unlabelled(folder: Path, tags: int) -> Sources:
    """List the pictures of a folder and of those below it, in the order of their paths.

    Hidden files and folders are passed over, and what is no picture by its name.

    Args:
        folder: The recipe's `teacher.pictures`.
        tags: How many there are; all are unknown.

    Raises:
        InputError: There is no picture.
    """
    if not folder.is_dir():
        raise InputError(f"teacher.pictures: {folder}: not a folder")
    unknown = (None,) * tags
    entries = []
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder)
        if file.suffix.lower() in IMAGE_SUFFIXES and not any(
            part.startswith(".") for part in inside.parts
        ):
            path = PurePosixPath(inside).as_posix()
            entries.append(Entry(path, unknown, str(file), split=UNLABELLED))
    if not entries:
        raise InputError(
            f"teacher.pictures: {folder}: no picture in it ({', '.join(sorted(IMAGE_SUFFIXES))})"
        )
    return located(Listing(folder, "folders", folder, tuple(entries)))
