"""What is left of an error that nobody foresaw: a log file, and one line that tells where it is."""

import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

from edgetag.user_cache import home


def tell(error: BaseException) -> str:
    """Keep the traceback in a file and return the sentence for the terminal.

    Where no file can be written, the sentence carries the traceback: it is all there is.
    """
    kind = f"{type(error).__name__}: {error}".splitlines()[0]
    text = "".join(traceback.format_exception(error))
    said = f"edgetag met an error of its own, which says nothing about your files: {kind}"
    for folder in (_state_folder, tempfile.gettempdir):
        try:
            log = _write(Path(folder()), text)
        except OSError:
            continue
        shown = f"\n{text}" if os.environ.get("EDGETAG_VERBOSE") else ""
        return f"{said}; please report it with the log: {log}{shown}"
    return f"{said}; no log can be written, so please report this:\n{text}"


def _state_folder() -> Path:
    state = os.environ.get("XDG_STATE_HOME", "")
    # By the specification of these folders a relative one counts as unset.
    base = Path(state) if state.startswith("/") else Path(home() or os.devnull, ".local/state")
    return base / "edgetag"


def _write(folder: Path, text: str) -> Path:
    from edgetag import __version__

    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    head = f"edgetag {__version__}, Python {platform.python_version()}, {platform.platform()}"
    with log.open("x", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"{head}\narguments: {sys.argv[1:]!r}\nin: {os.getcwd()}\n\n{text}")  # noqa: PTH109
    return log
