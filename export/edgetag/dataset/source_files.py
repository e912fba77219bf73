"""Pictures as rows name them: a file below the data root, within limits, and its region."""

import hashlib
import os
import stat
from pathlib import Path

from PIL import Image

from edgetag.dataset.listing import Crop
from edgetag.dataset.location import Locator
from edgetag.preprocess import ImageRejectedError, Rejection

__all__ = ["Crop", "cut", "read_below", "read_file", "read_unchanged"]


def read_below(locator: Locator, path: str, max_bytes: int) -> bytes:
    """Return the bytes of the file that a listed path leads to.

    Raises:
        ImageRejectedError: As `read_file`, or it leads out of the data root.
    """
    file = locator.locate(path)
    if file is None:
        raise ImageRejectedError(Rejection.OUTSIDE_ROOT, f"not in {locator.root}")
    return read_file(file, max_bytes)


def read_unchanged(locator: Locator, path: str, digest: str, max_bytes: int) -> bytes:
    """Return the bytes of a file whose SHA-256 was `digest` when the data were built.

    Raises:
        ImageRejectedError: As `read_below`, or they are others now.
    """
    data = read_below(locator, path, max_bytes)
    if hashlib.sha256(data).hexdigest() != digest:
        raise ImageRejectedError(Rejection.UNREADABLE, "changed since the data were built")
    return data


def read_file(file: str, max_bytes: int) -> bytes:
    """Return a file's bytes.

    Raises:
        ImageRejectedError: It is missing, no regular file, too large, or cannot be read.
    """
    try:
        state = os.stat(file)  # noqa: PTH116 (hot)
        if not stat.S_ISREG(state.st_mode):  # opening a pipe would wait for ever
            raise ImageRejectedError(Rejection.UNREADABLE, "not a regular file")
        if state.st_size > max_bytes:
            raise ImageRejectedError(
                Rejection.TOO_LARGE, f"{state.st_size} bytes is over {max_bytes}"
            )
        return Path(file).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise ImageRejectedError(Rejection.MISSING, "no such file") from None
    except OSError as error:
        raise ImageRejectedError(Rejection.UNREADABLE, error.strerror or str(error)) from None


def cut(image: Image.Image, crop: Crop | None) -> Image.Image:
    """Return a region of a picture, or all of it; what lies outside the picture does not count.

    Raises:
        ImageRejectedError: All of the region does.
    """
    if crop is None:
        return image
    left, top = max(crop[0], 0), max(crop[1], 0)
    right, bottom = min(crop[2], image.width), min(crop[3], image.height)
    if left >= right or top >= bottom:
        detail = f"the region {crop} lies outside the picture of {image.width}x{image.height}"
        raise ImageRejectedError(Rejection.UNREADABLE, detail)
    return image.crop((left, top, right, bottom))
