"""What all files of a validation are judged by: images, labels, reference, limits."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.conversion.explain_signature import read_explain
from edgetag.conversion.flatfile import read_model
from edgetag.dataset import Dataset
from edgetag.dataset.view import Rows
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.metrics import Scores
from edgetag.progress import Progress
from edgetag.recipe import Budget, Recipe
from edgetag.runtimes import LoadFailure, engines
from edgetag.runtimes.maps import explain
from edgetag.validation.entries import variant_entry
from edgetag.validation.heat_map_result import HeatMaps
from edgetag.validation.heat_maps import HeatMapScene, check_heat_maps, spread, with_heat_maps
from edgetag.validation.inputs import Candidate, fp32_size_bytes, obtain_reference, read_thresholds
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.operating import OperatingPoints
from edgetag.validation.refit import refit_thresholds
from edgetag.validation.result import VariantVerdict
from edgetag.validation.scores import NO_ROWS
from edgetag.validation.scoring import Run, Scored, Scoring
from edgetag.validation.statistics import Bootstrap
from edgetag.validation.unbreakable import unbreakable
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
        map_rows: Rows whose heat maps are compared; none where no file has some.
        heat_maps: What they are compared with; None where the reference has none.
    """

    def __init__(
        self,
        recipe: Recipe,
        workspace: Workspace,
        dataset: Dataset,
        progress: Progress,
        given: Path | None,
        explains: bool = False,
    ) -> None:
        self.recipe = recipe
        self.workspace = workspace
        self.dataset = dataset
        self.progress = progress
        section = recipe.validation
        self.rows: dict[str, Rows] = {name: dataset.rows(name) for name in section.splits}
        self.splits = {name: self._split(rows) for name, rows in self.rows.items()}
        _require_scored_tags(self.splits[section.splits[0]], section.splits[0])
        self.map_rows = self._map_rows(explains)
        self.stored, scores = obtain_reference(
            recipe, workspace, dataset, np.concatenate(list(self.rows.values())), progress, given,
            self.map_rows,
        )  # fmt: skip
        self.thresholds = read_thresholds(workspace, dataset, self.stored)
        self.places = _places(self.rows)
        self.reference = {
            name: Measured(scores[self.places[name]], split, self.thresholds)
            for name, split in self.splits.items()
        }
        self.refit_rows = self._refit_rows()
        self.heat_maps = self._heat_maps()
        for warning in unbreakable(recipe, self.reference[section.splits[0]]):
            progress.say(f"warning: {warning}")

    def _map_rows(self, explains: bool) -> Rows:
        rows = self.rows[self.recipe.validation.splits[0]]
        return rows[spread(len(rows))] if explains else NO_ROWS

    def _heat_maps(self) -> HeatMapScene | None:
        rows, dataset, section = self.map_rows, self.dataset, self.recipe.validation
        if not len(rows):
            return None
        names = dataset.vocabulary.names
        maps = self.stored.matched_maps(dataset.identities(rows), names)
        if maps is None:
            self.progress.say(
                "The reference has no heat maps, so none are compared; compute it with this recipe."
            )
            return None
        groups = dataset.groups(rows)
        return HeatMapScene(
            maps=maps,
            labels=dataset.labels(rows),
            names=names,
            bootstrap=Bootstrap.over(groups, section.bootstrap_samples, self.recipe.seed),
            confidence=section.confidence,
            min_positives=section.min_positives,
        )

    def compare_heat_maps(
        self, file: Candidate, one: Run, scored: Scored
    ) -> HeatMaps | LoadFailure | None:
        """Run a file's second signature and compare its maps.

        Returns:
            None where it has none, or there is nothing to compare them with.
        """
        if not file.explains or self.heat_maps is None:
            return None
        ends = read_explain(read_model(file.path), file.path)
        if ends is None:
            raise InputError(f"{file.path}: export.json says that it has maps; export it again")
        with self.progress.track(f"heat maps of {one.name}", len(self.map_rows), "images") as task:
            found = explain(
                one.engine, file.path, self.workspace.cache, self.map_rows, file.contract, task
            )  # fmt: skip
        if isinstance(found, LoadFailure):
            return found
        place = self.places[self.recipe.validation.splits[0]]
        beside = scored.scores[place]
        return self.heat_maps.compare(found, beside[spread(len(beside))], ends)

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
        self,
        file: Candidate,
        scored: Scored,
        name: str,
        reference: Measured,
        variant: Measured,
        heat_maps: HeatMaps | None = None,
    ) -> VariantVerdict:
        """Judge a variant over a split; its heat maps over the one that decides."""
        decides = name == self.recipe.validation.splits[0]
        budget = self._budget(file)
        entry = variant_entry(
            file,
            scored.meta,
            budget,
            fp32_size_bytes(self.workspace),
            name,
            decides,
            reference,
            variant,
            self.thresholds,
        )
        if not decides or not file.explains:
            return entry
        checks = check_heat_maps(budget, heat_maps, self.recipe.validation.confidence)
        return with_heat_maps(entry, heat_maps, checks)

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
