"""Pictures far from all that was learnt from, and pictures like those of which a tag is sure.

Both by distances between features of length 1, as Sun et al. measure them ("Out-of-Distribution
Detection with Deep Nearest Neighbors", ICML 2022): a picture is far if its k-th nearest picture of
the training split is further away than that of 95 % of the training pictures themselves.
"""

import numpy as np
import numpy.typing as npt

from edgetag.dataset import Rows
from edgetag.dataset.split import TRAIN
from edgetag.label_noise.features import Features
from edgetag.mining.float_scores import FloatScores
from edgetag.mining.ranking import Candidate
from edgetag.mining.subject import Subject
from edgetag.mining.suspicion import TagJudged
from edgetag.sampling import spread
from edgetag.tables.formats import format_percent

NEIGHBOUR = 10
"""Which nearest training picture counts. The source takes 50 of 50,000; sets here are smaller."""

WITHIN = 0.95
"""Share of training pictures that are not far, as in the source."""

MOST_TRAINING, MOST_OWN, MOST_HITS = 20_000, 2_000, 1_000
"""Training pictures that others are compared with, those whose own distances are measured, and
sure pictures of a tag: more are thinned out evenly, so that 100,000 pictures take minutes. The
source finds as much with 1 % of ImageNet."""


def far_from_training(subject: Subject, scored: FloatScores) -> dict[str, list[Candidate]]:
    """Return pictures beyond the training split, by tag, the furthest first.

    A distance is of no tag. Each picture is listed for the one that the float model is least sure
    of, since a person is asked about a tag.

    Args:
        subject: The pictures.
        scored: Those that are looked at, but for ones of the training split.

    Raises:
        InputError: There is no training split.
    """
    training = subject.dataset.rows(TRAIN)
    known = spread(training, MOST_TRAINING)
    looked_at = np.flatnonzero(~np.isin(scored.rows, training))
    if not len(looked_at):
        return {}
    columns = [subject.column(tag) for tag in subject.tags]
    least_sure = np.abs(scored.margins()[:, columns]).argmin(axis=1)
    distances = _distances(subject.directions, known, scored.rows[looked_at], NEIGHBOUR)
    # The nearest of a training picture's own neighbours is itself.
    own = _distances(subject.directions, known, spread(known, MOST_OWN), NEIGHBOUR + 1)
    usual, far = float(np.median(own)), float(np.quantile(own, WITHIN))
    lists: dict[str, list[Candidate]] = {}
    for place in np.argsort(-distances, kind="stable").tolist():
        if distances[place] <= far:
            break
        picture = looked_at[place]
        tag = subject.tags[least_sure[picture]]
        lists.setdefault(tag, []).append(
            Candidate(
                "far from training",
                int(scored.rows[picture]),
                tag,
                float(scored.scores[picture, subject.column(tag)]),
                f"{distances[place]:.2f} from what was learnt from; usual is {usual:.2f}, and "
                f"{format_percent(WITHIN, 0)} are within {far:.2f}",
            )
        )
    return lists


def like_hits(subject: Subject, judged: TagJudged) -> list[Candidate]:
    """Return pictures that are not known to have a tag, the nearest to one that has it first.

    Those that have it are the ones of which people say so. Where nobody has said so of any, they
    are those with a positive label that heads agree with which never saw the picture.

    Args:
        subject: The pictures.
        judged: The tag's labels, by such heads.

    Returns:
        Pictures whose label says no or nothing, nobody having answered; none without a sure one.
    """
    tag, column = judged.about.tag, subject.column(judged.about.tag)
    has, answered = subject.labels[:, column] == 1, subject.answered[:, column]
    sure, by = has & answered, "people say"
    if not sure.any():
        if judged.probabilities is None:
            return []
        sure, by = has & (judged.probabilities >= 0.5), "labels and heads say"
    hits = spread(np.flatnonzero(sure), MOST_HITS)
    rows = np.flatnonzero(~has & ~answered)
    if not (len(hits) and len(rows)):
        return []
    distances, nearest = _nearest(subject.directions, hits, rows, 1)
    paths = subject.dataset.manifest["path"]
    return [
        Candidate(
            "like a confirmed hit",
            int(rows[place]),
            tag,
            max(0.0, 1 - float(distances[place, 0]) ** 2 / 2),
            f"{distances[place, 0]:.2f} from {paths[int(hits[nearest[place, 0]])]}, which has it, "
            f"{by}",
            beside=int(hits[nearest[place, 0]]),
        )
        for place in np.argsort(distances[:, 0], kind="stable").tolist()
    ]


def _distances(
    directions: Features, among: Rows, rows: Rows, neighbour: int
) -> npt.NDArray[np.float32]:
    """Return each row's distance from its nearest of that number among some rows."""
    distances, _ = _nearest(directions, among, rows, min(neighbour, len(among)))
    return distances[:, -1]


def _nearest(
    directions: Features, among: Rows, rows: Rows, count: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return distances and places of the nearest among some rows, each `[rows, count]`."""
    from sklearn.neighbors import NearestNeighbors

    # No index helps in a thousand dimensions; scikit-learn goes by blocks of bounded memory.
    index = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(directions[among])
    distances, places = index.kneighbors(directions[rows])
    return distances, places
