"""What all files of a validation are judged by: images, labels, reference, limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.catalogue.variants import BASE
from edgetag.dataset import Dataset, Rows
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.progress import Progress
from edgetag.recipe import Budget, Recipe
from edgetag.sampling import positions, spread
from edgetag.validation.chance import no_better_than_chance
from edgetag.validation.entries import scores_digest
from edgetag.validation.heat_maps import MOST_IMAGES, ReferenceHeatMaps
from edgetag.validation.inputs import Candidate, fp32_size_bytes, read_thresholds, split_of
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.obtaining import obtain_reference
from edgetag.validation.pictures_result import PicturesComparison
from edgetag.validation.scores import NO_ROWS, ReferenceScores
from edgetag.validation.unbreakable import unbreakable, without_pictures
from edgetag.workspace import Workspace, digest_json


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What all files are judged by, made once by `prepare`.

    Attributes:
        recipe: Names variants, runtimes, splits and budgets.
        workspace: Holds data, thresholds and exported files.
        dataset: The images.
        rows: Split → rows of the manifest that are judged; the first split decides.
        splits: Split → its labels and bootstrap.
        stored: The reference as it is kept.
        reference: Split → the reference's scores.
        thresholds: Tag → the reference's.
        pictures: What changed since a reference from elsewhere was made; None for one made here.
        fp32_bytes: What sizes are compared with; None where nothing tells.
        refit_rows: Rows that a variant's thresholds are fitted on.
        map_rows: Rows whose heat maps are compared; none where no file has some.
        heat_maps: What they are compared with; None where the reference has none.
    """

    recipe: Recipe
    workspace: Workspace
    dataset: Dataset
    rows: Mapping[str, Rows]
    splits: Mapping[str, Split]
    stored: ReferenceScores
    reference: Mapping[str, Measured]
    thresholds: dict[str, float]
    pictures: PicturesComparison | None
    fp32_bytes: int | None
    refit_rows: Rows
    map_rows: Rows
    heat_maps: ReferenceHeatMaps | None

    @property
    def deciding(self) -> str:
        """The split that decides."""
        return self.recipe.validation.splits[0]

    @cached_property
    def judged_rows(self) -> Rows:
        """Rows of all splits, one split after the other."""
        return np.concatenate(list(self.rows.values()))

    @cached_property
    def agreement_places(self) -> npt.NDArray[np.int64]:
        """Which of the judged rows a runtime after the first scores."""
        total = len(self.judged_rows)
        return positions(total, self.recipe.validation.agreement_images or total)

    @cached_property
    def places(self) -> Mapping[str, slice]:
        """Where each split lies among the judged rows."""
        ends = np.cumsum([len(part) for part in self.rows.values()]).tolist()
        starts = [0, *ends[:-1]]
        return dict(zip(self.rows, map(slice, starts, ends), strict=True))

    def budget(self, file: Candidate) -> Budget:
        """Return the limits of a file: its own, or the default ones."""
        own = (name for name in self.recipe.budgets if name == file.judged_as)
        return self.recipe.budget(next(own, "default"))

    @cached_property
    def digest(self) -> str:
        """Digest of all that every file is judged by."""
        parts = dict(self.rows) | ({"refit": self.refit_rows} if len(self.refit_rows) else {})
        return digest_json(
            {
                "seed": self.recipe.seed,
                "settings": self.recipe.validation.model_dump(mode="json"),
                "policy": self.recipe.training.thresholds.model_dump(mode="json"),
                "images": {name: self.dataset.digest(rows) for name, rows in parts.items()},
                "reference": {
                    name: scores_digest(measured.scores)
                    for name, measured in self.reference.items()
                },
                "thresholds": self.thresholds,
                BASE: self.fp32_bytes,
                "made with": dependencies_of("edgetag.validation.stage").digest,
                "processor": this_machine().cpu,
            }
        )

    def judged_by(self, file: Candidate) -> str:
        """Return a digest of all that a file is judged by, the file included; not its place."""
        limits = self.budget(file).model_dump(mode="json")
        making = [file.sha256, file.contract.digest(), file.columns, file.stands_for]
        return digest_json([self.digest, limits, making])


