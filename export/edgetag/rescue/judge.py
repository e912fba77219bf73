"""Judges a mixed file by the variant's budgets, as the validation judges variants.

The one place in this package that knows how accuracy is measured.
"""

from dataclasses import dataclass

from edgetag.benchmarking.result import Latency
from edgetag.dataset import Dataset
from edgetag.dataset.view import Rows
from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.recipe import Budget, Recipe, Variant
from edgetag.training.result import Thresholds
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.result import Bounds, BudgetCheck, Decision, worst
from edgetag.validation.scores import read_reference
from edgetag.workspace import Workspace, digest_file

NOT_JUDGED_HERE = ("max_recall_drop", "max_fpr_rise", "max_ap_drop", "tags")


@dataclass(frozen=True)
class Accuracy:
    """How well a file scores the deciding split.

    Attributes:
        map: Mean average precision, None where no tag is scored.
        map_drop: From the float reference.
        map_drop_interval: Paired bootstrap.
        flip_rate: Share of decisions that changed.
        checks: The variant's limits on accuracy.
        verdict: Worst of `checks`; undecided where no tag is scored.
    """

    map: float | None
    map_drop: float | None
    map_drop_interval: Bounds | None
    flip_rate: float | None
    checks: tuple[BudgetCheck, ...]
    verdict: Decision


class Judge:
    """Compares scores with the float reference over the split that decides.

    Args:
        recipe: Gives the split, the statistics and the variant's limits.
        workspace: Holds thresholds and reference scores.
        dataset: Gives labels and groups.
        variant: Whose limits.

    Raises:
        InputError: The variant has no limit on accuracy, or the reference scores are missing or
            of another model.
    """

    def __init__(
        self, recipe: Recipe, workspace: Workspace, dataset: Dataset, variant: Variant
    ) -> None:
        section = recipe.validation
        self.budget = recipe.budget(variant)
        _check_limits(self.budget, variant)
        self.split_name = section.splits[0]
        self.rows: Rows = dataset.rows(self.split_name)
        thresholds = Thresholds.read(workspace.train / "thresholds.json", "train").thresholds
        self._split = Split(
            dataset.labels(self.rows),
            dataset.vocabulary,
            thresholds,
            dataset.groups(self.rows),
            min_positives=section.min_positives,
            samples=section.bootstrap_samples,
            confidence=section.confidence,
            seed=recipe.seed,
        )
        reference = _reference_scores(recipe, workspace, dataset, self.rows)
        self._reference = Measured(reference, self._split)

    def accuracy(self, scores: Scores) -> Accuracy:
        """Judge `[images, tags]` scores of the rows."""
        compared = self._split.compare(self._reference, Measured(scores, self._split))
        mean = compared.mean_ap
        value = mean.value if mean else None
        drop, interval = (mean.drop, mean.drop_interval) if mean else (None, None)
        checks = (
            *_at_least("min_map", self.budget.min_map, value),
            *_margin("max_map_drop", self.budget.max_map_drop, drop, interval),
            *at_most("max_flip_rate", self.budget.max_flip_rate, compared.flip_rate),
        )
        return Accuracy(
            map=value,
            map_drop=drop,
            map_drop_interval=interval,
            flip_rate=compared.flip_rate,
            checks=checks,
            verdict=worst([c.verdict for c in checks]) if mean else "undecided",
        )

    def cost(
        self, size_bytes: int, fp32_bytes: int, latency: Latency | None, fp32: Latency | None
    ) -> tuple[BudgetCheck, ...]:
        """Check the variant's limits on size and median latency."""
        budget = self.budget
        p50 = latency.p50 if latency else None
        ratio = p50 / fp32.p50 if p50 is not None and fp32 else None
        return (
            *at_most("max_size_bytes", budget.max_size_bytes, size_bytes),
            *at_most("max_size_ratio", budget.max_size_ratio, size_bytes / fp32_bytes),
            *at_most("max_latency_ms", budget.max_latency_ms, p50),
            *at_most("max_latency_ratio", budget.max_latency_ratio, ratio),
        )


def at_most(budget: str, limit: float | None, measured: float | None) -> list[BudgetCheck]:
    """Check an upper limit; a budget that the recipe leaves out gives no check."""
    if limit is None:
        return []
    verdict: Decision = "undecided"
    if measured is not None:
        verdict = "pass" if measured <= limit else "fail"
    return [BudgetCheck(budget=budget, limit=limit, measured=measured, verdict=verdict)]


def _at_least(budget: str, limit: float | None, measured: float | None) -> list[BudgetCheck]:
    if limit is None:
        return []
    verdict: Decision = "undecided"
    if measured is not None:
        verdict = "pass" if measured >= limit else "fail"
    return [BudgetCheck(budget=budget, limit=limit, measured=measured, verdict=verdict)]


def _margin(
    budget: str, limit: float | None, measured: float | None, interval: Bounds | None
) -> list[BudgetCheck]:
    """Check a margin: the whole interval must lie inside."""
    if limit is None:
        return []
    verdict: Decision = "undecided"
    if interval is not None:
        low, high = interval
        verdict = "pass" if high <= limit else "fail" if low > limit else "undecided"
    return [
        BudgetCheck(
            budget=budget, limit=limit, measured=measured, interval=interval, verdict=verdict
        )
    ]


def _check_limits(budget: Budget, variant: Variant) -> None:
    limits = (budget.min_map, budget.max_map_drop, budget.max_flip_rate)
    if all(limit is None for limit in limits):
        raise InputError(
            f"budgets.{variant} sets no limit on accuracy that a rescue could aim at; add for "
            "instance max_map_drop = 0.01"
        )
    for name in NOT_JUDGED_HERE:
        if getattr(budget, name):
            raise InputError(f"budgets.{variant}.{name}: rescue does not judge single tags yet")


def _reference_scores(recipe: Recipe, workspace: Workspace, dataset: Dataset, rows: Rows) -> Scores:
    path = workspace.validate / "reference.npz"
    if not path.is_file():
        raise InputError(f"{path}: missing; run: edgetag validate")
    found = read_reference(path)
    weights = workspace.train / "model.npz"
    if weights.exists() and digest_file(weights) != found.meta.weights_sha256:
        raise InputError(f"{path}: scores of another model than {weights}; run: edgetag validate")
    if found.meta.preprocessing != recipe.network.preprocessing().digest():
        raise InputError(f"{path}: made under another preprocessing; run: edgetag validate")
    return found.matched(dataset.identities(rows), dataset.vocabulary.names, path)
