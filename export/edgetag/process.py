"""One job in a process of its own: started, listened to, and ended whatever it does.

A damaged file can crash a runtime or keep it busy for ever, and TensorFlow in a process changes
what other runtimes compute there: whatever runs a model does so elsewhere. The process is given
its job as a JSON file and answers with events, one line of JSON each on stdout;
`children.begin_job` is its side of it.
"""

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, TypeVar

from pydantic import TypeAdapter, ValidationError

from edgetag.children import Launch
from edgetag.errors import one_line
from edgetag.messages import Message, to_line
from edgetag.scratch import scratch_folder

CANCEL_CHECK_S = 0.2
"""A job that may be cancelled is looked at so often. Any other is waited for without a look: the
benchmark's process times, and this one sleeps."""

LONGEST_LINE = 1 << 28
"""Bytes of an event that are kept: no event has so many, and a flood takes no more memory here."""

LAST_WORDS = 1 << 16
"""Bytes of stderr that are looked at, from its end."""

NOISE = ("INFO:", "WARNING:", "I0000", "W0000")
"""Beginnings of lines on stderr that are no last words: TensorFlow Lite's and Abseil's notes."""

Event = TypeVar("Event")


class JobCancelledError(Exception):
    """A job was ended from outside."""


class _SilentError(Exception):
    """A process has said nothing for too long."""


@dataclass(frozen=True)
class Failure:
    """How a process ended that has not done its job.

    Attributes:
        ending: In words, such as `it crashed (SIGSEGV)`.
        last_words: The last line of its stderr that tells something; "" where there is none.
        silent: Whether it was stopped for its silence.
    """

    ending: str
    last_words: str = ""
    silent: bool = False

    def while_doing(self, what: str) -> str:
        """Return one line that also says what it was at."""
        words = f"{self.ending} while {what}"
        return f"{words}: {self.last_words}" if self.last_words else words


def run_job(
    launch: Callable[[str], Launch],
    job: Message,
    events: TypeAdapter[Event],
    on_event: Callable[[Event], None],
    silence_s: float,
    cancelled: threading.Event | None = None,
) -> Failure | None:
    """Do a job in a process of its own, and leave none behind, however this ends.

    Args:
        launch: Says how it is started, given the path of the job's file.
        job: What to do.
        events: What it may answer. A line that is none of them is passed over, and is no sign of
            life: a crash can cut one short, and native code prints what it likes.
        on_event: Called with each event as it comes. What it raises ends the process.
        silence_s: Longest time between two events, and from the last to the end of the process.
        cancelled: When set, the process is ended.

    Returns:
        None where the process ended by itself with exit code 0, else how it ended.

    Raises:
        JobCancelledError: `cancelled` was set.
        InputError: The place for temporary files is full.
    """
    with scratch_folder() as folder, (folder / "stderr.txt").open("w+b") as said:
        file = folder / "job.json"
        file.write_text(to_line(job), encoding="utf-8")
        started = launch(str(file))
        process = subprocess.Popen(
            started.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            env=started.environment,
        )
        patience = _Patience(silence_s, cancelled)
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        try:
            for line in _lines(process.stdout, patience):
                try:
                    event = events.validate_json(line)
                except ValidationError:
                    continue
                patience.renew()
                on_event(event)
            while process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(patience.left_s())
        except _SilentError:
            return Failure(f"no answer for {silence_s:g} s", silent=True)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        if process.returncode == 0:
            return None
        said.seek(max(0, said.seek(0, os.SEEK_END) - LAST_WORDS))
        return Failure(describe_end(process.returncode), _last_words(said))


class _Patience:
    """How long a process is still waited for."""

    def __init__(self, silence_s: float, cancelled: threading.Event | None) -> None:
        self._silence_s = silence_s
        self._cancelled = cancelled
        self.renew()

    def renew(self) -> None:
        """Begin anew: it has shown that it lives."""
        self._until = time.monotonic() + self._silence_s

    def left_s(self) -> float:
        """Return how many seconds to wait before this is asked again.

        Raises:
            JobCancelledError: It is not wanted any more.
            _SilentError: It has been silent for too long.
        """
        if self._cancelled is not None and self._cancelled.is_set():
            raise JobCancelledError
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise _SilentError
        return left_s if self._cancelled is None else min(left_s, CANCEL_CHECK_S)


def _lines(stream: IO[bytes], patience: _Patience) -> Iterator[bytes]:
    """Yield whole lines until the stream ends; of those that are too long the end alone."""
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    held = bytearray()
    while True:
        if not poll.poll(1e3 * patience.left_s()):
            continue
        chunk = os.read(stream.fileno(), 1 << 16)
        if not chunk:
            return
        held += chunk  # and not split each time: a benchmark's times are a line of megabytes
        if b"\n" in chunk:
            *lines, held = held.split(b"\n")
            yield from map(bytes, lines)
        if len(held) > LONGEST_LINE:
            held.clear()


def describe_end(returncode: int) -> str:
    """Say in words how a process ended that should not have."""
    if returncode >= 0:
        return f"it ended with exit code {returncode}"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = f"signal {-returncode}"
    if name == "SIGKILL":
        return f"it was killed ({name}), which happens when memory runs out"
    return f"it crashed ({name})"


def _last_words(said: IO[bytes]) -> str:
    lines = (line.strip() for line in said.read().decode(errors="replace").splitlines())
    telling = [line for line in lines if line and not line.startswith(NOISE)]
    return one_line(telling[-1]) if telling else ""
