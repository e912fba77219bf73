"""A folder for matplotlib where the user has none for it.

Matplotlib would say so, and make one in the place for temporary files. That stays where this
process is killed, or may not write there any more.
"""

import os
from functools import cache
from pathlib import Path

from edgetag.scratch import folder_of_process
from edgetag.user_cache import home

VARIABLE = "MPLCONFIGDIR"
"""Where matplotlib keeps its list of fonts and looks for settings."""


@cache  # later this process may have given up to write anywhere
def house_matplotlib() -> None:
    """Give matplotlib, which is yet to be imported, a folder if it would find none."""
    if not os.environ.get(VARIABLE) and not all(map(_can_be_written, _places())):
        os.environ[VARIABLE] = str(folder_of_process())


def _places() -> tuple[Path, Path]:
    """Return where matplotlib would keep settings and what it makes, by the XDG specification."""
    config, cache = os.environ.get("XDG_CONFIG_HOME"), os.environ.get("XDG_CACHE_HOME")
    base = Path(home() or os.devnull)
    return (
        Path(config or base / ".config", "matplotlib"),
        Path(cache or base / ".cache", "matplotlib"),
    )


def _can_be_written(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