def prepare(
    recipe: Recipe,
    workspace: Workspace,
    dataset: Dataset,
    files: Sequence[Candidate],
    progress: Progress,
    given: Path | None,
    max_changed: float,
) -> Evaluation:
    """Find or compute what files are judged by, and refuse what can judge nothing.

    Args:
        recipe: Names variants, runtimes, splits and budgets.
        workspace: Holds data and thresholds.
        dataset: The images.
        files: What will be judged; heat maps are prepared if one of them has some.
        progress: Is told what takes long, and of limits that nothing can break.
        given: Reference scores from elsewhere; default: those kept, or new ones.
        max_changed: See `obtaining.obtain_reference`.

    Raises:
        InputError: The reference does not fit, no tag of the deciding split can be scored, or
            nothing tells the size that a limit compares with.
    """
    section = recipe.validation
    deciding = section.splits[0]
    explains = any(file.explains for file in files)

    def map_rows(rows: Mapping[str, Rows]) -> Rows:
        return spread(rows[deciding], MOST_IMAGES) if explains else NO_ROWS

    here = {name: dataset.rows(name) for name in section.splits}
    splits = {name: split_of(recipe, dataset, rows) for name, rows in here.items()}
    if given is None:  # else what is missing of a reference's pictures and labels says more
        _require_scored_tags(splits[deciding], deciding)
    reference = obtain_reference(
        recipe, workspace, dataset, progress, given, max_changed, map_rows(here)
    )
    rows = {name: reference.rows[name] for name in section.splits}
    for name in section.splits:
        if len(rows[name]) != len(here[name]):
            splits[name] = split_of(recipe, dataset, rows[name])
    _require_scored_tags(splits[deciding], deciding)
    thresholds = read_thresholds(workspace, dataset, reference.stored)
    compared_maps = map_rows(rows)
    heat_maps = ReferenceHeatMaps.over(compared_maps, dataset, reference.stored, recipe)
    if heat_maps is None and len(compared_maps):
        progress.say(
            "The reference has no heat maps, so none are compared; compute it with this recipe."
        )
    evaluation = Evaluation(
        recipe=recipe,
        workspace=workspace,
        dataset=dataset,
        rows=rows,
        splits=splits,
        stored=reference.stored,
        reference={
            name: Measured(reference.scores(dataset, rows[name]), split, thresholds)
            for name, split in splits.items()
        },
        thresholds=thresholds,
        pictures=reference.pictures,
        fp32_bytes=fp32_size_bytes(workspace) or reference.stored.meta.fp32_size_bytes,
        refit_rows=next((reference.rows[name] for name in section.refit_splits), NO_ROWS),
        map_rows=compared_maps,
        heat_maps=heat_maps,
    )
    measured = evaluation.reference[deciding]
    for warning in chain(
        unbreakable(recipe, measured),
        without_pictures(recipe, splits[deciding], deciding),
        no_better_than_chance(measured),
    ):
        progress.say(f"warning: {warning}")
    _require_sizes(evaluation, files)
    return evaluation


def _require_sizes(evaluation: Evaluation, files: Sequence[Candidate]) -> None:
    """Refuse a ratio of sizes that nothing here can tell, before anything is scored.

    Raises:
        InputError: Neither exported files nor the reference tell the float file's size.
    """
    for file in files if evaluation.fp32_bytes is None else ():
        if evaluation.budget(file).max_size_ratio is not None:
            raise InputError(
                f"budgets: max_size_ratio of {file.judged_as} compares with the float file, "
                "but nothing is exported here and the reference does not tell its size; make "
                "the reference again where the model was trained (edgetag validate), or set "
                "max_size_bytes instead"
            )


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
