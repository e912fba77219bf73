"""What a search says in the end, and the recipe that it leaves."""

import os
from collections.abc import Sequence
from pathlib import Path

from edgetag.catalogue.variants import BASE
from edgetag.judging.wording import write_value
from edgetag.recipe import Recipe, Variant, with_places
from edgetag.search.choosing import Budgets, broken_limits
from edgetag.search.result import SearchTrial
from edgetag.toml_text import to_toml
from edgetag.validation.result import Verdict


def outcome_of(chosen: SearchTrial, budgets: Budgets) -> str:
    """Return whether the chosen trial keeps every budget, and by how much it does not."""
    if not chosen.exceeds:
        return f"{chosen.name} keeps every budget."
    broken = broken_limits(chosen, budgets)
    return f"No combination keeps every budget. The nearest is {chosen.name}: {broken}."


def outcome_of_none(trials: Sequence[SearchTrial], budgets: Budgets, cut_short: bool) -> str:
    """Return why nothing was chosen, and where costs are the reason, what is the nearest."""
    broken = [trial for trial in trials if trial.exceeds]
    if cut_short or not broken:
        why = "give the search more time." if cut_short else "every combination failed."
        return f"Nothing was measured to its end; {why}"
    nearest = min(broken, key=lambda trial: max(trial.exceeds.values()))
    return (
        "No combination keeps the limits on costs, and none was trained. The nearest is "
        f"{nearest.name}: {broken_limits(nearest, budgets)}."
    )


def judged_as(verdict: Verdict, variant: Variant) -> str:
    """Return what a verdict says of a variant over the split that decides."""
    drops = [
        f", drop of mAP {write_value('points', entry.map_drop, entry.map_drop_interval)}"
        for entry in verdict.variants
        if (entry.variant, entry.split) == (variant, verdict.split)
    ]
    decided = f"{verdict.decisions[variant]}{drops[0] if drops else ''}"
    return f"On {verdict.split}, which did not choose it: {decided}."


def recipe_text(recipe: Recipe, folder: Path) -> str:
    """Return the recipe of what was chosen as a file in a folder, with paths from there."""
    values = recipe.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    values = with_places(values, lambda place: os.path.relpath(place, folder))
    variants = [name for name in recipe.export.variants if name != BASE] or [BASE]
    return to_toml(values, {"": [f"Chosen by edgetag search: {variants[0]}."]})
