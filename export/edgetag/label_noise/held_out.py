"""What models say of pictures that they never saw: one head a tag, on features of the network."""

from collections.abc import Sequence
from warnings import catch_warnings, simplefilter

import numpy as np
import numpy.typing as npt

from edgetag.errors import MissingExtraError
from edgetag.label_noise.features import Features
from edgetag.label_noise.settings import FOLDS

INVERSE_PENALTY = 0.01
"""`C` of the logistic regression, on standardized features. `make planted` compares others: of
4,429 planted errors this one estimates 4,060, and 0.001, which orders a little better, 3,179."""

LEAST = 20
"""Fewest pictures with a tag, and without it, from which a head learns."""


Part = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Pictures that a head may learn from, and those that it judges: positions."""


def held_out_parts(
    labels: npt.NDArray[np.bool_], groups: Sequence[str], folds: int = FOLDS
) -> list[Part]:
    """Part pictures so that each is judged once, by a head that saw neither it nor its kin.

    Args:
        labels: `[images]`, which every part has in about the same shares.
        groups: `[images]`, at least two; pictures of one group are held out together.
        folds: How many parts; fewer for few groups.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    # Of 100,000 groups of a picture each the one for groups takes 20 s, the other 0.02.
    kins = len(set(groups))
    of_kin = StratifiedGroupKFold if kins < len(groups) else StratifiedKFold
    with catch_warnings():
        simplefilter("ignore", UserWarning)  # a rare tag may be missing in a part: it judges none
        parts = list(of_kin(min(folds, kins)).split(labels, labels, groups))
    return [(rest, held) for rest, held in parts if len(held)]  # few groups may leave one empty


def held_out_probabilities(
    features: Features,
    labels: npt.NDArray[np.bool_],
    parts: Sequence[Part],
    inverse_penalty: float = INVERSE_PENALTY,
    others: Features | None = None,
    learnt: npt.NDArray[np.bool_] | None = None,
    *,
    standardize: bool = True,
) -> npt.NDArray[np.float64]:
    """Return the probability that each picture has a tag, by heads that saw neither it nor its kin.

    Args:
        features: `[images, features]`.
        labels: `[images]`, of which at least `LEAST` are true and as many are not.
        parts: Of `held_out_parts`.
        inverse_penalty: `C` of the logistic regression.
        others: `[others, features]` of pictures without a label, whose probability is the mean
            over all heads.
        learnt: `[images]`: whether heads learn from the label; from all where nothing is given.
        standardize: Whether features are brought to one scale first.

    Returns:
        `[images + others]` in 0..1.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler(with_mean=standardize, with_std=standardize).fit(features)
    scaled = scaler.transform(features)
    # scikit-learn refuses no pictures at all.
    more = features[:0] if others is None or not len(others) else scaler.transform(others)
    held_out, of_others = np.empty(len(labels)), np.zeros(len(more))
    for others_of, held in parts:
        rest = others_of if learnt is None else others_of[learnt[others_of]]
        if labels[rest].all() or not labels[rest].any():
            held_out[held] = labels[rest].mean()
            of_others += labels[rest].mean() / len(parts)
            continue
        head = LogisticRegression(C=inverse_penalty, max_iter=300).fit(scaled[rest], labels[rest])
        held_out[held] = head.predict_proba(scaled[held])[:, 1]
        if len(more):
            of_others += head.predict_proba(more)[:, 1] / len(parts)
    return np.concatenate([held_out, of_others])


def suspects(
    probabilities: npt.NDArray[np.float64], labels: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Return the labels that look wrong, the most doubtful first.

    How many there are is what confident learning estimates (Northcutt, Jiang and Chuang 2021, in
    cleanlab): a label is counted as wrong where the other answer is likelier than it is on average
    among pictures that are given it. Which these are follows the probability of the given label.

    Args:
        probabilities: `[images]` of `held_out_probabilities`.
        labels: `[images]`.

    Returns:
        Positions.

    Raises:
        MissingExtraError: cleanlab is not installed.
    """
    try:
        from cleanlab.filter import find_label_issues
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "cleanlab", "train") from None

    found: npt.NDArray[np.int64] = find_label_issues(
        labels.astype(np.int64),
        np.stack([1 - probabilities, probabilities], axis=1),
        filter_by="low_self_confidence",
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    return found
