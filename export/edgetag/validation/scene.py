"""What all files of a validation are judged by: images, labels, reference, limits."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.dataset import Dataset
from edgetag.dataset.view import Rows
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.metrics import Scores
from edgetag.progress import Progress
from edgetag.recipe import Budget, Recipe
from edgetag.runtimes import LoadFailure, engines
from edgetag.validation.entries import variant_entry
from edgetag.validation.inputs import Candidate, fp32_size_bytes, obtain_reference, read_thresholds
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.operating import OperatingPoints
from edgetag.validation.refit import refit_thresholds
from edgetag.validation.result import VariantVerdict
from edgetag.validation.scoring import Run, Scored, Scoring
from edgetag.workspace import Workspace

REFIT_ON = "validation"
"""The split that thresholds are fitted on."""


class Scene:
    """What all files are judged by, made once.

    Raises:
        InputError: The reference does not fit, or no tag of the deciding split can be scored.

    Attributes:
        recipe: Names variants, runtimes, splits and budgets.
        workspace: Holds data, thresholds and exported files.
        dataset: The images.
        rows: Split → rows of the manifest.
        stored: The reference as it is kept.
        thresholds: Tag → the reference's.
        splits: Split → its labels and bootstrap.
        reference: Split → the reference's scores.
        refit_rows: Rows that a variant's thresholds are fitted on.
    """

    def __init__(
        self,
        recipe: Recipe,
        workspace: Workspace,
        dataset: Dataset,
        progress: Progress,
        given: Path | None,
    ) -> None:
        self.recipe = recipe
        self.workspace = workspace
        self.dataset = dataset
        self.progress = progress
        section = recipe.validation
        self.rows: dict[str, Rows] = {name: dataset.rows(name) for name in section.splits}
        self.splits = {name: self._split(rows) for name, rows in self.rows.items()}
        _require_scored_tags(self.splits[section.splits[0]], section.splits[0])
        self.stored, scores = obtain_reference(
            recipe, workspace, dataset, np.concatenate(list(self.rows.values())), progress, given
        )
        self.thresholds = read_thresholds(workspace, dataset, self.stored)
        self.places = _places(self.rows)
        self.reference = {
            name: Measured(scores[self.places[name]], split, self.thresholds)
            for name, split in self.splits.items()
        }
        self.refit_rows = self._refit_rows()

    def _split(self, rows: Rows) -> Split:
        section = self.recipe.validation
        return Split(
            self.dataset.labels(rows),
            self.dataset.vocabulary,
            self.dataset.groups(rows),
            min_positives=section.min_positives,
            samples=section.bootstrap_samples,
            confidence=section.confidence,
            seed=self.recipe.seed,
            at=OperatingPoints(
                fpr=section.at_fpr,
                recall=section.at_recall,
                prevalence=section.prevalence,
                prevalences=section.prevalences,
                bins=section.calibration_bins,
            ),
        )

    def _refit_rows(self) -> Rows:
        """Return the images to fit thresholds on; none where that split judges or is not there."""
        splits = self.recipe.validation.splits
        wanted = self.recipe.validation.refit_thresholds and REFIT_ON not in splits
        if not wanted or REFIT_ON not in self.dataset.splits():
            return np.empty(0, dtype=np.int64)
        return self.dataset.rows(REFIT_ON)

    def score(self, files: Sequence[Candidate]) -> Iterator[tuple[Run, Scored | LoadFailure]]:
        """Score every file on every runtime; a file's first runtime here also scores the refit's.

        Runtimes that are not here come last, so that thresholds are fitted before they are used.
        """
        names = self.recipe.validation.runtimes
        here = [name for name in names if engines.get(name).available() is None]
        rows = np.concatenate(list(self.rows.values()))
        more = np.concatenate([rows, self.refit_rows])
        scoring = Scoring(self.workspace, self.dataset, this_machine())
        return scoring.each(
            [
                Run(
                    variant=file.variant,
                    path=file.path,
                    sha256=file.sha256,
                    contract=file.contract,
                    columns=file.columns,
                    rows=more if name in here[:1] else rows,
                    engine=engines.get(name),
                )
                for file in files
                for name in (*here, *(name for name in names if name not in here))
            ],
            self.progress,
        )

    @property
    def judged_images(self) -> int:
        """Images of all splits that are judged."""
        return sum(len(rows) for rows in self.rows.values())

    def refit(self, scored: Scored) -> dict[str, float]:
        """Return a variant's thresholds, fitted on its scores behind those that are judged."""
        split = self._split(self.refit_rows)
        scores: Scores = scored.scores[self.judged_images :]
        return refit_thresholds(scores, split, self.recipe.training.thresholds, self.thresholds)

    def measured(
        self, name: str, scored: Scored, thresholds: Mapping[str, float]
    ) -> tuple[Measured, Measured]:
        """Return the reference and a variant over a split."""
        scores: Scores = scored.scores[self.places[name]]
        return self.reference[name], Measured(scores, self.splits[name], thresholds)

    def entry(
        self, file: Candidate, scored: Scored, name: str, reference: Measured, variant: Measured
    ) -> VariantVerdict:
        """Judge a variant over a split."""
        return variant_entry(
            file,
            scored.meta,
            self._budget(file),
            fp32_size_bytes(self.workspace),
            name,
            name == self.recipe.validation.splits[0],
            reference,
            variant,
            self.thresholds,
        )

    def _budget(self, file: Candidate) -> Budget:
        """Return the limits of a file: its own, or the default ones."""
        for name, budget in self.recipe.budgets.items():
            if name == file.judged_as:
                return budget
        return self.recipe.budgets.get("default") or Budget()


def _require_scored_tags(split: Split, name: str) -> None:
    """Refuse a split that can decide nothing, before anything is scored.

    Raises:
        InputError: No tag has positives enough and a negative.
    """
    if split.scored:
        return
    most = int(split.positives.argmax())
    raise InputError(
        f"no tag can be scored on {name}: validation.min_positives is {split.min_positives}, and "
        f"{split.vocabulary.names[most]!r} has the most positives there, {split.positives[most]}, "
        f"beside {split.negatives[most]} negatives; add labelled images, or lower min_positives"
    )


def _places(rows: Mapping[str, npt.NDArray[np.int64]]) -> dict[str, slice]:
    """Return where each split lies among all scored rows."""
    places, start = {}, 0
    for name, part in rows.items():
        places[name] = slice(start, start + len(part))
        start += len(part)
    return places
