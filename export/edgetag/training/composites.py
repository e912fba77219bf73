"""Small things to learn from: pictures pasted into other pictures, at random places and sizes.

A picture that fills its frame teaches nothing about where in a frame a thing is. So another one is
shrunk and pasted into some pictures of a batch. What lies on a plain ground is cut out of it; any
other picture is pasted as the rectangle that it is. Half of the pasted ones lie on the picture, the
others on a ground of its colours where nothing else is to be seen ("zoom out" of Liu et al., "SSD:
Single Shot MultiBox Detector", 2016).

Where a tag is seen is known then, so the cells of its heat map have labels of their own.

Everything is drawn from seed and step, for a whole batch at once, so that a share of a batch has
the same composites as the batch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from edgetag.labels import UNKNOWN, Labels
from edgetag.pixels import Pixels

SMALLEST, LARGEST = 0.15, 0.5
"""Longer side of what is pasted, as a share of the picture's: at most a quarter is hidden."""

GROUND_NOISE = 8
"""How far pixels of a plain ground may differ, of 255: what JPEG leaves around a drawing."""

LEAST_THING = 0.01
"""Share of a picture that is not ground, at least: less is no thing."""

STREAM = 0xC0
"""Keeps these draws apart from those of the order of pictures."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What is pasted into the pictures of a batch.

    Attributes:
        pasted: `[batch]` whether anything is.
        alone: `[batch]` whether it lies on a ground, and the picture is not seen.
        rows: `[batch]` positions of the pictures that are pasted.
        side: `[batch]` longer side of what is pasted, as a share of the picture's.
        left: `[batch]` its place, as a share of the places where it lies inside.
        top: `[batch]` likewise.
    """

    pasted: npt.NDArray[np.bool_]
    alone: npt.NDArray[np.bool_]
    rows: npt.NDArray[np.int64]
    side: npt.NDArray[np.float64]
    left: npt.NDArray[np.float64]
    top: npt.NDArray[np.float64]


def plan(labels: Labels, batch_size: int, share: float, seed: int, step: int) -> Plan:
    """Draw what is pasted in a step.

    A picture to paste is drawn tag by tag, so that rare tags are pasted as often as frequent ones;
    one time in as many as there are tags and one more, any picture is.

    Labels are those of all training images, `[images, tags]`; `share` of a step's images get
    something pasted into them.
    """
    random = np.random.default_rng((seed, step, STREAM))
    having = [np.flatnonzero(column == 1) for column in labels.T]
    pools = [np.arange(len(labels)), *(rows for rows in having if len(rows))]
    pool, place = random.integers(len(pools), size=batch_size), random.random(batch_size)
    return Plan(
        pasted=random.random(batch_size) < share,
        alone=random.random(batch_size) < 0.5,
        rows=np.array(
            [pools[p][int(at * len(pools[p]))] for p, at in zip(pool, place, strict=True)]
        ),
        side=SMALLEST + (LARGEST - SMALLEST) * random.random(batch_size),
        left=random.random(batch_size),
        top=random.random(batch_size),
    )


def joined_labels(under: Labels, pasted: Labels, alone: npt.NDArray[np.bool_]) -> Labels:
    """Return the labels of composites: a tag applies where it does to a picture that is seen.

    It does not where it applies to neither; where it is unknown in one and does not apply to the
    other, it is unknown.

    Args:
        under: `[images, tags]` of the pictures that are pasted into.
        pasted: `[images, tags]` of those that are pasted.
        alone: `[images]` whether the pasted one alone is seen.
    """
    present = (under == 1) | (pasted == 1)
    unknown = (under == UNKNOWN) | (pasted == UNKNOWN)
    both = np.where(present, 1, np.where(unknown, UNKNOWN, 0)).astype(np.int8)
    return np.where(alone[:, None], pasted, both)


def cell_labels(
    under: Labels, pasted: Labels, alone: npt.NDArray[np.bool_], layers: Pixels, cells: int
) -> npt.NDArray[np.float32]:
    """Return how much of each cell of a map its tag fills, -1 where nobody knows.

    It is known for tags of the pasted picture that do not apply to the one that it is pasted into.

    Args:
        under: `[images, tags]` of the pictures that are pasted into.
        pasted: `[images, tags]` of those that are pasted.
        alone: `[images]` whether the pasted one alone is seen.
        layers: `[images, size, size, 4]` what is pasted.
        cells: Of a map, along a side.

    Returns:
        float32 `[images, cells, cells, tags]`.
    """
    known = (pasted == 1) & ((under == 0) | alone[:, None])
    result = np.full((len(layers), cells, cells, known.shape[1]), UNKNOWN, np.float32)
    for image, alpha in enumerate(layers[..., 3]):
        fills = Image.fromarray(alpha).resize((cells, cells), Image.Resampling.BOX)
        result[image][..., known[image]] = np.asarray(fills, np.float32)[..., None] / 255
    return result


def ground(image: Pixels) -> Pixels:
    """Return a picture of the same size and colours in which nothing is to be seen.

    Args:
        image: `[size, size, 3]` uint8.
    """
    small = Image.fromarray(image).resize((3, 3), Image.Resampling.BOX)
    return np.asarray(small.resize((image.shape[1], image.shape[0]), Image.Resampling.BICUBIC))


def layer(image: Pixels, side: float, left: float, top: float) -> Pixels:
    """Return what is pasted: `[size, size, 4]` uint8, transparent where the picture stays.

    Args:
        image: `[size, size, 3]` uint8; it is shrunk.
        side: Longer side of what is seen of it, as a share of the size.
        left: Its place, 0 at the left side, 1 at the right.
        top: 0 at the top, 1 at the bottom.
    """
    thing = Image.fromarray(np.dstack([image, _thing(image)]))
    thing = thing.crop(thing.getchannel("A").getbbox())
    size = len(image)
    shrink = side * size / max(thing.size)
    width, height = (max(1, round(shrink * length)) for length in thing.size)
    # Pillow weighs colours by alpha here, so that the ground leaves no rim.
    thing = thing.resize((width, height), Image.Resampling.BILINEAR)
    result = Image.new("RGBA", (size, size))
    result.paste(thing, (round(left * (size - width)), round(top * (size - height))))
    return np.asarray(result)


def _thing(image: Pixels) -> Pixels:
    """Return 255 where a picture is no plain ground, `[size, size]`; everywhere if it has none."""
    corners = image[[0, 0, -1, -1], [0, -1, 0, -1]].astype(np.int16)
    whole = np.full(image.shape[:2], 255, np.uint8)
    if np.ptp(corners, axis=0).max() > GROUND_NOISE:
        return whole
    differs = np.abs(image - corners[0]).max(axis=2) > GROUND_NOISE
    thing = ndimage.binary_fill_holes(differs)
    return (thing * whole).astype(np.uint8) if thing.mean() >= LEAST_THING else whole
