"""Runs the comparing process, and survives whatever a damaged file does to it."""

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pydantic import ValidationError

from edgetag.children import python_command, python_environment
from edgetag.errors import InputError
from edgetag.explaining.job import EVENT, Compared, Job
from edgetag.progress import Task
from edgetag.runtimes.interpreter import one_line
from edgetag.runtimes.messages import BadInput, Refused, Scored
from edgetag.runtimes.process import describe_end

CHILD = "edgetag.explaining.child"
SILENCE_S = 60.0
"""A process that finishes no image in this time counts as hung."""


def run_child(job: Job, task: Task, silence_s: float = SILENCE_S) -> Compared | str:
    """Compare two files in a process of its own.

    Args:
        job: What to compare.
        task: Told of every image.
        silence_s: Longest time between two images.

    Returns:
        The sums, or one line that says why there are none.

    Raises:
        InputError: The image cache is damaged.
    """
    outcome: Compared | str | None = None
    done = 0
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            python_command(CHILD),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=messages,
            env=python_environment(),
        )
        with _ended(process), _Watch(process, silence_s) as watch:
            for line in _lines(process, job):
                watch.reset()
                match _parsed(line):
                    case Scored(images=images):
                        task.advance(images - done)
                        done = images
                    case Compared() as found:
                        outcome = found
                    case Refused(reason=reason):
                        outcome = reason
                    case BadInput(message=message):
                        raise InputError(message)
            returncode = process.wait()
        if watch.expired:
            return f"no answer for {silence_s:g} s; it was stopped"
        if outcome is not None and returncode == 0:
            return outcome
        messages.seek(0)
        return _why(returncode, messages.read().decode(errors="replace"))


def _lines(process: "subprocess.Popen[bytes]", job: Job) -> Iterator[bytes]:
    if process.stdin is None or process.stdout is None:
        raise ValueError("the process needs pipes")
    with suppress(BrokenPipeError), process.stdin as pipe:  # its exit code tells more than this
        pipe.write(job.model_dump_json().encode())
    with process.stdout as answers:
        yield from answers


def _parsed(line: bytes) -> object:
    try:
        return EVENT.validate_json(line)
    except ValidationError:  # a crash can cut a line short
        return None


class _Watch:
    """Kills a process that has been silent for too long."""

    def __init__(self, process: "subprocess.Popen[bytes]", silence_s: float) -> None:
        self._process = process
        self._silence_s = silence_s
        self._timer: threading.Timer | None = None
        self.expired = False

    def __enter__(self) -> "_Watch":
        self.reset()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def reset(self) -> None:
        """Start counting anew."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._silence_s, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def _expire(self) -> None:
        self.expired = True
        self._process.kill()


@contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Leave no process behind, however the block ends."""
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _why(returncode: int, text: str) -> str:
    told = [line for line in text.splitlines() if line.strip() and not line.startswith("INFO:")]
    ending = describe_end(returncode)
    return f"{ending}: {one_line(told[-1])}" if told else ending
