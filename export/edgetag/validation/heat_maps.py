"""A variant's heat maps against the float model's: how far apart, and whether they peak alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from edgetag.conversion.explain_signature import ExplainMaps, read_explain
from edgetag.conversion.flatfile import read_model
from edgetag.dataset import Dataset, Rows
from edgetag.ensembles import weighted_mean
from edgetag.errors import InputError
from edgetag.judging.checks import Bounds, Check, Value, judge
from edgetag.judging.decisions import worst
from edgetag.metrics import Scores
from edgetag.preprocess import Preprocessing
from edgetag.progress import Task
from edgetag.recipe import Budget, Recipe
from edgetag.runtimes import Engine, FailureKind, LoadFailure
from edgetag.runtimes.maps import MapRun, explain
from edgetag.validation.comparison import Measure, interval_of
from edgetag.validation.decision import Estimate, judge_margin
from edgetag.validation.heat_map_result import HeatMaps, TagHeatMaps
from edgetag.validation.inputs import split_of
from edgetag.validation.metrics import Split
from edgetag.validation.result import VariantVerdict
from edgetag.validation.scores import ReferenceScores
from edgetag.validation.statistics import ratio_samples

MOST_IMAGES = 256
"""Images whose maps are compared: their pairs with a tag are some hundreds, enough for an interval
of a tenth of the error, and their maps take a megabyte at 224 px."""

FLOAT_TOLERANCE = 1e-4
SCORE_STEP = 1 / 256
"""Distance of two neighbouring scores of 8 bits."""

STEEPEST = 0.25
"""Slope of the sigmoid at 0."""

BUDGET = "max_heat_map_error"

Maps = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class MadeMaps:
    """What a file's second signature made of some images.

    Attributes:
        run: The maps, and the scores beside them.
        ends: What the file says of its maps.
        weight: Of the file in an ensemble.
    """

    run: MapRun
    ends: ExplainMaps
    weight: float = 1.0

    @cached_property
    def identity_error(self) -> float:
        """How far scores are, at most, from the sigmoid of their maps' mean.

        The mean is cut to what its type holds in the file, as the file does.
        """
        mean = self.run.maps.mean(axis=(1, 2), dtype=np.float64)
        kept = mean.clip(self.ends.mean_low, self.ends.mean_high)
        return float(np.abs(expit(kept) - self.run.scores).max())

    @property
    def identity_tolerance(self) -> float:
        """How far they may be.

        A file of integers rounds the mean to a step, where the sigmoid is steepest a quarter as
        much, and the score to another.
        """
        step = self.ends.mean_step
        return (STEEPEST * step + SCORE_STEP if step else 0.0) + FLOAT_TOLERANCE


def make_maps(
    file: Path,
    engine: Engine,
    cache: Path,
    rows: Rows,
    contract: Preprocessing,
    task: Task,
    columns: tuple[int, ...] | None = None,
    weight: float = 1.0,
) -> MadeMaps | LoadFailure:
    """Run a file's second signature.

    Args:
        file: Has the signature.
        engine: The runtime.
        cache: The image cache.
        rows: `[m]` rows of it.
        contract: How pixels become input.
        task: Told how many images more are done.
        columns: Output column of each tag; None where outputs are in the tags' order.
        weight: Of the file in an ensemble.

    Raises:
        InputError: The file lacks the signature.
    """
    ends = read_explain(read_model(file), file)
    if ends is None:
        raise InputError(f"{file}: its maps are gone; export it again")
    run = explain(engine, file, cache, rows, contract, task)
    if isinstance(run, LoadFailure):
        return run
    if columns is not None:
        order = list(columns)
        run = replace(run, maps=run.maps[..., order], scores=run.scores[:, order])
    return MadeMaps(run, ends, weight)


@dataclass(frozen=True, eq=False)
class ReferenceHeatMaps:
    """What the maps of all variants are compared with.

    Attributes:
        maps: `[m, height, width, tags]` of the reference, before the sigmoid.
        split: The m images.
    """

    maps: Maps
    split: Split

    @classmethod
    def over(
        cls, rows: Rows, dataset: Dataset, stored: ReferenceScores, recipe: Recipe
    ) -> Self | None:
        """Return what maps over some rows are compared with; None where the reference has none."""
        if not len(rows):
            return None
        maps = stored.matched_maps(dataset.identities(rows), dataset.vocabulary.names)
        return None if maps is None else cls(maps, split_of(recipe, dataset, rows))

    def compare(self, made: Sequence[MadeMaps], scores: Scores) -> HeatMaps | LoadFailure:
        """Compare a file's maps, or the weighted mean of those of an ensemble's files.

        Args:
            made: The maps of each file.
            scores: `[m, tags]` of the first signature, of the ensemble's where it is one.

        Returns:
            A failure where the maps are not those behind the scores.
        """
        for one_file in made:
            if one_file.run.maps.shape != self.maps.shape:
                own, wanted = one_file.run.maps.shape[1:], self.maps.shape[1:]
                return _wrong(f"its maps are {list(own)}, the float model's {list(wanted)}")
            if one_file.identity_error > one_file.identity_tolerance:
                return _wrong(
                    f"a score is {one_file.identity_error:.4f} from the mean of its map, over "
                    f"{one_file.identity_tolerance:.4f}"
                )
        weights = [one_file.weight for one_file in made]
        beside = weighted_mean([one_file.run.scores for one_file in made], weights)
        apart = float(np.abs(beside - scores).max())
        steps = any(one_file.ends.mean_step for one_file in made)
        if apart > (SCORE_STEP if steps else FLOAT_TOLERANCE):
            return _wrong(f"its scores beside the maps differ by {apart:.4f} from those without")
        after = weighted_mean([expit(one_file.run.maps) for one_file in made], weights)
        # Of one file before the sigmoid, where no two cells are rounded to one.
        peaks = made[0].run.maps if len(made) == 1 else after
        worst_identity = max(made, key=lambda one_file: one_file.identity_error)
        return self._compare(after, peaks, worst_identity, apart)

    def _compare(
        self, after: Maps, peaks: Maps, made: MadeMaps, scores_difference: float
    ) -> HeatMaps:
        cells = np.abs(after - expit(self.maps))
        errors = cells.mean(axis=(1, 2), dtype=np.float64)
        agrees = _peak_agreement(self.maps, peaks)
        split, present = self.split, self.split.labels == 1
        shown = int(present.sum())
        return HeatMaps(
            height=made.ends.height,
            width=made.ends.width,
            n_images=len(present),
            n_groups=split.bootstrap.groups,
            n_present=shown,
            error=float(errors[present].mean()) if shown else None,
            error_interval=self._interval(errors, present),
            p99_error=_p99(cells, present) if shown else None,
            all_tags_error=float(errors.mean()),
            peak_agreement=float(agrees[present].mean()) if shown else None,
            peak_agreement_interval=self._interval(agrees, present),
            identity_error=made.identity_error,
            identity_tolerance=made.identity_tolerance,
            scores_difference=scores_difference,
            tags=tuple(
                self._tag(tag, name, errors, agrees)
                for tag, name in enumerate(split.vocabulary.names)
            ),
        )

    def _tag(
        self, tag: int, name: str, errors: npt.NDArray[np.float64], agrees: npt.NDArray[np.float64]
    ) -> TagHeatMaps:
        present = self.split.labels[:, tag] == 1
        positives = int(present.sum())
        if positives < max(1, self.split.min_positives):
            return TagHeatMaps(tag=name, scored=False, positives=positives)
        return TagHeatMaps(
            tag=name,
            scored=True,
            positives=positives,
            error=float(errors[present, tag].mean()),
            peak_agreement=float(agrees[present, tag].mean()),
        )

    def _interval(
        self, values: npt.NDArray[np.float64], present: npt.NDArray[np.bool_]
    ) -> Bounds | None:
        """Return the interval of the mean of `[m, tags]` values where a tag is present."""
        sums, counts = np.where(present, values, 0.0).sum(axis=1), present.sum(axis=1)
        samples = ratio_samples(sums, counts.astype(np.float64), self.split.bootstrap)
        return interval_of(samples, self.split)


def _wrong(reason: str) -> LoadFailure:
    return LoadFailure(FailureKind.WRONG_OUTPUT, f"signature explain: {reason}")


def _peak_agreement(before: Maps, after: Maps) -> npt.NDArray[np.float64]:
    """Return `[m, tags]`: the chance that the highest cell of `after` is that of `before`.

    Maps of integers often have several highest cells; one of them is drawn.
    """
    images, height, width, tags = before.shape
    first = before.reshape(images, height * width, tags)
    second = after.reshape(images, height * width, tags)
    highest = second == second.max(axis=1, keepdims=True)
    peak = first.argmax(axis=1)[:, None]
    there = np.take_along_axis(highest, peak, axis=1)[:, 0]
    return there / highest.sum(axis=1)


def _p99(cells: Maps, present: npt.NDArray[np.bool_]) -> float:
    """Return the 99th percentile over the cells of present tags."""
    shown = np.moveaxis(cells, 3, 1)[present]
    return float(np.quantile(shown, 0.99))


def check_heat_maps(
    budget: Budget, heat_maps: HeatMaps | None, confidence: float
) -> tuple[Check, ...]:
    """Judge a variant's heat maps by their interval; undecided where there was nothing to compare.

    Args:
        budget: Limits of the variant.
        heat_maps: None where the reference lacks maps.
        confidence: Confidence of the interval.
    """
    limit = budget.max_heat_map_error
    if limit is None:
        return ()
    if heat_maps is None or heat_maps.error is None:
        return (judge(BUDGET, limit, Value(None)),)
    measure = Measure(heat_maps.error, heat_maps.error, heat_maps.error_interval)
    estimate = Estimate(measure, heat_maps.n_images, "images")
    return (judge_margin(BUDGET, limit, estimate, confidence),)


def with_heat_maps(
    entry: VariantVerdict, heat_maps: HeatMaps | None, checks: tuple[Check, ...]
) -> VariantVerdict:
    """Return an entry with its heat maps and what was judged by them."""
    verdict = worst([entry.verdict, *(check.verdict for check in checks)])
    budgets = (*entry.budgets, *checks)
    return entry.replace(heat_maps=heat_maps, budgets=budgets, verdict=verdict)
