"""The catalogue of mistakes that apps make between a picture and the model's input.

Each names what the app does wrong and how that shows, so that a developer who sees a pattern of
wrong answers finds the line of code behind it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from edgetag.explaining.pictures import Picture
from edgetag.explaining.resampling import place, plain_bilinear, through_jpeg
from edgetag.preprocess import Pixels, Preprocessing, content_box, letterbox

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class Case:
    """One picture, rightly preprocessed.

    `picture` is as before it was resized, `right` `[size, size, 3]` as the contract makes it.
    """

    picture: Picture
    right: Pixels
    contract: Preprocessing

    @property
    def content(self) -> Pixels:
        """The picture without the bars beside it: `[height, width, 3]`."""
        left, top, right, bottom = content_box(self.picture.image.size, self.contract)
        return self.right[top:bottom, left:right]


@dataclass(frozen=True)
class Mistake:
    """Something an app does to every picture.

    `name` is short, for tables; `sign` is how it shows.
    """

    name: str
    what: str
    sign: str


@dataclass(frozen=True)
class DrawnMistake(Mistake):
    """A mistake that leaves other pixels.

    Attributes:
        draw: Returns the pixels `[size, size, 3]`.
    """

    draw: Callable[[Case], Pixels]


@dataclass(frozen=True)
class ScaledMistake(Mistake):
    """A mistake in turning right pixels into input values.

    Attributes:
        mean: Subtracted by the app, instead of the contract's.
        std: What the app divides by.
    """

    mean: float
    std: float


def drawn_mistakes(input_type: str, bytes_as_they_are: bool) -> tuple[DrawnMistake, ...]:
    """Return the mistakes that change pixels.

    Args:
        input_type: Element type of the model's input.
        bytes_as_they_are: Whether a byte of the picture is a byte of the input (minus 128 for
            int8), as in edgetag's own integer files. Wrong input bytes are then wrong pixels.
    """
    mistakes: tuple[DrawnMistake, ...] = (*_GEOMETRY, *_RESAMPLING, *_COLOUR)
    if bytes_as_they_are and input_type in ("uint8", "int8"):
        # Zero is the byte 0 of a uint8 input and the pixel 128 of an int8 one.
        zero = 0 if input_type == "uint8" else 128
        mistakes += (_signed_bytes(input_type), _cast_fractions(zero))
    return mistakes


def scaled_mistakes(input_type: str) -> tuple[ScaledMistake, ...]:
    """Return the mistakes of scaling; integer inputs are then quantized by their own parameters."""
    then = "" if input_type == "float32" else ", then quantizes by the input's scale and zero point"
    return (
        ScaledMistake(
            "scale_0_1",
            f"Divides pixels by 255 (0 to 1) instead of scaling to about -1 to 1{then}.",
            "To the model every picture is pale: black has become grey. Scores shift a little "
            "everywhere, of dark pictures most.",
            0.0,
            255.0,
        ),
        ScaledMistake(
            "scale_none",
            f"Feeds pixels from 0 to 255 without scaling{then}.",
            "Scores hardly depend on the picture: most pictures get the same few tags.",
            0.0,
            1.0,
        ),
        ScaledMistake(
            "scale_127_5",
            f"Scales by (x - 127.5) / 127.5, as many examples do{then}.",
            "Next to nothing to see; it differs from the contract by one step of a byte at most.",
            127.5,
            127.5,
        ),
    )


def _stretch(case: Case) -> Pixels:
    size = case.contract.input_size
    return _resized(case.picture.image, (size, size), case.contract)


def _centre_crop(case: Case) -> Pixels:
    image, size = case.picture.image, case.contract.input_size
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    return _resized(square, (size, size), case.contract)


def _resized(image: Image.Image, size: tuple[int, int], contract: Preprocessing) -> Pixels:
    if image.size == size:
        return np.asarray(image)
    return np.asarray(image.resize(size, Image.Resampling[contract.filter.upper()]))


def _other_anchor(case: Case) -> Pixels:
    anchor = "top_left" if case.contract.anchor == "center" else "center"
    return place(case.content, case.contract.replace(anchor=anchor))


def _other_bars(case: Case) -> Pixels:
    fill = BLACK if case.contract.fill == WHITE else WHITE
    return place(case.content, case.contract.replace(fill=fill))


def _turned(case: Case) -> Pixels:
    return place(np.rot90(case.content), case.contract)


def _as_stored(case: Case) -> Pixels:
    stored = case.picture.stored
    return case.right if stored is None else letterbox(stored, case.contract)


def _on_black(case: Case) -> Pixels:
    image = case.picture.on_black
    return case.right if image is None else letterbox(image, case.contract)


def _scaled(case: Case) -> Pixels:
    scaled = case.picture.scaled
    return case.right if scaled is None else place(np.asarray(scaled), case.contract)


def _not_antialiased(case: Case) -> Pixels:
    height, width = case.content.shape[:2]
    return place(plain_bilinear(case.picture.image, width, height), case.contract)


def _nearest(case: Case) -> Pixels:
    return letterbox(case.picture.image, case.contract.replace(filter="nearest"))


_GEOMETRY = (
    DrawnMistake(
        "stretch",
        "Stretches the picture to the square instead of adding bars.",
        "Square pictures are right; the longer one side, the worse. Faces and animals suffer, "
        "colours and styles do not.",
        _stretch,
    ),
    DrawnMistake(
        "centre_crop",
        "Cuts a square from the middle instead of adding bars.",
        "Square pictures are right; tags of things at the edge of long pictures go missing.",
        _centre_crop,
    ),
    DrawnMistake(
        "top_left",
        "Puts the picture at another place in the square, such as its corner instead of its "
        "middle.",
        "Square pictures are right; long ones change a little, all alike.",
        _other_anchor,
    ),
    DrawnMistake(
        "bar_colour",
        "Fills the bars beside the picture with another colour: white instead of black, or black "
        "instead of white.",
        "Square pictures are right; long ones tend towards tags of drawings on plain paper, or "
        "away from them.",
        _other_bars,
    ),
    DrawnMistake(
        "exif_ignored",
        "Ignores the EXIF orientation of the file.",
        "Only photos from phones held upright or upside down are wrong; the same picture as a "
        "screenshot is right.",
        _as_stored,
    ),
    DrawnMistake(
        "rotated_90",
        "Forgets to turn the camera's frame: the sensor lies across the phone.",
        "The live camera is wrong in portrait and right in landscape; pictures from the gallery "
        "are right.",
        _turned,
    ),
)

_RESAMPLING = (
    DrawnMistake(
        "no_antialiasing",
        "Shrinks with the four nearest pixels, without antialiasing, as "
        "Bitmap.createScaledBitmap and OpenCV's INTER_LINEAR do.",
        "Large pictures get worse, small ones are right; fine lines and textures suffer, so "
        "drawings may be taken for something else.",
        _not_antialiased,
    ),
    DrawnMistake(
        "nearest",
        "Shrinks by taking the nearest pixel.",
        "As without antialiasing, but stronger: thin lines break, and scores jump between nearly "
        "equal frames.",
        _nearest,
    ),
    DrawnMistake(
        "scaled_jpeg",
        "Decodes large JPEG files at a half, a quarter or an eighth of their size, as "
        "edgetag tag --scaled-jpeg, BitmapFactory's inSampleSize and Pillow's draft do.",
        "Only JPEG files with twice as many pixels a side as the input or more change, and those "
        "a little.",
        _scaled,
    ),
    DrawnMistake(
        "jpeg_75",
        "Saves the small picture as JPEG of quality 75 before the model sees it.",
        "A little worse everywhere; drawings and text more than photos.",
        lambda case: through_jpeg(case.right, 75),
    ),
    DrawnMistake(
        "jpeg_50",
        "Saves the small picture as JPEG of quality 50 before the model sees it.",
        "As at quality 75, and more of it.",
        lambda case: through_jpeg(case.right, 50),
    ),
)

_COLOUR = (
    DrawnMistake(
        "bgr",
        "Swaps red and blue: BGR, as OpenCV reads pictures, instead of RGB.",
        "Grey pictures and line art are right; tags that live on colour, such as skin and food, "
        "go wrong.",
        lambda case: case.right[..., ::-1],
    ),
    DrawnMistake(
        "black_background",
        "Puts transparent pictures over black: decodes without alpha instead of over white.",
        "Only stickers, logos and other pictures with transparency are wrong.",
        _on_black,
    ),
)


def _signed_bytes(input_type: str) -> DrawnMistake:
    other, article = ("int8", "a") if input_type == "uint8" else ("uint8", "an")
    return DrawnMistake(
        "signed_bytes",
        f"Mixes up signed and unsigned bytes: feeds {other} values to {article} {input_type} "
        "input, so that each value is off by 128.",
        "Black and white both turn grey, and shades between jump: every picture suffers, plain "
        "ones too.",
        lambda case: case.right ^ np.uint8(128),
    )


def _cast_fractions(zero: int) -> DrawnMistake:
    return DrawnMistake(
        "cast_fractions",
        "Scales pixels to 0 to 1 and casts that to bytes, which leaves only 0 and 1.",
        "Every picture gets nearly the same scores.",
        lambda case: np.uint8(zero) + case.right // np.uint8(255),
    )
