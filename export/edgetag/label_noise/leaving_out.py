"""Labels that training leaves out: confident learning says that they are wrong.

Heads learn from all labels, and those that look wrong to them are left out. Then heads learn from
the rest, and judge all labels again: the first ones had learnt the errors too. A label is always
judged by heads that saw neither its picture nor its kin.

A label that people confirm, saying what the source says, is left out only where it looks wrong
among confirmed ones too. Source and person seldom err alike, so fewer of these are wrong; judged
with the others alone, many right ones of rare tags would go, where most that say yes are wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgetag.label_noise.features import Features
from edgetag.label_noise.held_out import (
    LEAST,
    held_out_parts,
    held_out_probabilities,
    suspects,
)
from edgetag.label_noise.settings import FOLDS
from edgetag.labels import UNKNOWN, Labels

COMPONENTS = 128
"""Principal components of the features that heads read. On the demo with one label in ten turned
round, heads on all 1,280 rank the true labels no better, and take many times as long."""

ROUNDS = 2
"""How often labels are judged. Of 3,546 labels of the demo that were turned round the first round
leaves out 2,459, the second 2,676, with a tenth of right ones each."""

FEWEST_CONFIRMED = 5
"""Fewest confirmed labels that say yes, and that say no, to judge them; all stay where fewer do."""


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Labels that look wrong.

    Attributes:
        cells: `[images, tags]`: whether the label is one.
        probabilities: `[images, tags]` of the tag by heads that did not see the picture; nan where
            the label is unknown or the tag was not judged.
        judged: `[tags]`: whether there were labels enough.
    """

    cells: npt.NDArray[np.bool_]
    probabilities: npt.NDArray[np.float64]
    judged: npt.NDArray[np.bool_]


def labels_to_leave_out(
    features: Features,
    labels: Labels,
    groups: Sequence[str],
    trusted: npt.NDArray[np.bool_],
    folds: int = FOLDS,
    confirmed: npt.NDArray[np.bool_] | None = None,
) -> LeftOut:
    """Judge the labels of every tag that at least 20 pictures have, and 20 have not.

    A tag whose labels are all of one group is not judged: nothing can be held out.

    Args:
        features: `[images, features]`.
        labels: `[images, tags]`.
        groups: `[images]`; pictures of one group are held out together.
        trusted: `[images, tags]`: labels that stay, whatever heads say.
        folds: Parts of the pictures, each judged by heads of the others.
        confirmed: `[images, tags]`: labels that the source and people give alike; none where
            nothing is given.
    """
    components = _components(features)
    left_out = LeftOut(
        cells=np.zeros(labels.shape, bool),
        probabilities=np.full(labels.shape, np.nan),
        judged=np.zeros(labels.shape[1], bool),
    )
    for tag, column in enumerate(labels.T):
        known = np.flatnonzero(column != UNKNOWN)
        positive = column[known] == 1
        kin = [groups[row] for row in known.tolist()]
        if min(positive.sum(), (~positive).sum()) < max(LEAST, folds) or len(set(kin)) < 2:
            continue
        doubted = np.zeros(len(known), bool)
        parts = held_out_parts(positive, kin, folds)  # which takes as long as to learn
        alike = doubted if confirmed is None else confirmed[known, tag]
        for _ in range(ROUNDS):
            # Components keep their scale: the last ones are mostly noise.
            probabilities = held_out_probabilities(
                components[known], positive, parts, learnt=~doubted, standardize=False
            )
            doubted = _doubted(probabilities, positive, alike) & ~trusted[known, tag]
        left_out.cells[known, tag] = doubted
        left_out.probabilities[known, tag] = probabilities
        left_out.judged[tag] = True
    return left_out


def _doubted(
    probabilities: npt.NDArray[np.float64],
    positive: npt.NDArray[np.bool_],
    confirmed: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Return `[labels]`: which look wrong; confirmed ones do among themselves, too."""
    doubted, among_confirmed = np.zeros((2, len(positive)), bool)
    doubted[suspects(probabilities, positive)] = True
    own, says_yes = np.flatnonzero(confirmed), positive[confirmed]
    if min(says_yes.sum(), (~says_yes).sum()) >= FEWEST_CONFIRMED:
        among_confirmed[own[suspects(probabilities[own], says_yes)]] = True
    looks_wrong: npt.NDArray[np.bool_] = doubted & (among_confirmed | ~confirmed)
    return looks_wrong


def _components(features: Features) -> Features:
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(features)
    with np.errstate(invalid="ignore"):  # shares of a variance of 0, where all pictures are alike
        components = PCA(min(COMPONENTS, *scaled.shape), random_state=0).fit_transform(scaled)
    return np.asarray(components, np.float32)
