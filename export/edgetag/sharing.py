"""What one run folder has finished, for another one whose recipe asks for the same."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from edgetag.fingerprints import making
from edgetag.one_stage import open_run
from edgetag.recipe import Recipe
from edgetag.stages import stage
from edgetag.workspace import Workspace
from edgetag.writing import disk_error


def share_dataset(recipe: Recipe, workspace: Workspace, other: Workspace) -> None:
    """Give a new run folder the pictures of another one, as links to its files if disks have them.

    A folder that has its own keeps them, and where the other's are not what the recipe asks for it
    gets none.

    Raises:
        InputError: The disk is full, or the folder belongs to another recipe.
    """
    _share("dataset", recipe, workspace, other, link)


def share_training(recipe: Recipe, workspace: Workspace, other: Workspace) -> None:
    """Give a new run folder pictures and float model of another one, where they are the recipe's.

    Raises:
        InputError: As `share_dataset` does.
    """
    share_dataset(recipe, workspace, other)
    _share("train", recipe, workspace, other, shutil.copy2)  # its history grows in place


def link(source: str | Path, target: str | Path) -> None:
    """Make a second name of a file, or a copy where the disk has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _share(
    name: str,
    recipe: Recipe,
    workspace: Workspace,
    other: Workspace,
    copy: Callable[[str, str], object],
) -> None:
    chosen = stage(name)
    with workspace.locked():
        run_file, theirs = open_run(recipe, workspace), other.read_run_file()
        done = theirs.stages.get(name) if theirs else None
        if name in run_file.stages or done is None:
            return
        if done.fingerprint != making(chosen, recipe, run_file).digest:
            return
        folder = workspace.root / name
        try:
            if folder.exists():  # of an attempt that was killed
                shutil.rmtree(folder)
            shutil.copytree(other.root / name, folder, copy_function=copy)
        except OSError as error:
            raise disk_error(folder, error) from error
        stages = {**run_file.stages, name: done}
        run_file.replace(stages=stages).write(workspace.run_file)
