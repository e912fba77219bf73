"""The narrow stage: the narrower networks that variants are made of."""

from edgetag.catalogue.variants import VARIANTS
from edgetag.compression.result import NarrowResult
from edgetag.errors import InputError
from edgetag.narrowing.costs import COUNTED, TIMED
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.runtimes import engines
from edgetag.targets.asked import engine_of_budgets
from edgetag.workspace import Workspace


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> NarrowResult:
    """Make each narrower network that is not there yet, those with a budget as wide as it allows.

    Raises:
        InputError: The recipe has no variant of one, something it starts from is missing, a layer
            cannot be narrowed, or no network keeps a budget.
    """
    from edgetag.compression import narrower  # TensorFlow
    from edgetag.narrowing.fitting import Fitter

    return narrower.run(recipe, workspace, progress, Fitter(recipe, workspace, progress))


def require(recipe: Recipe) -> None:
    """Refuse to begin a run whose budgets this machine could not measure, hours later.

    Raises:
        InputError: A runtime or the emulated machine is missing; the text says what to type.
    """
    section = recipe.compress.channels
    made = {VARIANTS[name].narrow for name in recipe.export.possible}
    keys = {key for name in made & set(section.budgets) for key in section.budgets[name].given()}
    if keys & TIMED and (missing := engines.get(section.runtime).available()):
        raise InputError(
            f"compress.channels.budgets: latency is measured on {section.runtime}, but {missing}"
        )
    if keys & COUNTED:
        engine_of_budgets(recipe, recipe.compress.channels.runtime)
