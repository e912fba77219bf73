"""What every stage's verb does: load the recipe, open the run folder, run, print."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgetag.progress import Progress
    from edgetag.recipe import Recipe
    from edgetag.records import Result
    from edgetag.workspace import Workspace


def prepare(
    recipe_path: Path, out: Path | None, verbose: bool
) -> "tuple[Recipe, Workspace, Progress]":
    """Load a recipe and open its run folder; a run folder in the recipe's place has its own."""
    from edgetag.cli.terminal import console_progress
    from edgetag.recipe import load_recipe
    from edgetag.workspace import Workspace

    set_verbose(verbose)
    if recipe_path.is_dir():
        return _recipe_of(recipe_path), Workspace(out or recipe_path), console_progress()
    recipe, progress = load_recipe(recipe_path), console_progress()
    for warning in recipe.warnings():
        progress.say(f"warning: {recipe_path}: {warning}")
    return recipe, Workspace(out or Path("runs") / recipe.name), progress


def _recipe_of(run_folder: Path) -> "Recipe":
    from edgetag.errors import InputError
    from edgetag.recipe import resolved_recipe
    from edgetag.workspace import Workspace

    workspace = Workspace(run_folder)
    found = workspace.read_run_file()
    if found is None:
        raise InputError(f"{run_folder}: a folder without run.json; name a recipe or a run folder")
    return resolved_recipe(found.recipe, workspace.run_file)


def set_verbose(verbose: bool) -> None:
    """Let TensorFlow and the runtimes print, in this process and its children."""
    if verbose:
        os.environ["EDGETAG_VERBOSE"] = "1"


def run_verb(
    name: str, recipe_path: Path, out: Path | None, json: bool, verbose: bool, **options: Any
) -> "Result":
    """Run one stage and print its result's JSON if asked to."""
    from edgetag.cli.outcome import print_result
    from edgetag.pipeline import run_stage

    recipe, workspace, progress = prepare(recipe_path, out, verbose)
    result = run_stage(name, recipe, workspace, progress, **options)
    print_result(result, json)
    return result
