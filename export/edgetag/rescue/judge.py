"""Judges a mixed file by the variant's budgets, as the validation judges variants.

The one place in this package that knows how accuracy is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgetag.benchmarking.budgets import Costs
from edgetag.benchmarking.result import Failure, Measurement
from edgetag.catalogue.variants import BASE
from edgetag.conversion.explain_signature import read_explain
from edgetag.conversion.flatfile import read_model
from edgetag.dataset import Dataset, Rows
from edgetag.errors import InputError
from edgetag.judging.checks import Bounds, Check, ReasonedCheck, Value, judge, reasoned
from edgetag.judging.decisions import Decision
from edgetag.metrics import Scores
from edgetag.progress import Progress
from edgetag.recipe import Budget, Recipe, Variant
from edgetag.rescue.scoring import Runtime
from edgetag.runtimes import LoadFailure
from edgetag.sampling import spread
from edgetag.validation.comparison import compare
from edgetag.validation.decision import check_overall, check_tags, decide
from edgetag.validation.heat_maps import BUDGET, MOST_IMAGES, ReferenceHeatMaps, check_heat_maps
from edgetag.validation.inputs import read_thresholds, split_of
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.obtaining import obtain_reference
from edgetag.validation.pictures import rows_if_any
from edgetag.validation.refit import refit_thresholds
from edgetag.validation.result import ON_ACCURACY
from edgetag.validation.scores import NO_ROWS
from edgetag.validation.unbreakable import named_and_not_scored
from edgetag.workspace import Workspace


@dataclass(frozen=True)
class Accuracy:
    """How well a file scores the deciding split.

    `map` is None where no tag is scored, and the verdict then undecided; else it is the worst
    of the limits on accuracy, over all tags and of single ones.
    """

    map: float | None
    map_drop: float | None
    map_drop_interval: Bounds | None
    checks: tuple[Check, ...]
    verdict: Decision


class Judge:
    """Compares scores with the float reference over the split that decides.

    Args:
        recipe: Gives the split, the statistics and the variant's limits.
        workspace: Holds thresholds and reference scores.
        dataset: Gives labels and groups.
        variant: Whose limits.
        progress: Told if the reference scores must be computed.

    Raises:
        InputError: The variant has no limit on accuracy, or one for a tag that is not scored; or
            there are no reference scores.
    """

    def __init__(
        self,
        recipe: Recipe,
        workspace: Workspace,
        dataset: Dataset,
        variant: Variant,
        progress: Progress,
    ) -> None:
        self._recipe, self._dataset, self._variant = recipe, dataset, variant
        self._budget = recipe.budget(variant)
        _require_limit(self._budget, variant)
        self.split_name = recipe.validation.splits[0]
        self.images = dataset.rows(self.split_name)
        self._refit_rows = self._rows_to_fit_on()
        self._split = split_of(recipe, dataset, self.images)
        _require_scored(self._budget, self._split, self.split_name)
        shows = self._budget.max_heat_map_error is not None and variant in recipe.export.explain
        self._map_rows = spread(self.images, MOST_IMAGES) if shows else NO_ROWS
        reference = obtain_reference(recipe, workspace, dataset, progress, map_rows=self._map_rows)
        self._heat_maps = ReferenceHeatMaps.over(self._map_rows, dataset, reference.stored, recipe)
        self._thresholds = read_thresholds(workspace, dataset, reference.stored)
        scores = reference.scores(dataset, self.images)
        self._reference = Measured(scores, self._split, self._thresholds)

    @property
    def rows(self) -> Rows:
        """What a file must score: the images that judge, then those that thresholds are fitted on.

        The latter only where a limit is on decisions; average precision knows no threshold.
        """
        return np.concatenate([self.images, self._refit_rows])

    def accuracy(self, scores: Scores) -> Accuracy:
        """Judge `[images, tags]` scores of `rows`."""
        count = len(self.images)
        thresholds = self._thresholds
        if len(self._refit_rows):
            thresholds = refit_thresholds(
                scores[count:],
                split_of(self._recipe, self._dataset, self._refit_rows),
                self._recipe.training.thresholds,
                thresholds,
            )
        variant = Measured(scores[:count], self._split, thresholds)
        unfitted = Measured(scores[:count], self._split, self._thresholds)
        compared = compare(self._reference, variant, unfitted)
        # Sizes are checked as costs, beside latency.
        overall_checks = check_overall(
            self._budget, compared, self._split, size_bytes=0, fp32_bytes=None
        )
        overall = tuple(check for check in overall_checks if check.budget in ON_ACCURACY)
        tags = check_tags(self._budget, compared, self._split)
        mean = compared.mean_ap
        return Accuracy(
            map=mean.value if mean else None,
            map_drop=mean.drop if mean else None,
            map_drop_interval=mean.drop_interval if mean else None,
            checks=(*overall, *(check for checks in tags.values() for check in checks)),
            verdict=decide(overall, tags, compared),
        )

    def heat_maps(
        self, file: Path, scores: Scores, runtime: Runtime, progress: Progress
    ) -> tuple[ReasonedCheck, ...]:
        """Check the limit on heat maps, where the variant has some, as the validation does.

        A file that lacks the second signature is undecided. `scores` are `[images, tags]`
        of `rows`, by `runtime`.
        """
        if not len(self._map_rows):
            return ()
        compared = None
        if self._heat_maps is not None and read_explain(read_model(file), file) is not None:
            beside = spread(scores[: len(self.images)], MOST_IMAGES)
            compared = runtime.compare_maps(self._heat_maps, file, self._map_rows, beside, progress)
        if isinstance(compared, LoadFailure):
            limit = self._budget.given()[BUDGET]
            value = Value(None, failure=f"{compared.kind}: {compared.reason}")
            return (reasoned(judge(BUDGET, limit, value), value.reason),)
        checks = check_heat_maps(self._budget, compared, self._recipe.validation.confidence)
        return tuple(reasoned(check) for check in checks)

    def costs(
        self,
        size_bytes: int,
        fp32_bytes: int,
        figures: Sequence[Measurement],
        failures: Sequence[Failure],
    ) -> tuple[ReasonedCheck, ...]:
        """Check the variant's limits on size, latency and memory, as the benchmark does.

        Args:
            size_bytes: Bytes of the file.
            fp32_bytes: Bytes of the float file.
            figures: Figures of both, timed in turns.
            failures: Why they have none.
        """
        sizes = {BASE: fp32_bytes, self._variant: size_bytes}
        costs = Costs.found(self._recipe, sizes, figures, failures)
        return tuple(costs.check(self._variant, self._budget))

    def _rows_to_fit_on(self) -> Rows:
        splits = self._recipe.validation.refit_splits if _limits_decisions(self._budget) else ()
        return next((rows_if_any(self._dataset, split) for split in splits), NO_ROWS)


def _limits_decisions(budget: Budget) -> bool:
    return bool({"max_flip_rate", "max_recall_drop", "max_fpr_rise"} & set(budget.given())) or bool(
        budget.tags
    )


def _require_limit(budget: Budget, variant: Variant) -> None:
    if not ON_ACCURACY & set(budget.given()) and not budget.tags:
        raise InputError(
            f"budgets.{variant} sets no limit on accuracy that a rescue could aim at; add for "
            "instance max_map_drop = 0.01"
        )


def _require_scored(budget: Budget, split: Split, name: str) -> None:
    if tags := named_and_not_scored(budget, split):
        raise InputError(
            f"no file can pass: {', '.join(tags)} of budgets.….tags cannot be scored on {name}; "
            "add labelled images, or take these margins out"
        )
