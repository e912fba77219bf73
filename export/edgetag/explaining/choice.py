"""Which images are looked at: rare tags among them as far as they go."""

import numpy as np

from edgetag.dataset import Rows
from edgetag.labels import Labels


def choose(labels: Labels, count: int, min_positives: int, seed: int) -> Rows:
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
