"""What every stage's verb does: load the recipe, open the run folder, run, print."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from edgetag.cli.outcome import end
from edgetag.cli.terminal import console_progress

if TYPE_CHECKING:
    from edgetag.progress import Progress
    from edgetag.recipe import Recipe
    from edgetag.workspace import Workspace


def prepare(
    recipe_path: Path, out: Path | None, verbose: bool
) -> "tuple[Recipe, Workspace, Progress]":
    """Load a recipe and open its run folder; a run folder in the recipe's place has its own."""
    from edgetag.workspace import Workspace

    set_verbose(verbose)
    recipe, progress = read_recipe(recipe_path), console_progress()
    if recipe_path.is_dir():
        return recipe, Workspace(out or recipe_path), progress
    for warning in recipe.warnings():
        progress.say(f"warning: {recipe_path}: {warning}")
    return recipe, Workspace(out or Path("runs") / recipe.name), progress


def read_recipe(path: Path) -> "Recipe":
    """Read a recipe, or the one that a run folder keeps.

    Raises:
        InputError: It is neither, or the recipe breaks a rule.
    """
    from edgetag.errors import InputError
    from edgetag.recipe import load_recipe, mistaken_folder, resolved_recipe
    from edgetag.userfiles import exists
    from edgetag.workspace import Workspace

    if not exists(path) and not path.suffix:
        raise InputError(
            f"{path}: there is no such run folder here, nor a recipe. Write one with: edgetag "
            "recipe new recipe.toml"
        )
    if not path.is_dir():
        return load_recipe(path)
    workspace = Workspace(path)
    run_file = workspace.read_run_file()
    if run_file is None:
        raise InputError(mistaken_folder(path))
    return resolved_recipe(run_file.recipe, workspace.run_file)


def baseline_beside(recipe_path: Path, workspace: "Workspace") -> Path | None:
    """Return the accepted state that lies beside a recipe, None where there is none.

    Raises:
        InputError: Only a run folder is named, which does not say where that is, and its verdict
            is not one without an accepted state; --no-baseline does without.
    """
    from edgetag.validation.baseline import baseline_file
    from edgetag.validation.result import Verdict

    judged = workspace.validate / "verdict.json"
    if recipe_path.is_dir() and judged.exists() and not Verdict.read(judged, "validate").baseline:
        return None
    path = baseline_file(recipe_path)
    return path if path.exists() else None


def accepted_state(
    recipe_path: Path, workspace: "Workspace", named: Path | None, without: bool
) -> Path | None:
    """Return the accepted state to compare with: the one named, else the one beside the recipe.

    Raises:
        InputError: One is named, and none is to be compared with; or see `baseline_beside`.
    """
    from edgetag.errors import InputError

    if without and named is not None:
        raise InputError(
            "--baseline names an accepted state, --no-baseline compares with none; give one of them"
        )
    return None if without else named or baseline_beside(recipe_path, workspace)


def set_verbose(verbose: bool) -> None:
    """Let TensorFlow and the runtimes print, in this process and its children."""
    if verbose:
        os.environ["EDGETAG_VERBOSE"] = "1"


def run_verb(
    name: str, recipe_path: Path, out: Path | None, json: bool, verbose: bool, **options: Any
) -> NoReturn:
    """Run one stage, print its result and exit as that says."""
    from edgetag.one_stage import run_stage

    recipe, workspace, progress = prepare(recipe_path, out, verbose)
    end(run_stage(name, recipe, workspace, progress, **options), json)
