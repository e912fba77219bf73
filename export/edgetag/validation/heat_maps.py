"""A variant's heat maps against the float model's: how far apart, and whether they peak alike."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from edgetag.conversion.explain_signature import ExplainMaps, read_explain
from edgetag.conversion.flatfile import read_model
from edgetag.dataset import Dataset, Rows
from edgetag.errors import InputError
from edgetag.judging.checks import Bounds, Check, Value, judge
from edgetag.judging.decisions import worst
from edgetag.labels import Labels
from edgetag.metrics import Scores
from edgetag.preprocess import Preprocessing
from edgetag.progress import Task
from edgetag.recipe import Budget, Recipe
from edgetag.runtimes import Engine, FailureKind, LoadFailure
from edgetag.runtimes.maps import MapRun, explain
from edgetag.validation.comparison import Measure
from edgetag.validation.decision import Estimate, judge_margin
from edgetag.validation.heat_map_result import HeatMaps, TagHeatMaps
from edgetag.validation.result import VariantVerdict
from edgetag.validation.scores import ReferenceScores
from edgetag.validation.statistics import Bootstrap, interval, ratio_samples

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
class ReferenceHeatMaps:
    """What the maps of all variants are compared with.

    Attributes:
        maps: `[m, height, width, tags]` of the reference, before the sigmoid.
        labels: `[m, tags]`.
        names: Names of the tags.
        bootstrap: Over the groups of the m images.
        confidence: Confidence of intervals.
        min_positives: A tag with fewer is not scored.
    """

    maps: Maps
    labels: Labels
    names: tuple[str, ...]
    bootstrap: Bootstrap
    confidence: float
    min_positives: int

    @classmethod
    def over(
        cls, rows: Rows, dataset: Dataset, stored: ReferenceScores, recipe: Recipe
    ) -> Self | None:
        """Return what maps over some rows are compared with; None where the reference has none."""
        names, section = dataset.vocabulary.names, recipe.validation
        maps = stored.matched_maps(dataset.identities(rows), names) if len(rows) else None
        if maps is None:
            return None
        return cls(
            maps=maps,
            labels=dataset.labels(rows),
            names=names,
            bootstrap=Bootstrap.over(dataset.groups(rows), section.bootstrap_samples, recipe.seed),
            confidence=section.confidence,
            min_positives=section.min_positives,
        )

    def compare_file(
        self,
        file: Path,
        engine: Engine,
        cache: Path,
        rows: Rows,
        contract: Preprocessing,
        scores: Scores,
        task: Task,
        columns: tuple[int, ...] | None = None,
    ) -> HeatMaps | LoadFailure:
        """Run a file's second signature and compare its maps.

        The file has the signature. `rows` are `[m]` rows of the cache, `scores` `[m, tags]`
        of its first signature, and `columns` the output column of each tag, None where
        outputs are in the tags' order.

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
        return self.compare(run, scores, ends)

    def compare(self, run: MapRun, scores: Scores, ends: ExplainMaps) -> HeatMaps | LoadFailure:
        """Compare a variant's maps.

        Args:
            run: The variant's maps and the scores beside them.
            scores: `[m, tags]` of its first signature.
            ends: What the file says of its maps.

        Returns:
            A failure where the maps are not those behind the scores.
        """
        if run.maps.shape != self.maps.shape:
            shapes = f"{list(run.maps.shape[1:])}, the float model's {list(self.maps.shape[1:])}"
            return _wrong(f"its maps are {shapes}")
        identity, tolerance = _identity(run, ends)
        apart = float(np.abs(run.scores - scores).max())
        if identity > tolerance:
            return _wrong(
                f"a score is {identity:.4f} from the mean of its map, over {tolerance:.4f}"
            )
        if apart > (SCORE_STEP if ends.mean_step else FLOAT_TOLERANCE):
            return _wrong(f"its scores beside the maps differ by {apart:.4f} from those without")
        before, after = expit(self.maps), expit(run.maps)
        cells = np.abs(after - before)
        errors = cells.mean(axis=(1, 2), dtype=np.float64)
        agrees = _peak_agreement(self.maps, run.maps)
        present = self.labels == 1
        shown = int(present.sum())
        return HeatMaps(
            height=ends.height,
            width=ends.width,
            n_images=len(self.labels),
            n_groups=self.bootstrap.groups,
            n_present=shown,
            error=float(errors[present].mean()) if shown else None,
            error_interval=self._interval(errors, present),
            p99_error=_p99(cells, present) if shown else None,
            all_tags_error=float(errors.mean()),
            peak_agreement=float(agrees[present].mean()) if shown else None,
            peak_agreement_interval=self._interval(agrees, present),
            identity_error=identity,
            identity_tolerance=tolerance,
            scores_difference=apart,
            tags=tuple(self._tag(tag, name, errors, agrees) for tag, name in enumerate(self.names)),
        )

    def _tag(
        self, tag: int, name: str, errors: npt.NDArray[np.float64], agrees: npt.NDArray[np.float64]
    ) -> TagHeatMaps:
        present = self.labels[:, tag] == 1
        positives = int(present.sum())
        if positives < max(1, self.min_positives):
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
        if self.bootstrap.groups < 2:
            return None  # one group: every sample is the same
        sums = np.where(present, values, 0.0).sum(axis=1)
        samples = ratio_samples(sums, present.sum(axis=1).astype(np.float64), self.bootstrap)
        return interval(samples, self.confidence)


def _wrong(reason: str) -> LoadFailure:
    return LoadFailure(FailureKind.WRONG_OUTPUT, f"signature explain: {reason}")


def _identity(run: MapRun, ends: ExplainMaps) -> tuple[float, float]:
    """Return how far scores are from the sigmoid of their maps' mean, and how far they may be.

    The file rounds the mean to a step, where the sigmoid is steepest a quarter as much, and the
    score to another; it cuts the mean to what its type holds, which is done here too.
    """
    mean = run.maps.mean(axis=(1, 2), dtype=np.float64).clip(ends.mean_low, ends.mean_high)
    error = float(np.abs(expit(mean) - run.scores).max())
    rounding = STEEPEST * ends.mean_step + SCORE_STEP if ends.mean_step else 0.0
    return error, rounding + FLOAT_TOLERANCE


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

    `heat_maps` is None where the reference lacks maps.
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
    return entry.model_copy(update={"heat_maps": heat_maps, "budgets": budgets, "verdict": verdict})
