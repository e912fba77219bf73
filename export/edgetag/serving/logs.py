"""What a server tells of itself: a line of JSON on stderr for each event."""

import json
import logging
import sys
import time
from typing import Protocol


class Tell(Protocol):
    """Tells an event."""

    def __call__(self, event: str, level: str = "info", **more: object) -> None:
        """Tell it in always the same words, at level info, warning or error, with more as JSON."""


def tell(event: str, level: str = "info", **more: object) -> None:
    """Write an event as one line, whatever names and texts hold."""
    line = {"time": _now(), "level": level, "event": event, **more}
    sys.stderr.write(json.dumps(line, default=str) + "\n")


def adopt_other_logs() -> None:
    """Have what packages log come out as such lines too."""
    logging.basicConfig(handlers=[_Lines()], level=logging.WARNING, force=True)


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        more = {"logger": record.name}
        if record.exc_info:
            more["trace"] = logging.Formatter().formatException(record.exc_info)
        tell("log", level=record.levelname.lower(), detail=record.getMessage(), **more)


def _now() -> str:
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e3):03}Z"
