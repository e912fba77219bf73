"""Where two models disagree: the run's float network, and heads that never saw the picture.

Neither has learnt from the pictures that are compared. They begin with the same weights, but one
was trained as a whole and the other is a logistic regression, so that they err differently: the
second member of an ensemble that every run has.
"""

import numpy as np

from edgetag.metrics import logits_of
from edgetag.mining.float_scores import FloatScores
from edgetag.mining.ranking import Candidate
from edgetag.mining.subject import Subject
from edgetag.mining.suspicion import TagJudged

HALF = 0.5
"""From which probability a head says yes."""


def disagreements(subject: Subject, scored: FloatScores, judged: TagJudged) -> list[Candidate]:
    """Return pictures of which one says that they have a tag and the other that they have not.

    Those first that are furthest apart, by logits.

    Args:
        subject: The pictures.
        scored: What the float model says; pictures that it learnt from are not among them.
        judged: What heads say.
    """
    if judged.probabilities is None:
        return []
    tag, column = judged.about.tag, subject.column(judged.about.tag)
    heads, margins = judged.probabilities[scored.rows], scored.margins()[:, column]
    apart = np.abs(margins - logits_of(heads))
    disagree = np.flatnonzero((scored.decisions()[:, column]) != (heads >= HALF))
    return [
        Candidate(
            "models disagree",
            int(scored.rows[place]),
            tag,
            float(scored.scores[place, column]),
            f"the float model says {scored.scores[place, column]:.3f} (threshold "
            f"{scored.thresholds[column]:.3f}), heads that never saw it {heads[place]:.3f}",
        )
        for place in disagree[np.argsort(-apart[disagree], kind="stable")].tolist()
    ]
