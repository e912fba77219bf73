"""Who made the pictures and under which licences: a text beside the labels.

The bundle ships it, the report shows it.
"""

from pathlib import Path

from edgetag.errors import InputError
from edgetag.recipe import Recipe
from edgetag.userfiles import read_file

MOST_ATTRIBUTION_BYTES = 1_000_000


def attribution_file(recipe: Recipe) -> Path | None:
    """Return the file that says who made the pictures; None where there is none."""
    if recipe.bundle.attribution is not None:
        return recipe.bundle.attribution
    source = recipe.data.source
    beside = (source if source.is_dir() else source.parent) / "ATTRIBUTION.md"
    return beside if beside.is_file() else None


def read_attribution(recipe: Recipe) -> bytes | None:
    """Return the attribution as UTF-8, None where there is none.

    Raises:
        InputError: It cannot be read, is too large, or is no text.
    """
    path = attribution_file(recipe)
    if path is None:
        return None
    try:
        data = read_file(path, "text of attribution", MOST_ATTRIBUTION_BYTES)
        return data.decode("utf-8-sig").encode()
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; bundle.attribution takes Markdown") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; bundle.attribution names a file") from None
