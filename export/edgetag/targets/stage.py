"""The device stage: every exported file on the machines that the recipe names."""

from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.runtimes.emulation import open_target
from edgetag.targets import store
from edgetag.targets.checking import compare_scores
from edgetag.targets.counting.count import count_instructions
from edgetag.targets.naming import Kind, Place, Spot, require_ready, resolve, spots
from edgetag.targets.result import TargetsResult
from edgetag.workspace import Workspace


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> TargetsResult:
    """Compare scores with those here, and count instructions where that can be done.

    Returns:
        All that is known of the files as they are now: also what was found by
        `edgetag validate --on` and `edgetag bench --on` on other machines or processors.

    Raises:
        InputError: A machine is not set up, there are no files, or one has changed.
    """
    places = _places(recipe)
    checked = _checked(recipe, places)
    compare_scores(recipe, workspace, progress, checked)
    counted = _counted(recipe, places)
    if any(_can_count(place) for place in places):
        count_instructions(recipe, workspace, progress, counted)
    known = store.read_current(recipe, workspace)
    return known or store.make(recipe)


def require(recipe: Recipe) -> None:
    """Refuse to begin a run that would end here, hours later.

    Raises:
        InputError: A machine of the recipe is not set up; the text says what to type.
    """
    places = _places(recipe)
    require_ready(_checked(recipe, places))
    _counted(recipe, places)


def _places(recipe: Recipe) -> tuple[Place, ...]:
    return tuple(resolve(name) for name in recipe.targets.on)


def _checked(recipe: Recipe, places: tuple[Place, ...]) -> tuple[Spot, ...]:
    return spots(places, recipe.validation.runtimes, recipe.targets.cpus)


def _counted(recipe: Recipe, places: tuple[Place, ...]) -> tuple[Spot, ...]:
    emulated = [place for place in places if place.kind is Kind.EMULATED]
    return spots(emulated, recipe.benchmark.runtimes, recipe.targets.cpus)


def _can_count(place: Place) -> bool:
    return place.target is not None and open_target(place.target)[0].counter is None
