"""What native code prints to stderr by itself: TensorFlow and LiteRT have no way to be told not to.

The environment variable EDGETAG_VERBOSE shows all of it.
"""

import atexit
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

VERBOSE_VARIABLE = "EDGETAG_VERBOSE"
INFORMATION = b"INFO: "
"""Before what LiteRT says of itself when it loads its first model."""

NOTES = (INFORMATION, b"WARNING: ", "└".encode())
"""Before what LiteRT's CompiledModel says of accelerators that it looks for."""

EVERYTHING = b""
NOTHING = b"\n\n"
"""No line begins so."""


@contextmanager
def quiet_stderr(lines: bytes = EVERYTHING) -> Iterator[None]:
    """Hold back what is printed to stderr; show it if the block fails.

    It is held for all threads, so no other should be at work.

    Args:
        lines: Hold back lines that begin so, and show the others at the end.
    """
    if os.environ.get(VERBOSE_VARIABLE):
        yield
        return
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        held = lines
        try:
            yield
        except Exception:
            held = NOTHING
            raise
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            sink.seek(0)
            os.write(saved, b"".join(line for line in sink if not line.startswith(held)))
            os.close(saved)


def hold_notes_to_the_end(notes: tuple[bytes, ...] = NOTES) -> None:
    """Hold back lines that begin so until this process ends; show the others then.

    For a command that is all that its process does: what Python says on stderr has a descriptor of
    its own from here on, and native code speaks as late as when its libraries are unloaded.
    """
    if os.environ.get(VERBOSE_VARIABLE):
        return
    sys.stderr.flush()
    terminal, sink = os.dup(2), tempfile.TemporaryFile()  # noqa: SIM115 - open until the end
    os.dup2(sink.fileno(), 2)
    said = sys.stderr
    sys.stderr = os.fdopen(terminal, "w", 1, encoding=said.encoding, errors=said.errors)

    def show_others() -> None:
        sink.seek(0)
        os.write(terminal, b"".join(line for line in sink if not line.startswith(notes)))

    atexit.register(show_others)
