"""The images that calibrate post-training quantization: from training, every tag among them."""

from dataclasses import dataclass

import numpy as np

from edgetag.dataset import Dataset, Rows
from edgetag.labels import Labels
from edgetag.preprocess import Pixels

OTHERS = 100
"""Images that choose among calibrations: on the demo they told 0.22 from 0.26 in each of three
draws."""


def stratified_positions(labels: Labels, count: int, seed: int) -> Rows:
    """Choose images so that every tag, and no tag at all, is seen about equally often.

    Tags take turns, the rarest first; each takes its next positive that no other has taken. One
    more stratum holds the images without any positive.

    Args:
        labels: `[images, tags]`, 1, 0 or -1.
        count: How many to choose; all of them where there are fewer.
        seed: The same seed chooses the same images.

    Returns:
        Positions in `labels`, in the order chosen.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    positive = labels[order] == 1
    members = [*positive.T, ~positive.any(axis=1)]
    queues = [list(order[member][::-1]) for member in sorted(members, key=np.count_nonzero)]
    chosen: dict[int, None] = {}
    while len(chosen) < min(count, len(labels)):
        for queue in queues:
            while queue:
                candidate = int(queue.pop())
                if candidate not in chosen:
                    chosen[candidate] = None
                    break
            if len(chosen) == count:
                break
    return np.array(list(chosen), dtype=np.int64)


@dataclass(frozen=True)
class Representative:
    """Images drawn from the training split.

    Attributes:
        calibrating: `[n, size, size, 3]` uint8: ranges and means are taken from them.
        others: `[m, size, size, 3]` uint8: they tell which of several calibrations is nearest.
    """

    calibrating: Pixels
    others: Pixels


def representative_images(dataset: Dataset, count: int, seed: int) -> Representative:
    """Return calibration images drawn from the training split, and others beside them.

    One pixel of the first image is set to 0 and one to 255: the input's range is then the whole
    byte range, and its scale and zero point follow from the contract alone, whatever the pictures.
    Whole black or white pictures would do that too, but would stretch the ranges of the layers
    behind as well.

    Args:
        dataset: Gives rows, labels and pixels.
        count: How many calibrate; all training images where there are fewer.
        seed: The same seed gives the same images.
    """
    rows = dataset.rows("train")
    drawn = rows[stratified_positions(dataset.labels(rows), count + OTHERS, seed)]
    chosen = dataset.images(drawn[:count])
    others = dataset.images(drawn[count:]) if len(drawn) > count else chosen
    return Representative(with_full_range(chosen), others)


def with_full_range(images: Pixels) -> Pixels:
    """Return a copy `[n, size, size, 3]` whose first image holds the values 0 and 255."""
    images = images.copy()
    images[0, 0, 0] = 0
    images[0, -1, -1] = 255
    return images
