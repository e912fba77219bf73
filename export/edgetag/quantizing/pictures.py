"""The pictures of a folder that calibrate, and those that choose."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from edgetag.conversion.representative import OTHERS, with_full_range
from edgetag.errors import InputError
from edgetag.pool import in_order
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.progress import Progress
from edgetag.sampling import spread
from edgetag.tables.formats import format_count
from edgetag.tagging.errors import PictureError
from edgetag.tagging.listing import Content, Listed, bytes_of, contents, list_pictures
from edgetag.tagging.pictures import read_square

SHARE = 3
"""Every third picture chooses, up to `OTHERS`; where there is one alone, it does both."""


@dataclass(frozen=True)
class Drawn:
    """Pictures drawn from a folder.

    Attributes:
        calibrating: `[n, size, size, 3]` uint8, the first with the whole range of values.
        others: `[m, size, size, 3]` uint8.
        unreadable: Why each of those could not be read, which were drawn too.
    """

    calibrating: Pixels
    others: Pixels
    unreadable: tuple[str, ...]


def draw(named: Sequence[str], count: int, contract: Preprocessing, progress: Progress) -> Drawn:
    """Draw pictures at even distances.

    Args:
        named: Folders, or whatever `tagging.listing` knows.
        count: How many calibrate, where there are enough.
        contract: How a picture becomes the model's square.
        progress: Is told of each.

    Raises:
        InputError: There are none, or none can be read.
    """
    listing = list_pictures(named)
    for sentence in listing.left_out():
        progress.say(sentence)
    listed = listing.pictures
    if not listed:
        raise InputError(f"{', '.join(named)}: no pictures there; name a folder with some")
    chosen = spread(np.arange(len(listed)), count + OTHERS)
    squares: list[Pixels] = []
    unreadable: list[str] = []
    with progress.track("reading pictures", len(chosen), "pictures") as task:
        drawn = contents(listed[position] for position in chosen)
        read = in_order(partial(_square, contract), drawn)
        for square in read:
            if isinstance(square, str):
                unreadable.append(square)
            else:
                squares.append(square)
            task.advance(1)
    if not squares:
        raise InputError(
            f"{', '.join(named)}: none of {format_count(len(chosen))} pictures can be read, the "
            "first because: "
            f"{unreadable[0]}"
        )
    if unreadable:
        progress.say(
            f"{format_count(len(unreadable))} of {format_count(len(chosen))} pictures cannot be "
            "read and are left out, the "
            f"first because: {unreadable[0]}"
        )
    pixels = np.stack(squares)
    # Both reach from the first picture to the last, and so over all folders.
    choosing = spread(np.arange(SHARE - 1, len(pixels), SHARE), OTHERS)
    rest = np.setdiff1d(np.arange(len(pixels)), choosing)
    calibrating = pixels[spread(rest, count)]
    others = pixels[choosing] if len(choosing) else calibrating
    return Drawn(with_full_range(calibrating), others, tuple(unreadable))


def _square(contract: Preprocessing, given: tuple[Listed, Content]) -> Pixels | str:
    try:
        return read_square(bytes_of(given[1]), contract).pixels
    except PictureError as error:
        return f"{given[0].name}: {error}"
