"""Which runs teach a recipe's networks, read without TensorFlow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgetag.errors import InputError
from edgetag.recipe import NetworkSection, Recipe, resolved_recipe
from edgetag.training.result import Thresholds
from edgetag.workspace import Workspace, digest_file


@dataclass(frozen=True)
class TeacherRun:
    """A float network of another run.

    Attributes:
        network: How it is built.
        tags: Its outputs.
        weights: The file of its weights,
        sha256: and that file's digest.
    """

    network: NetworkSection
    tags: tuple[str, ...]
    weights: Path
    sha256: str


def teacher_runs(recipe: Recipe, stage: str) -> Sequence[TeacherRun]:
    """Return the runs that teach in a stage; none where the recipe names none for it.

    Raises:
        InputError: A folder is no run with a trained network, or it knows other tags.
    """
    return [_read(folder, recipe) for folder in recipe.teacher.of(stage)]


def taught_by(recipe: Recipe, stage: str) -> Sequence[object]:
    """Return all of its teachers that decides what a stage leaves; nothing where it has none.

    Raises:
        InputError: As in `teacher_runs`.
    """
    runs = teacher_runs(recipe, stage)
    return [[run.sha256 for run in runs], recipe.teacher.settings(stage)] if runs else ()


def _read(folder: Path, recipe: Recipe) -> TeacherRun:
    workspace = Workspace(folder)
    weights = workspace.train / "model.npz"
    run_file = workspace.read_run_file()
    if run_file is None or not weights.is_file():
        raise InputError(
            f"teacher.runs: {folder}: no run folder with a trained network; run: edgetag train "
            f"RECIPE --out {folder}, with the recipe of the teacher"
        )
    taught = resolved_recipe(run_file.recipe, workspace.run_file)
    tags = taught.data.tags
    if tags != recipe.data.tags:
        lacks = ", ".join(tag for tag in recipe.data.tags if tag not in tags)
        more = ", ".join(tag for tag in tags if tag not in recipe.data.tags)
        said = [f"it lacks {lacks}"] * bool(lacks) + [f"it knows {more}"] * bool(more)
        raise InputError(
            f"teacher.runs: {folder}: a teacher of other tags: "
            f"{' and '.join(said) or 'it has them in another order'}; train it on data.tags"
        )
    trained = tuple(Thresholds.read(workspace.train / "thresholds.json", "train").thresholds)
    if trained != tags:
        raise InputError(
            f"teacher.runs: {folder}: its recipe has the tags {', '.join(tags)}, but its network "
            f"was trained on {', '.join(trained)}; run: edgetag train RECIPE --out {folder}, "
            "with the recipe of the teacher"
        )
    return TeacherRun(taught.network, tags, weights, digest_file(weights))
