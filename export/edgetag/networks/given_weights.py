"""The file of weights that a recipe names in `network.weights`, before it is read."""

from pathlib import Path

from edgetag.errors import InputError
from edgetag.userfiles import require_file

MOST_BYTES = 1 << 30


def require_weights(path: Path) -> None:
    """Refuse what cannot be a file of weights.

    Raises:
        InputError: It is missing, no file, or too large.
    """
    try:
        require_file(path, "file of weights", MOST_BYTES)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; name the file in network.weights") from None
