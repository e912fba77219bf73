"""`max_arm_instructions` of the recipe, held against what was counted."""

from collections.abc import Sequence

from edgetag.judging.checks import Value, judge
from edgetag.recipe import BUDGET_CPU, BUDGET_TARGET, Recipe
from edgetag.targets.result import BUDGET, CountFailure, InstructionBudget, InstructionCount


def check_budgets(
    recipe: Recipe, counts: Sequence[InstructionCount], failures: Sequence[CountFailure]
) -> tuple[InstructionBudget, ...]:
    """Check the limit of every file that was counted anywhere, or that could not be.

    A file that fails where the budget is judged breaks it; one that was only counted elsewhere is
    undecided.
    """
    checks = []
    for variant in dict.fromkeys(record.variant for record in (*counts, *failures)):
        limit = recipe.budget(variant).max_arm_instructions
        if limit is None:
            continue
        key = (variant, BUDGET_TARGET, recipe.benchmark.budget_runtime, BUDGET_CPU)
        counted = next((count.instructions for count in counts if count.key == key), None)
        failure = next((lost.reason for lost in failures if lost.key == key), None)
        value = Value(counted, failure=failure if counted is None else None)
        check = judge(BUDGET, limit, value)
        checks.append(InstructionBudget(variant=variant, **check.model_dump()))
    return tuple(checks)
