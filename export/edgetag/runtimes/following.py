"""The process at work on a job: started, listened to, and ended whatever it does."""

import contextlib
import queue
import subprocess
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from edgetag.errors import InputError
from edgetag.progress import Task
from edgetag.runtimes.interpreter import one_line
from edgetag.runtimes.messages import (
    EVENT,
    BadInput,
    Done,
    Event,
    Job,
    Loaded,
    Refused,
    Scored,
    WrongOutput,
)
from edgetag.runtimes.process import describe_end
from edgetag.runtimes.protocol import Engine

CANCEL_CHECK_S = 0.2


class ScoringCancelledError(Exception):
    """Scoring was ended from outside."""


class FailureKind(StrEnum):
    """Why a runtime gave no scores for a file."""

    UNAVAILABLE = "unavailable"
    NOT_LOADABLE = "not loadable"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    WRONG_OUTPUT = "wrong output"


@dataclass(frozen=True)
class LoadFailure:
    """A runtime gave no scores, with one line that says why."""

    kind: FailureKind
    reason: str


class Worker:
    """The process at work on one job; its folder holds what goes in and out."""

    def __init__(
        self, engine: Engine, module: str, folder: Path, job: Job, cancelled: threading.Event
    ) -> None:
        self._engine = engine
        self._module = module
        self._cancelled = cancelled
        self._log = folder / "stderr.txt"
        self._job = folder / "job.json"
        self._job.write_text(job.model_dump_json(), encoding="utf-8")
        self._events: queue.Queue[Event | None] = queue.Queue()

    def follow(self, task: Task, timeout_s: float) -> Done | LoadFailure:
        """Run the process to its end, whatever that is."""
        launch = self._engine.launch(self._module, str(self._job))
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                launch.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=launch.environment,
            )
            assert process.stdout is not None  # noqa: S101 - PIPE was asked for
            reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
            reader.start()
            try:
                return self._until_end(process, task, timeout_s)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                process.wait()
                reader.join()
                process.stdout.close()

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            with contextlib.suppress(ValidationError):  # a crash can cut a line short
                self._events.put(EVENT.validate_json(line))
        self._events.put(None)

    def _until_end(
        self, process: "subprocess.Popen[bytes]", task: Task, timeout_s: float
    ) -> Done | LoadFailure:
        done, doing = 0, "loading it"
        result: Done | LoadFailure | None = None
        while True:
            try:
                event = self._next_event(timeout_s)
            except queue.Empty:
                reason = f"no answer for {timeout_s:g} s while {doing}"
                return LoadFailure(FailureKind.TIMED_OUT, reason)
            match event:
                case None:
                    break
                case Loaded():
                    doing = "running it"
                case Scored(images=images):
                    task.advance(images - done)
                    done = images
                case Done():
                    result = event
                case Refused(reason=reason):
                    result = LoadFailure(FailureKind.NOT_LOADABLE, reason)
                case WrongOutput(reason=reason):
                    result = LoadFailure(FailureKind.WRONG_OUTPUT, reason)
                case BadInput(message=message):
                    raise InputError(message)
        returncode = process.wait()
        if returncode == 0 and result is not None:
            return result
        words = f"{describe_end(returncode)} while {doing}"
        said = self._last_words()
        return LoadFailure(FailureKind.CRASHED, f"{words}: {said}" if said else words)

    def _next_event(self, timeout_s: float) -> Event | None:
        """Wait for an event, None being the last; raise queue.Empty after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while True:
            if self._cancelled.is_set():
                raise ScoringCancelledError
            left = deadline - time.monotonic()
            try:
                return self._events.get(timeout=max(0.0, min(left, CANCEL_CHECK_S)))
            except queue.Empty:
                if left <= 0:
                    raise

    def _last_words(self) -> str:
        """Return the last line on stderr that is not just information."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        telling = [line for line in lines if line.strip() and not line.startswith("INFO:")]
        return one_line(telling[-1]) if telling else ""
