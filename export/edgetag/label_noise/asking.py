"""Which pictures to ask people about, all tags of a picture at once, for training to learn most.

An answer teaches nothing where it is known before. So a label is worth as much as one is unsure of
it: the entropy of the true label, given the label and what heads say that never saw the picture
(Bayes' rule, with rates of wrong labels that confident learning estimates). A tag that few pictures
have gains more by each. Labels that say no, and unknown ones, are left out of the sum: nearly all
of them are no, and asking for a label that looks wrong where it says yes is what rare tags need.
"""

import numpy as np
import numpy.typing as npt

from edgetag.label_noise.leaving_out import LeftOut
from edgetag.labels import Labels

Rates = npt.NDArray[np.float64]
"""`[tags]` in 0..1."""


def worth_asking(
    labels: Labels, judged: LeftOut, answered: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return what the answers about each picture are worth: `[images]`, 0 where nothing is unsure.

    Args:
        labels: `[images, tags]`.
        judged: Of the labels; those of tags that could not be judged count for nothing.
        answered: `[images, tags]`: labels that are people's already.
    """
    yes = (labels == 1) & ~answered & np.isfinite(judged.probabilities)
    wrong_yes, wrong_no, positives = _rates(labels, judged)
    # Heads give 0 or 1 where all they learnt from agrees.
    chance = np.clip(np.nan_to_num(judged.probabilities), 1e-6, 1 - 1e-6)
    right = chance * (1 - wrong_no)
    right /= right + (1 - chance) * wrong_yes
    unsure = -(right * np.log(right) + (1 - right) * np.log(1 - right))
    worth: npt.NDArray[np.float64] = (np.where(yes, unsure, 0.0) / positives).sum(axis=1)
    return worth


def _rates(labels: Labels, judged: LeftOut) -> tuple[Rates, Rates, Rates]:
    """Return how often yes is said of what is no, no of what is yes, and how many are yes."""
    yes, no = labels == 1, labels == 0
    false_yes, false_no = (yes & judged.cells).sum(axis=0), (no & judged.cells).sum(axis=0)
    positives = yes.sum(axis=0) - false_yes + false_no
    negatives = no.sum(axis=0) - false_no + false_yes
    # One more of each, so that no rate is 0 for want of pictures.
    return (
        (false_yes + 1) / (negatives + 2),
        (false_no + 1) / (positives + 2),
        np.maximum(positives, 1).astype(np.float64),
    )
