"""Where edgetag keeps what it makes once for a user on a machine."""

import os
from pathlib import Path


def user_cache() -> Path:
    """Return `edgetag` in the user's cache folder, by the XDG specification; it may not exist."""
    base = os.environ.get("XDG_CACHE_HOME")
    # The specification has relative paths passed over.
    root = Path(base) if base and Path(base).is_absolute() else Path(home() or os.devnull, ".cache")
    return root / "edgetag"


def home() -> str | None:
    """Return the user's folder, None where neither HOME nor the system says which it is.

    So it is of a number that no account has, as containers and services may run by.
    """
    told = os.path.expanduser("~")  # noqa: PTH111  Path's raises an error
    return None if told == "~" else told
