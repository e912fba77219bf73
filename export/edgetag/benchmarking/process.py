"""Starts a child, listens to it, and ends it when it falls silent."""

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgetag.benchmarking.job import BEAT, DONE, Doing, Job, Outcome, read_marker
from edgetag.children import python_command, python_environment

CHILD = "edgetag.benchmarking.child"

SILENCE_LIMIT_S = 60.0
"""A child that finishes no step in this time is stopped. The slowest step seen took 0.4 s."""


@dataclass(frozen=True)
class Crash:
    """How a child ended before it was done.

    Attributes:
        model: Position in `Job.models` of the model it was at.
        reason: One line.
    """

    model: int
    reason: str


class _SilentError(Exception):
    pass


def run_child(
    job: Job,
    on_beat: Callable[[float], None],
    silence_limit_s: float = SILENCE_LIMIT_S,
    command: Sequence[str] | None = None,
) -> Outcome | Crash:
    """Do a job in a process of its own.

    Args:
        job: What to do.
        on_beat: Called for each step the child finished, with the share of what is timed that is
            done, in 0..1.
        silence_limit_s: Longest time between two steps.
        command: The child's program; default: edgetag's own.
    """
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            command or python_command(CHILD),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=messages,
            env=python_environment(),
        )
        outcome: Outcome | None = None
        silent = False
        try:
            _send(process, job)
            for line in _lines(process, silence_limit_s):
                if line.startswith(BEAT):
                    on_beat(float(line.removeprefix(BEAT) or 0.0))
                elif line.startswith(DONE):
                    outcome = Outcome.model_validate_json(line.removeprefix(DONE))
            process.wait(silence_limit_s)
        except (_SilentError, subprocess.TimeoutExpired):
            silent = True
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        if outcome is not None:
            return outcome
        messages.seek(0)
        doing, model = _last_marker(job)
        text = messages.read().decode(errors="replace")
        if silent:
            return Crash(model, f"no answer in {silence_limit_s:g} s while {doing}; stopped")
        return Crash(model, _why(process.returncode, doing, text))


def _send(process: "subprocess.Popen[bytes]", job: Job) -> None:
    if process.stdin is None:
        raise ValueError("the child needs a pipe as its stdin")
    try:
        with process.stdin as pipe:
            pipe.write(job.model_dump_json().encode())
    except BrokenPipeError:
        return  # it has ended already; its exit code tells more than this


def _lines(process: "subprocess.Popen[bytes]", silence_limit_s: float) -> Iterator[bytes]:
    """Yield whole lines of the child's stdout until it closes it.

    Raises:
        _SilentError: Nothing came for too long.
    """
    if process.stdout is None:
        raise ValueError("the child needs a pipe as its stdout")
    descriptor = process.stdout.fileno()
    rest = b""
    while True:
        ready, _, _ = select.select([descriptor], [], [], silence_limit_s)
        if not ready:
            raise _SilentError
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def _last_marker(job: Job) -> tuple[Doing, int]:
    try:
        return read_marker(Path(job.marker).read_bytes())
    except FileNotFoundError:
        return "starting", 0


def _why(returncode: int, doing: Doing, text: str) -> str:
    if returncode < 0:
        try:
            ending = f"crashed ({signal.Signals(-returncode).name}) while {doing}"
        except ValueError:
            ending = f"crashed (signal {-returncode}) while {doing}"
    else:
        ending = f"ended with exit code {returncode} while {doing}"
    noise = ("INFO:", "WARNING:", "I0000", "W0000")
    lines = [line.strip() for line in text.splitlines()]
    told = [line for line in lines if line and not line.startswith(noise)]
    return f"{ending}: {told[-1][:200]}" if told else ending
