"""The `adb` program: started with a time limit and a limit on what it may print.

Arguments go to it as a list, never through a shell here. What it runs on a phone goes through the
phone's shell, and `phone.Phone` quotes that.
"""

import contextlib
import os
import selectors
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from edgetag.errors import InputError, one_line
from edgetag.phones.listing import Listed, parse_devices
from edgetag.phones.problems import PhoneError, Problem

ANSWER_S = 30.0
"""A command that only asks something ends in this time."""

MOST_BYTES = 4 << 20
"""More than this of output is refused: an operator profile of a large model takes 100 kB."""

STARTED = "daemon started successfully"
"""What adb says where no server ran, and it has started one."""

POLL_S = 0.1

LINGER_S = 0.3
"""After adb has ended, its streams are read until they fall silent for so long: a server that it
started may hold them open for ever."""


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


@dataclass(frozen=True)
class Adb:
    """The program.

    Attributes:
        path: Path of the executable.
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

    def devices(self, limit_s: float = ANSWER_S, leave_server: bool = True) -> tuple[Listed, ...]:
        """Return the phones it sees, usable or not.

        Args:
            limit_s: Most seconds for its answer.
            leave_server: Whether a server that adb had to start for it goes on running.

        Raises:
            InputError: It does not work here.
        """
        ended = self._ask(["devices", "-l"], limit_s)
        if STARTED in ended.said and not leave_server:
            self._ask(["kill-server"], limit_s)
        if ended.code:
            raise InputError(f"adb devices fails: {one_line(ended.said)}; try: adb kill-server")
        return parse_devices(ended.out)

    def _ask(self, arguments: list[str], limit_s: float = ANSWER_S) -> Ended:
        try:
            return self.run(arguments, limit_s)
        except PhoneError as error:
            raise InputError(f"adb {arguments[0]}: {error.reason}; try: adb kill-server") from None

    def run(self, arguments: list[str], limit_s: float, most_bytes: int = MOST_BYTES) -> Ended:
        """Run adb to its end.

        After `limit_s` seconds it is ended; more than `most_bytes` of stdout, or of stderr,
        are refused.

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
        with process:
            try:
                out, err = self._read(process, limit_s, most_bytes)
            finally:
                process.kill()
        return Ended(process.returncode, out, err)

    def _read(
        self, process: "subprocess.Popen[bytes]", limit_s: float, most_bytes: int
    ) -> tuple[str, str]:
        """Read both streams until the process ends, or may not go on."""
        deadline = time.monotonic() + limit_s
        heard = time.monotonic()
        kept: dict[Any, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
        with selectors.DefaultSelector() as streams:
            for stream in kept:
                streams.register(stream, selectors.EVENT_READ)
            while streams.get_map():
                for key, _ in streams.select(POLL_S):
                    if not _take(key.fd, kept[key.fileobj], most_bytes):
                        streams.unregister(key.fileobj)
                    heard = time.monotonic()
                if process.poll() is None:
                    heard = time.monotonic()
                elif time.monotonic() - heard > LINGER_S:
                    break
                self._may_go_on(deadline, limit_s)
        while process.poll() is None:
            self._may_go_on(deadline, limit_s)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=POLL_S)
        out, err = (bytes(kept[stream]).decode("utf-8", errors="replace") for stream in kept)
        return out, err

    def _may_go_on(self, deadline: float, limit_s: float) -> None:
        if self.cancelled.is_set():
            raise InputError("stopped")
        if time.monotonic() >= deadline:
            raise PhoneError(Problem.TIMED_OUT, f"no end after {limit_s:g} s")


def _take(stream: int, kept: bytearray, most_bytes: int) -> bool:
    """Read what is there; return whether more may come.

    Raises:
        PhoneError: It is too much.
    """
    chunk = os.read(stream, 65536)
    kept += chunk
    if len(kept) > most_bytes:
        raise PhoneError(
            Problem.TOO_MUCH_OUTPUT, f"it printed more than {most_bytes >> 20} MB; that is refused"
        )
    return bool(chunk)
