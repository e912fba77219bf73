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
from edgetag.sampling import spread
from edgetag.validation.entries import variant_entry
from edgetag.validation.heat_map_result import HeatMaps
from edgetag.validation.heat_maps import MOST_IMAGES, HeatMapScene, check_heat_maps, with_heat_maps
from edgetag.validation.inputs import Candidate, fp32_size_bytes, read_thresholds, split_of
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.needs import split_share
from edgetag.validation.obtaining import obtain_reference
from edgetag.validation.refit import refit_thresholds
from edgetag.validation.result import VariantVerdict
from edgetag.validation.scores import NO_ROWS
from edgetag.validation.scoring import Run, Scored, Scoring
from edgetag.validation.unbreakable import unbreakable
from edgetag.workspace import Workspace


class Scene:
    """What all files are judged by, made once.

    Raises:
        InputError: The reference does not fit, or no tag of the deciding split can be scored.

    Attributes:
        recipe: Names variants, runtimes, splits and budgets.
        workspace: Holds data, thresholds and exported files.
        dataset: The images.
        rows: Split → rows of the manifest that are judged.
        stored: The reference as it is kept.
        pictures: What changed since a reference from elsewhere was made; None for one made here.
        fp32_bytes: What sizes are compared with; None where nothing tells.
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
        max_changed: float = 0.0,
    ) -> None:
        self.recipe = recipe
        self.workspace = workspace
        self.dataset = dataset
        self.progress = progress
        section = recipe.validation
        here = {name: dataset.rows(name) for name in section.splits}
        splits = {name: split_of(recipe, dataset, rows) for name, rows in here.items()}
        _require_scored_tags(splits[section.splits[0]], section.splits[0])
        reference = obtain_reference(
            recipe,
            workspace,
            dataset,
            progress,
            given,
            max_changed,
            self._map_rows(here, explains),
        )
        self.stored, self.pictures = reference.stored, reference.pictures
        self.rows = {name: reference.rows[name] for name in section.splits}
        self.splits = {
            name: splits[name] if len(rows) == len(here[name]) else split_of(recipe, dataset, rows)
            for name, rows in self.rows.items()
        }
        _require_scored_tags(self.splits[section.splits[0]], section.splits[0])
        self.map_rows = self._map_rows(self.rows, explains)
        self.refit_rows = next((reference.rows[name] for name in section.refit_splits), NO_ROWS)
        self.fp32_bytes = fp32_size_bytes(workspace) or self.stored.meta.fp32_size_bytes
        self.thresholds = read_thresholds(workspace, dataset, self.stored)
        self.places = _places(self.rows)
        self.reference = {
            name: Measured(reference.scores(dataset, self.rows[name]), split, self.thresholds)
            for name, split in self.splits.items()
        }
        self.heat_maps = self._heat_maps()
        for warning in unbreakable(recipe, self.reference[section.splits[0]]):
            progress.say(f"warning: {warning}")

    def _map_rows(self, splits: Mapping[str, Rows], explains: bool) -> Rows:
        rows = splits[self.recipe.validation.splits[0]]
        return spread(rows, MOST_IMAGES) if explains else NO_ROWS

    def _heat_maps(self) -> HeatMapScene | None:
        compared_with = HeatMapScene.over(self.map_rows, self.dataset, self.stored, self.recipe)
        if compared_with is None and len(self.map_rows):
            self.progress.say(
                "The reference has no heat maps, so none are compared; compute it with this recipe."
            )
        return compared_with

    def compare_heat_maps(
        self, file: Candidate, run: Run, scored: Scored
    ) -> HeatMaps | LoadFailure | None:
        """Run a file's second signature and compare its maps.

        Returns:
            None where it has none, or there is nothing to compare them with.
        """
        if not file.explains or self.heat_maps is None:
            return None
        beside = scored.scores[self.places[self.recipe.validation.splits[0]]]
        with self.progress.track(f"heat maps of {run.name}", len(self.map_rows), "images") as task:
            return self.heat_maps.compare_file(
                file.path,
                run.engine,
                self.workspace.cache,
                self.map_rows,
                file.contract,
                spread(beside, MOST_IMAGES),
                task,
                file.columns,
            )

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
        split = split_of(self.recipe, self.dataset, self.refit_rows)
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
        budget = self.budget(file)
        entry = variant_entry(
            file,
            scored.meta,
            budget,
            self.fp32_bytes,
            name,
            decides,
            reference,
            variant,
            self.thresholds,
            split_share(self.dataset, name),
        )
        # A file that should have maps and has none is undecided, not spared.
        should = file.judged_as in self.recipe.export.explain
        if not decides or not (file.explains or should):
            return entry
        checks = check_heat_maps(budget, heat_maps, self.recipe.validation.confidence)
        return with_heat_maps(entry, heat_maps, checks)

    def require_sizes(self, files: Sequence[Candidate]) -> None:
        """Refuse a ratio of sizes that nothing here can tell, before anything is scored.

        Raises:
            InputError: Neither exported files nor the reference tell the float file's size.
        """
        for file in files if self.fp32_bytes is None else ():
            if self.budget(file).max_size_ratio is not None:
                raise InputError(
                    f"budgets: max_size_ratio of {file.judged_as} compares with the float file, "
                    "but nothing is exported here and the reference does not tell its size; make "
                    "the reference again where the model was trained (edgetag validate), or set "
                    "max_size_bytes instead"
                )

    def budget(self, file: Candidate) -> Budget:
        """Return the limits of a file: its own, or the default ones."""
        for name in self.recipe.budgets:
            if name == file.judged_as:
                return self.recipe.budget(name)
        return self.recipe.budget("default")


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
