"""Where edgetag keeps what it makes once for a user on a machine."""

import os
from pathlib import Path


def user_cache() -> Path:
    """Return `edgetag` in the user's cache folder, by the XDG specification; it may not exist."""
    base = os.environ.get("XDG_CACHE_HOME")
    # The specification has relative paths passed over.
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    return root / "edgetag"
