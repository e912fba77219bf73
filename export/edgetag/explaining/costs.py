"""What a mistake costs: the same file and images, rightly and wrongly fed."""

import numpy as np

from edgetag.explaining.mistakes import Mistake
from edgetag.explaining.result import MistakeCost
from edgetag.validation.comparison import compare
from edgetag.validation.metrics import Measured

SHOWN_TAGS = 3


def cost_of(mistake: Mistake, right: Measured, wrong: Measured, images_changed: int) -> MistakeCost:
    """Return what a mistake does.

    Args:
        mistake: The mistake.
        right: Scores of the file rightly fed.
        wrong: Its scores under the mistake, over the same images and thresholds.
        images_changed: How many of them it changes at all.
    """
    compared = compare(right, wrong, wrong)
    mean, drops = compared.mean_ap, {name: tag.ap.drop for name, tag in compared.tags.items()}
    worst = sorted(drops, key=lambda name: -drops[name])
    return MistakeCost(
        mistake=mistake.name,
        what=mistake.what,
        sign=mistake.sign,
        images_changed=images_changed,
        map=mean.value if mean else None,
        map_drop=mean.drop if mean else None,
        map_drop_interval=mean.drop_interval if mean else None,
        flip_rate=compared.flip_rate,
        mean_score_difference=float(np.abs(wrong.scores - right.scores).mean()),
        tags_hurt=tuple(name for name in worst[:SHOWN_TAGS] if drops[name] > 0),
    )
