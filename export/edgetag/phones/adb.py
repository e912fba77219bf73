"""The `adb` program: started with a time limit and a limit on what it may print.

Arguments go to it as a list, never through a shell here. What it runs on a phone goes through the
phone's shell, and `device.Phone` quotes that.
"""

import os
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import IO

from edgetag.errors import InputError
from edgetag.phones.listing import Listed, parse_devices
from edgetag.phones.problems import PhoneError, Problem
from edgetag.runtimes.interpreter import one_line

ANSWER_S = 30.0
"""A command that only asks something ends in this time."""

MOST_BYTES = 4 << 20
"""More than this of output is refused: an operator profile of a large model takes 100 kB."""

POLL_S = 0.2


@dataclass(frozen=True)
class Ended:
    """How adb ended: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both together, what went wrong last."""
        return f"{self.out}\n{self.err}"


class _Reader:
    """Reads a stream to its end, keeping no more than a limit."""

    def __init__(self, stream: IO[bytes], most_bytes: int) -> None:
        self._stream = stream
        self._most = most_bytes
        self._kept = bytearray()
        self.overflowed = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := os.read(self._stream.fileno(), 65536):
            if len(self._kept) + len(chunk) > self._most:
                self.overflowed.set()
                return
            self._kept += chunk

    def text(self) -> str:
        """Return what was read; a server that adb left behind may hold the stream open."""
        self._thread.join(timeout=2)
        if not self._thread.is_alive():
            self._stream.close()
        return bytes(self._kept).decode("utf-8", errors="replace")


@dataclass(frozen=True)
class Adb:
    """The program.

    Attributes:
        path: Of the executable.
        cancelled: When set, whatever runs is ended.
    """

    path: str
    cancelled: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def find(cls) -> "Adb":
        """Find it on the PATH.

        Raises:
            InputError: It is not installed.
        """
        path = shutil.which("adb")
        if path is None:
            raise InputError(
                "adb is not on the PATH; install Debian's package adb, or the platform tools of "
                "the Android SDK"
            )
        return cls(path)

    def version(self) -> str:
        """Return the version it tells, such as `1.0.41`."""
        ended = self._ask(["version"])
        words = ended.out.splitlines()[0].split() if ended.out.strip() else []
        return one_line(words[-1], 40) if words else "unknown"

    def devices(self) -> tuple[Listed, ...]:
        """Return the phones it sees, usable or not.

        Raises:
            InputError: It does not work here.
        """
        ended = self._ask(["devices", "-l"])
        if ended.code:
            raise InputError(f"adb devices fails: {one_line(ended.said)}; try: adb kill-server")
        return parse_devices(ended.out)

    def _ask(self, arguments: list[str]) -> Ended:
        try:
            return self.run(arguments, ANSWER_S)
        except PhoneError as error:
            raise InputError(f"adb {arguments[0]}: {error.reason}; try: adb kill-server") from None

    def run(self, arguments: list[str], limit_s: float, most_bytes: int = MOST_BYTES) -> Ended:
        """Run adb to its end.

        Args:
            arguments: Its own.
            limit_s: After so many seconds it is ended.
            most_bytes: Of stdout, and of stderr.

        Raises:
            PhoneError: It took too long or printed too much.
            InputError: It cannot be started, or everything was cancelled.
        """
        try:
            process = subprocess.Popen(
                [self.path, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise InputError(f"{self.path} cannot be started: {error.strerror}") from None
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        assert process.stderr is not None  # noqa: S101
        readers = (_Reader(process.stdout, most_bytes), _Reader(process.stderr, most_bytes))
        try:
            self._wait(process, readers, limit_s)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            out, err = (reader.text() for reader in readers)
        if any(reader.overflowed.is_set() for reader in readers):
            raise _too_much(most_bytes)
        return Ended(process.returncode, out, err)

    def _wait(
        self, process: "subprocess.Popen[bytes]", readers: tuple[_Reader, ...], limit_s: float
    ) -> None:
        deadline = time.monotonic() + limit_s
        while True:
            try:
                process.wait(timeout=min(POLL_S, max(0.0, deadline - time.monotonic())))
                return
            except subprocess.TimeoutExpired:
                pass
            if any(reader.overflowed.is_set() for reader in readers):
                return
            if self.cancelled.is_set():
                raise InputError("stopped; phones that were done are kept")
            if time.monotonic() >= deadline:
                raise PhoneError(Problem.TIMED_OUT, f"no end after {limit_s:g} s")


def _too_much(most_bytes: int) -> PhoneError:
    return PhoneError(
        Problem.TOO_MUCH_OUTPUT, f"it printed more than {most_bytes >> 20} MB; that is refused"
    )
