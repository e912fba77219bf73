"""Training pictures in the order in which answers about all of their tags teach most."""

import numpy as np
import polars as pl

from edgetag.label_noise.asking import worth_asking
from edgetag.label_noise.leaving_out import labels_to_leave_out
from edgetag.mining.result import QUESTIONS
from edgetag.mining.subject import Subject
from edgetag.workspace import Workspace
from edgetag.writing import atomic_write


def write_questions(subject: Subject, workspace: Workspace, folds: int) -> None:
    """Write `mine/questions.csv`: pictures of which something is unsure, the most worth first.

    Labels are judged as training judges them, by those of training pictures alone.

    Args:
        subject: The pictures, and the tags that count.
        workspace: Gets the table.
        folds: Parts of the pictures, each judged by heads of the others.
    """
    rows = np.flatnonzero((subject.dataset.manifest["split"] == "train").to_numpy())
    columns = [subject.column(tag) for tag in subject.tags]
    labels = subject.labels[rows][:, columns]
    answered = subject.answered[rows][:, columns]
    groups = [subject.groups[row] for row in rows.tolist()]
    judged = labels_to_leave_out(subject.features[rows], labels, groups, answered, folds)
    worth = worth_asking(labels, judged, answered)
    order = np.argsort(-worth, kind="stable")
    order = order[worth[order] > 0]
    chosen = subject.dataset.manifest[rows[order]]
    table = pl.DataFrame(
        {
            "rank": np.arange(1, len(order) + 1),
            "identity": chosen["identity"],
            "path": chosen["path"],
            "worth": worth[order],
        }
    )
    with atomic_write(workspace.mine / QUESTIONS) as file:
        table.write_csv(file)
