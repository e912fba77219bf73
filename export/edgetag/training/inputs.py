"""What training begins with or learns from that lies outside a run folder."""

from edgetag.errors import InputError
from edgetag.recipe import Recipe
from edgetag.training.taught import teacher_runs
from edgetag.workspace import digest_file


def inputs_fingerprint(recipe: Recipe, stage: str = "train") -> str:
    """Return a digest of the files that a recipe names to train with; empty where it names none.

    Args:
        recipe: Names weights to begin with, and runs that teach.
        stage: Which trains.

    Raises:
        InputError: One cannot be read, or cannot teach.
    """
    weights = recipe.network.weights if stage == "train" else None
    try:
        begins_with = [] if weights is None else [digest_file(weights)]
    except OSError as error:
        raise InputError(f"network.weights: {weights}: {error.strerror}") from None
    return " ".join([*begins_with, *(run.sha256 for run in teacher_runs(recipe, stage))])
