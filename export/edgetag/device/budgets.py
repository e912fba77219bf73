"""`max_arm_instructions` of the recipe, held against what was counted."""

from collections.abc import Sequence

from edgetag.device.result import CountFailure, Decision, InstructionBudget, InstructionCount
from edgetag.recipe import Recipe
from edgetag.recipe.device import BUDGET_CPU, BUDGET_TARGET


def check_budgets(
    recipe: Recipe, counts: Sequence[InstructionCount], failures: Sequence[CountFailure]
) -> tuple[InstructionBudget, ...]:
    """Check the limit of every file that was counted anywhere, or that could not be.

    A file that fails where the budget is judged breaks it; one that was only counted elsewhere is
    undecided.
    """
    checks = []
    for variant in dict.fromkeys(one.variant for one in (*counts, *failures)):
        limit = recipe.budget(variant).max_arm_instructions
        if limit is None:
            continue
        key = (variant, BUDGET_TARGET, recipe.benchmark.budget_runtime, BUDGET_CPU)
        measured = next((one.instructions for one in counts if one.key == key), None)
        verdict: Decision = "undecided"
        if measured is not None:
            verdict = "pass" if measured <= limit else "fail"
        elif any(one.key == key for one in failures):
            verdict = "fail"
        checks.append(
            InstructionBudget(variant=variant, limit=limit, measured=measured, verdict=verdict)
        )
    return tuple(checks)
