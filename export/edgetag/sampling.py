"""Which of many are looked at where all would be too many: at even distances, or by lot.

Who chose what must agree later: heat maps of a stored reference are those of the images chosen
here, and an app's numbered answers are about them.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from edgetag.labels import Labels

Number = TypeVar("Number", bound=np.generic)


def positions(total: int, count: int) -> npt.NDArray[np.int64]:
    """Return `[min(total, count)]` positions of `total`, from the first to the last, each once."""
    return np.linspace(0, total - 1, min(total, count)).round().astype(np.int64)


def spread(rows: npt.NDArray[Number], count: int) -> npt.NDArray[Number]:
    """Return at most `count` of `rows`, from the first to the last at even distances."""
    return rows[positions(len(rows), count)]


def rare_tags_first(
    labels: Labels, count: int, min_positives: int, seed: int
) -> npt.NDArray[np.int64]:
    """Choose images by lot, but so that as many tags as possible can be scored.

    Tags with enough positives take `min_positives` of them, the rarest tag first; the rest are
    drawn from all images alike.

    Args:
        labels: `[images, tags]`, 1, 0 or -1.
        count: How many to choose; all of them where there are fewer.
        min_positives: Positives from which a tag is scored.
        seed: The same seed chooses the same images.

    Returns:
        Positions in `labels`, ascending.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    positive = labels[order] == 1
    positives = positive.sum(axis=0)
    chosen = np.zeros(len(order), dtype=np.bool_)
    for tag in np.argsort(positives, kind="stable"):
        missing = min_positives - int(positive[chosen, tag].sum())
        if positives[tag] < min_positives or missing > count - chosen.sum():
            continue
        more = np.flatnonzero(positive[:, tag] & ~chosen)[: max(0, missing)]
        chosen[more] = True
    rest = np.flatnonzero(~chosen)[: max(0, count - int(chosen.sum()))]
    chosen[rest] = True
    return np.sort(order[chosen]).astype(np.int64)
