"""What the float model says of pictures that it has not learnt from, and where that is unsure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgetag.dataset import Rows
from edgetag.errors import InputError
from edgetag.metrics import Scores, logits_of
from edgetag.mining.float_model import FloatModel
from edgetag.mining.ranking import Candidate, rows_by_identity
from edgetag.mining.subject import Subject
from edgetag.progress import Progress
from edgetag.training.result import trained_thresholds
from edgetag.validation.scores import read_reference
from edgetag.workspace import Workspace, digest_file


@dataclass(frozen=True, eq=False)
class FloatScores:
    """Scores of the float model.

    Attributes:
        rows: `[n]` of the manifest.
        scores: `[n, all tags]`.
        thresholds: `[all tags]`.
    """

    rows: Rows
    scores: Scores
    thresholds: npt.NDArray[np.float32]

    def decisions(self) -> npt.NDArray[np.bool_]:
        """Return `[n, all tags]`: where a score reaches its threshold."""
        return self.scores >= self.thresholds

    def margins(self) -> npt.NDArray[np.float64]:
        """Return `[n, all tags]`: how far logits lie above thresholds; below, it is negative."""
        return logits_of(self.scores) - logits_of(self.thresholds)


def float_scores(
    model: FloatModel | str, workspace: Workspace, subject: Subject, progress: Progress
) -> FloatScores:
    """Return the scores of pictures that validation has kept, and of those without labels.

    Where nothing is validated, those without labels alone.

    Args:
        model: The float model, or why there is none.
        workspace: Of the run.
        subject: The pictures.
        progress: Is told of pictures that are scored.

    Raises:
        InputError: There are none of either kind, or what is kept is damaged.
    """
    names = subject.dataset.vocabulary.names
    path, new = workspace.validate / "reference.npz", subject.new_rows
    if not (path.exists() or len(new)):
        raise InputError(f"{path}: missing; run: edgetag validate")
    thresholds = read_thresholds(workspace, names)
    rows, scores = [], []
    if path.exists():
        reference, row_of = read_reference(path), rows_by_identity(subject.dataset)
        places = [place for place, name in enumerate(reference.identities) if name in row_of]
        rows.append(np.array([row_of[reference.identities[p]] for p in places], dtype=np.int64))
        scores.append(reference.scores[places][:, reference.columns(names, path)])
    if len(new):
        if isinstance(model, str):
            raise InputError(model)
        rows.append(new)
        scores.append(model.scores(subject.dataset, new, progress, "scoring new pictures"))
    return FloatScores(np.concatenate(rows), np.concatenate(scores), thresholds)


def out_of_date(workspace: Workspace) -> tuple[str, ...]:
    """Return that what validation has kept is of another float model than lies here, if it is."""
    path, weights = workspace.validate / "reference.npz", workspace.train / "model.npz"
    if not (path.exists() and weights.exists()):
        return ()
    if read_reference(path).meta.weights_sha256 == digest_file(weights):
        return ()
    return (
        f"{path}: scores of another float model than {weights}, so of what they tell some may be "
        "out of date; run: edgetag validate",
    )


def read_thresholds(workspace: Workspace, names: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return the float model's threshold of each tag.

    Raises:
        InputError: Nothing is trained yet, or on other tags.
    """
    kept = trained_thresholds(workspace, names)
    return np.array([kept[name] for name in names], np.float32)


def near_thresholds(scored: FloatScores, tag: str, column: int) -> list[Candidate]:
    """Return pictures, the nearest to a tag's threshold first; distances are those of logits."""
    distances, threshold = np.abs(scored.margins()[:, column]), scored.thresholds[column]
    return [
        Candidate(
            "near the threshold",
            int(scored.rows[place]),
            tag,
            float(scored.scores[place, column]),
            f"scored {scored.scores[place, column]:.3f}; the threshold is {threshold:.3f}",
        )
        for place in np.argsort(distances, kind="stable").tolist()
    ]
