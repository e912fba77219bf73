"""The source pictures once more, as an app that makes a mistake would see them."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from edgetag.dataset.location import Locator
from edgetag.dataset.source_files import Crop, cut, read_unchanged
from edgetag.preprocess import FORMATS, Preprocessing, orientation_of, read_image
from edgetag.recipe import DataSection
from edgetag.scaled_jpeg import read_scaled

_AS_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What turns an upright picture back to how a file of each EXIF orientation stores it."""


@dataclass(frozen=True)
class Picture:
    """One picture of the manifest, before it is resized.

    Attributes:
        image: As the contract has it: upright, RGB over the background, cut to its region.
        stored: As the file stores it, without regard to its EXIF orientation; None where that is
            the same, or where a region is cut out of it.
        on_black: With black under transparent pixels; None where none are transparent.
        scaled: From a JPEG file decoded at a fraction of its size, shrunk to its place in the
            input; None where the file is no such, or a region is cut out of it.
    """

    image: Image.Image
    stored: Image.Image | None
    on_black: Image.Image | None
    scaled: Image.Image | None = None


class PictureSource:
    """Reads pictures of a manifest from the data root."""

    def __init__(self, root: Path, section: DataSection, contract: Preprocessing) -> None:
        self._locator = Locator(root)
        self._section = section
        self._contract = contract

    def read(self, path: str, digest: str, crop: Crop | None) -> Picture:
        """Read one picture.

        The path is relative to the root; the digest is the file's SHA-256 when the data
        were built; without a crop it is read whole.

        Raises:
            ImageRejectedError: It is not there, has changed, or cannot be decoded.
        """
        data = read_unchanged(self._locator, path, digest, self._section.max_file_bytes)
        upright = read_image(data, self._contract, self._section.max_pixels)
        orientation, transparent = _facts(data)
        stored = None
        if crop is None and orientation in _AS_STORED:
            stored = upright.transpose(_AS_STORED[orientation])
        on_black = None
        if transparent:
            black = self._contract.replace(background=(0, 0, 0))
            on_black = cut(read_image(data, black, self._section.max_pixels), crop)
        scaled = None
        if crop is None:
            read = read_scaled(data, self._contract, self._section.max_pixels)
            scaled = read.image if read.fraction > 1 else None
        return Picture(cut(upright, crop), stored, on_black, scaled)


def _facts(data: bytes) -> tuple[int | None, bool]:
    """Return the EXIF orientation, None where there is none, and whether pixels may see through.

    `data` is a picture that `read_image` has taken.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata is not damage to the picture
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            image.load()  # in a PNG, EXIF may follow the pixels
            return orientation_of(image), image.has_transparency_data
