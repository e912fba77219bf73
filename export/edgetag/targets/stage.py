"""The stage of targets: every exported file on the targets that the recipe names."""

from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.targets import store
from edgetag.targets.asked import (
    engines_to_check,
    engines_to_count,
    require_comparable,
    require_ready,
)
from edgetag.targets.checking import check_scores
from edgetag.targets.counting.count import able_to_count, count_instructions
from edgetag.targets.result import TargetsResult
from edgetag.workspace import Workspace


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> TargetsResult:
    """Compare scores with those here, and count instructions where that can be done.

    Returns:
        All that is known of the files as they are now: also what `edgetag target check` and
        `edgetag target count` found on other targets or processors.

    Raises:
        InputError: A target is not set up, there are no files, or one has changed.
    """
    check_scores(recipe, workspace, progress, engines_to_check(recipe))
    counted = engines_to_count(recipe)
    if able_to_count(counted):
        count_instructions(recipe, workspace, progress, counted)
    known = store.read_current(recipe, workspace)
    return known or store.make(recipe)


def require(recipe: Recipe) -> None:
    """Refuse to begin a run that would end here, hours later.

    Raises:
        InputError: A target of the recipe is not set up, or none can be compared with an engine
            here; the text says what to type.
    """
    there = engines_to_check(recipe)
    require_ready(there)
    require_comparable(there)
    engines_to_count(recipe)
