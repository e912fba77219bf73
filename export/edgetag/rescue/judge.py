"""Judges a mixed file by the variant's budgets, as the validation judges variants.

The one place in this package that knows how accuracy is measured.
"""

from dataclasses import dataclass

import numpy as np

from edgetag.benchmarking.result import Latency
from edgetag.dataset import Dataset
from edgetag.dataset.view import Rows
from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.progress import Progress
from edgetag.recipe import Budget, Recipe, Variant
from edgetag.validation.comparison import compare
from edgetag.validation.decision import at_most, check_overall, check_tags, decide
from edgetag.validation.decisions import Decision
from edgetag.validation.inputs import read_thresholds
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.obtaining import obtain_reference, refit_split
from edgetag.validation.pictures import rows_if_any
from edgetag.validation.refit import refit_thresholds
from edgetag.validation.result import Bounds, BudgetCheck
from edgetag.validation.scores import NO_ROWS
from edgetag.workspace import Workspace

SIZES = ("max_size_bytes", "max_size_ratio")
ON_TAGS = ("max_recall_drop", "max_fpr_rise", "max_ap_drop")


@dataclass(frozen=True)
class Accuracy:
    """How well a file scores the deciding split.

    Attributes:
        map: Mean average precision, None where no tag is scored.
        map_drop: From the float reference.
        map_drop_interval: Paired bootstrap.
        checks: The variant's limits on accuracy, over all tags and of single ones.
        verdict: Worst of `checks`; undecided where no tag is scored.
    """

    map: float | None
    map_drop: float | None
    map_drop_interval: Bounds | None
    checks: tuple[BudgetCheck, ...]
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
        InputError: The variant has no limit on accuracy, or there are no reference scores.
    """

    def __init__(
        self,
        recipe: Recipe,
        workspace: Workspace,
        dataset: Dataset,
        variant: Variant,
        progress: Progress,
    ) -> None:
        self._recipe, self._dataset = recipe, dataset
        self._budget = recipe.budget(variant)
        _require_limit(self._budget, variant)
        self.split_name = recipe.validation.splits[0]
        self.images = dataset.rows(self.split_name)
        self._refit_rows = self._rows_to_fit_on()
        self._split = self._split_of(self.images)
        reference = obtain_reference(recipe, workspace, dataset, progress)
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
                self._split_of(self._refit_rows),
                self._recipe.training.thresholds,
                thresholds,
            )
        variant = Measured(scores[:count], self._split, thresholds)
        unfitted = Measured(scores[:count], self._split, self._thresholds)
        compared = compare(self._reference, variant, unfitted)
        # Sizes are checked as costs, beside latency.
        found = check_overall(self._budget, compared, self._split, size_bytes=0, fp32_bytes=None)
        overall = tuple(check for check in found if check.budget not in SIZES)
        tags = check_tags(self._budget, compared, self._split)
        mean = compared.mean_ap
        return Accuracy(
            map=mean.value if mean else None,
            map_drop=mean.drop if mean else None,
            map_drop_interval=mean.drop_interval if mean else None,
            checks=(*overall, *(check for checks in tags.values() for check in checks)),
            verdict=decide(overall, tags, compared),
        )

    def cost(
        self, size_bytes: int, fp32_bytes: int, latency: Latency | None, fp32: Latency | None
    ) -> tuple[BudgetCheck, ...]:
        """Check the variant's limits on size and median latency."""
        budget = self._budget
        p50 = latency.p50 if latency else None
        ratio = p50 / fp32.p50 if p50 is not None and fp32 else None
        return (
            *at_most("max_size_bytes", budget.max_size_bytes, size_bytes),
            *at_most("max_size_ratio", budget.max_size_ratio, size_bytes / fp32_bytes),
            *at_most("max_latency_ms", budget.max_latency_ms, p50),
            *at_most("max_latency_ratio", budget.max_latency_ratio, ratio),
        )

    def _split_of(self, rows: Rows) -> Split:
        section = self._recipe.validation
        return Split(
            self._dataset.labels(rows),
            self._dataset.vocabulary,
            self._dataset.groups(rows),
            min_positives=section.min_positives,
            samples=section.bootstrap_samples,
            confidence=section.confidence,
            seed=self._recipe.seed,
        )

    def _rows_to_fit_on(self) -> Rows:
        splits = refit_split(self._recipe) if _limits_decisions(self._budget) else ()
        return next((rows_if_any(self._dataset, split) for split in splits), NO_ROWS)


def _limits_decisions(budget: Budget) -> bool:
    names = ("max_flip_rate", "max_recall_drop", "max_fpr_rise")
    return any(getattr(budget, name) is not None for name in names) or bool(budget.tags)


def _require_limit(budget: Budget, variant: Variant) -> None:
    names = ("min_map", "max_map_drop", "max_flip_rate", *ON_TAGS)
    if all(getattr(budget, name) is None for name in names) and not budget.tags:
        raise InputError(
            f"budgets.{variant} sets no limit on accuracy that a rescue could aim at; add for "
            "instance max_map_drop = 0.01"
        )
