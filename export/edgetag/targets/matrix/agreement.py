"""How far two runtimes agree on a file: bit by bit, by the largest difference, by decisions."""

from collections.abc import Mapping, Sequence

import numpy as np

from edgetag.conversion.result import ExportedVariant
from edgetag.metrics import Scores
from edgetag.targets.matrix.result import Agreement
from edgetag.training.result import Thresholds
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace


def agreement_of(
    scores: Scores, reference: Scores, thresholds: Sequence[float] | None
) -> Agreement:
    """Compare scores of one file on two runtimes.

    Both are `[images, tags]`; thresholds are `[tags]`, None where unknown.
    """
    decided = np.zeros_like(scores, dtype=bool)
    if thresholds is not None:
        limits = np.asarray(thresholds, dtype=np.float64)
        decided = (scores >= limits) != (reference >= limits)
    return Agreement(
        identical=bool(np.array_equal(scores, reference)),
        largest_difference=float(np.abs(scores - reference).max(initial=0.0)),
        decisions=scores.size if thresholds is not None else 0,
        flips=int(decided.sum()),
    )


class FileThresholds:
    """The thresholds that each file is judged by.

    Those of the verdict, where it judged this very file; else those of training.
    """

    def __init__(self, workspace: Workspace, tags: Sequence[str]) -> None:
        self._tags = tags
        verdict, trained = workspace.validate / "verdict.json", workspace.train / "thresholds.json"
        self._verdict = Verdict.read(verdict, "validate") if verdict.exists() else None
        self._trained = Thresholds.read(trained, "train") if trained.exists() else None

    def of(self, file: ExportedVariant) -> list[float] | None:
        """Return `[tags]` thresholds of a file; None where a tag has none."""
        thresholds: Mapping[str, float] = self._trained.thresholds if self._trained else {}
        if self._verdict and any(
            (entry.variant, entry.sha256) == (file.variant, file.sha256)
            for entry in self._verdict.variants
        ):
            thresholds = self._verdict.thresholds.get(file.variant, thresholds)
        if any(tag not in thresholds for tag in self._tags):
            return None
        return [thresholds[tag] for tag in self._tags]
