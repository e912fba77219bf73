"""Labels that heads contradict which never saw the picture."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgetag.dataset import Rows
from edgetag.label_noise.held_out import (
    LEAST,
    held_out_parts,
    held_out_probabilities,
    suspects,
)
from edgetag.labels import UNKNOWN
from edgetag.mining.ranking import Candidate
from edgetag.mining.result import MinedTag
from edgetag.mining.subject import Subject
from edgetag.tables.formats import counted


@dataclass(frozen=True, eq=False)
class TagJudged:
    """A tag's labels, judged by heads.

    Attributes:
        about: How many there are, and how many look wrong.
        suspects: Of labels that nobody has answered, the most doubtful first.
        probabilities: `[images]` of the tag by heads that did not learn from the picture; None
            where there are too few labels to learn from.
    """

    about: MinedTag
    suspects: tuple[Candidate, ...] = ()
    probabilities: npt.NDArray[np.float64] | None = None

    @property
    def suspect_rows(self) -> Rows:
        """Rows of the suspects, in their order."""
        return np.array([each.row for each in self.suspects], dtype=np.int64)


def judge_labels(subject: Subject, tag: str, folds: int) -> TagJudged:
    """Judge the labels of a tag, and say how likely the tag is where there is none.

    Args:
        subject: The pictures.
        tag: The tag.
        folds: Parts of the pictures, each judged by a head of the others.
    """
    column = subject.labels[:, subject.column(tag)]
    known, unknown = np.flatnonzero(column != UNKNOWN), np.flatnonzero(column == UNKNOWN)
    labels = column[known] == 1
    about = MinedTag(tag=tag, labels=len(known), positives=int(labels.sum()))
    fewest = min(about.positives, about.labels - about.positives)
    if fewest < max(LEAST, folds):
        lacking = "have" if about.positives == fewest else "lack"
        reason = f"{counted(fewest, 'picture')} {lacking} it; {max(LEAST, folds)} are needed"
        return TagJudged(about.replace(not_judged=reason))
    kin = [subject.groups[row] for row in known.tolist()]
    if len(set(kin)) < 2:
        reason = "its pictures are all of one group, which is held out together"
        return TagJudged(about.replace(not_judged=reason))
    others = subject.features[unknown]
    judged = held_out_probabilities(
        subject.features[known], labels, held_out_parts(labels, kin, folds), others=others
    )
    probabilities = np.empty(len(column))
    probabilities[np.concatenate([known, unknown])] = judged
    doubtful = subject.unanswered(
        Candidate(
            "suspect label",
            row,
            tag,
            float(probabilities[row]),
            f"models that never saw it say {probabilities[row]:.3f}",
        )
        for row in known[suspects(judged[: len(known)], labels)].tolist()
    )
    about = about.replace(suspects=len(doubtful))
    return TagJudged(about, tuple(doubtful), probabilities)
