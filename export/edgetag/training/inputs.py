"""What training begins with that lies outside a run folder."""

from edgetag.errors import InputError
from edgetag.recipe import Recipe
from edgetag.workspace import digest_file


def inputs_fingerprint(recipe: Recipe) -> str:
    """Return a digest of the files that a recipe names to train with; empty where it names none.

    Raises:
        InputError: One cannot be read.
    """
    weights = recipe.network.weights
    if weights is None:
        return ""
    try:
        return digest_file(weights)
    except OSError as error:
        raise InputError(f"network.weights: {weights}: {error.strerror}") from None
