"""Margins that no loss can break, and margins that no file can keep.

The former are at least what the reference has. The latter are those that the recipe sets by name
for a tag that is not scored.
"""

from collections.abc import Iterator

import numpy as np

from edgetag.recipe import Budget, Recipe
from edgetag.tables.formats import counted
from edgetag.validation.metrics import Measured, Split


def unbreakable(recipe: Recipe, reference: Measured) -> Iterator[str]:
    """Yield a sentence for each margin that the reference's own value cannot exceed.

    Args:
        recipe: Its budgets.
        reference: The float model over the split that decides.
    """
    split = reference.split
    decided, truth = reference.decisions, split.labels
    names = split.vocabulary.names
    scored = {names[tag]: tag for tag in split.scored}
    mean = float(np.nanmean(reference.average_precisions))
    for name, budget in recipe.budgets.items():
        if budget.max_map_drop is not None and mean <= budget.max_map_drop < 1:
            yield _sentence(f"budgets.{name}.max_map_drop", budget.max_map_drop, "mAP", mean)
        for tag, column in scored.items():
            limits = budget.margins(tag)
            present, absent = truth[:, column] == 1, truth[:, column] == 0
            own = {
                "max_recall_drop": ("recall", float(decided[present, column].mean())),
                "max_ap_drop": (
                    "average precision",
                    float(reference.average_precisions[column]),
                ),
                "max_fpr_rise": (
                    "share of rightly passed over images",
                    1.0 - float(decided[absent, column].mean()),
                ),
            }
            for key, (what, value) in own.items():
                limit: float | None = getattr(limits, key)
                if limit is not None and value <= limit < 1:
                    yield _sentence(f"budgets.{name}, {tag}: {key}", limit, what, value)


def named_and_not_scored(budget: Budget, split: Split) -> list[str]:
    """Return the tags with margins of their own that a split has too few pictures of.

    They leave every file undecided; see `decision.check_tags`.
    """
    scored = {split.vocabulary.names[tag] for tag in split.scored}
    return [tag for tag, own in budget.tags.items() if own.can_be_broken() and tag not in scored]


def without_pictures(recipe: Recipe, split: Split, name: str) -> Iterator[str]:
    """Yield a sentence for each tag that has margins of its own and is not scored.

    Args:
        recipe: Its budgets.
        split: The split that decides,
        name: and what it is called.
    """
    for budget_name, budget in recipe.budgets.items():
        for tag in named_and_not_scored(budget, split):
            column = split.vocabulary.names.index(tag)
            yield (
                f"budgets.{budget_name}.tags.{tag} cannot be shown to be kept, so that no file "
                f"passes: {tag} has {counted(int(split.positives[column]), 'positive')} in {name}, "
                f"beside {counted(int(split.negatives[column]), 'negative')}, and "
                f"validation.min_positives is {split.min_positives}; add labelled images, or take "
                "these margins out"
            )


def _sentence(place: str, limit: float, what: str, value: float) -> str:
    return (
        f"{place} = {limit} can never be broken, since the reference's own {what} is {value:.2f}; "
        "give a margin that a loss would exceed"
    )
