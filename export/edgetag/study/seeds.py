"""Run folders that differ in the seed alone: the same pictures, another training."""

from collections.abc import Sequence

from edgetag.catalogue.variants import BASE
from edgetag.errors import InputError
from edgetag.pipeline import run_all
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.sharing import share_dataset
from edgetag.workspace import Workspace

LEFT_OUT = ("bench", "targets", "explain", "bundle", "report")
"""Stages that tell nothing of accuracy; all files are timed together at the end."""


def seed_folder(study: Workspace, seed: int) -> Workspace:
    """Return the run folder of a seed within the study's folder."""
    return Workspace(study.root / f"seed-{seed}")


def recipe_of_seed(recipe: Recipe, seed: int, variants: Sequence[str]) -> Recipe:
    """Return a recipe that makes and scores some variants, on one runtime, with another seed.

    Raises:
        InputError: A variant is unknown or named twice.
    """
    names = tuple(dict.fromkeys((BASE, *variants)))
    explained = tuple(name for name in recipe.export.explain if name in names)
    export = {
        "variants": names,
        "if_needed": (),
        "explain": explained,
        "serving": False,
        "onnx": False,
    }
    values = recipe.model_dump() | {
        "seed": seed,
        "targets": {},
        "budgets": {},
        "bundle": recipe.bundle.model_dump() | {"variants": "best", "desktop": False},
        "export": recipe.export.model_dump() | export,
        "validation": recipe.validation.model_dump()
        | {"runtimes": (recipe.benchmark.budget_runtime,)},
    }
    try:
        return Recipe.model_validate(values)
    except ValueError as error:
        raise InputError(f"this cannot be studied: {error}") from None


def make_seeds(recipes: Sequence[Recipe], study: Workspace, progress: Progress) -> None:
    """Build the run folder of every seed, one after the other; what is up to date stays.

    Raises:
        InputError: A stage refuses its input, or another command works in a folder.
    """
    first = seed_folder(study, recipes[0].seed)
    for number, recipe in enumerate(recipes, 1):
        progress.say(f"seed {recipe.seed} ({number} of {len(recipes)})")
        workspace = seed_folder(study, recipe.seed)
        if workspace.root != first.root:
            share_dataset(recipe, workspace, first)
        run_all(recipe, workspace, progress, leave_out=LEFT_OUT)
