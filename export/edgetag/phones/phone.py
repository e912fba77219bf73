"""One phone: commands in its shell, files to it and from it.

Every command is followed by a mark that nobody can guess and the exit code. Phones before
Android 7 do not pass exit codes on, and a connection that breaks looks like an end: without the
mark, the answer is not whole.
"""

import contextlib
import re
import secrets
import shlex
from dataclasses import dataclass
from pathlib import Path

from edgetag.phones.adb import ANSWER_S, MOST_BYTES, Adb, Ended
from edgetag.phones.listing import Listed
from edgetag.phones.problems import PhoneError, Problem, error_of, recognize

FOLDER = "/data/local/tmp/edgetag"
"""Where everything goes on a phone: adb's user may write and execute there."""

SLOWEST_BYTES_PER_S = 200_000
"""USB 2 brings tens of megabytes a second; slower than this counts as hung."""


_CODE = re.compile(r"[0-9]{1,3}")
_LISTED = re.compile(
    r"-[rwxsStT-]{9}\S? .{0,200}? ([0-9]{1,15}) +(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[A-Z][a-z]{2} )"
)
"""A regular file as `ls -l` shows it: its size stands before the date, in every version."""


@dataclass(frozen=True)
class Answer:
    """What a command on a phone printed (stdout and stderr together) and its exit code."""

    code: int
    text: str

    @property
    def last_line(self) -> str:
        """The last line that it printed, or that it printed none."""
        return (self.text.strip().splitlines() or ["it printed nothing"])[-1]


@dataclass(frozen=True)
class Phone:
    """A phone that takes commands."""

    adb: Adb
    listed: Listed

    def shell(
        self, *arguments: str, limit_s: float = ANSWER_S, most_bytes: int = MOST_BYTES
    ) -> Answer:
        """Run a program on the phone; its arguments reach it as they are.

        Raises:
            PhoneError: The phone is gone, took too long, or printed too much.
        """
        return self._marked([shlex.join(arguments)], limit_s, most_bytes)[0]

    def ask(self, *commands: tuple[str, ...], limit_s: float = ANSWER_S) -> list[Answer]:
        """Run several programs one after the other, whatever their exit codes.

        Raises:
            PhoneError: As `shell`.
        """
        lines = [shlex.join(command) for command in commands]
        return self._marked(lines, limit_s, MOST_BYTES)

    def run(
        self, folder: str, arguments: list[str], limit_s: float, most_bytes: int = MOST_BYTES
    ) -> Answer:
        """Run a program that may hang; it is ended on the phone too.

        It is started in `folder`, where its process id is kept, and ended after `limit_s`
        seconds.

        Raises:
            PhoneError: As `shell`.
        """
        note = f"{folder}/{secrets.token_hex(8)}.pid"
        inner = f"echo $$ > {shlex.quote(note)}; exec {shlex.join(arguments)}"
        started = f"cd {shlex.quote(folder)} && sh -c {shlex.quote(inner)}"
        line = f"{started}; r=$?; rm -f {shlex.quote(note)}; exit $r"
        try:
            return self._marked([line], limit_s, most_bytes)[0]
        except PhoneError as error:
            if error.problem in (Problem.TIMED_OUT, Problem.TOO_MUCH_OUTPUT):
                self._end(note)
            raise

    def _end(self, note: str) -> None:
        quoted = shlex.quote(note)
        with contextlib.suppress(PhoneError):  # the first error is the one to tell
            self._marked([f"kill -9 $(cat {quoted}); rm -f {quoted}"], ANSWER_S, MOST_BYTES)

    def _marked(self, lines: list[str], limit_s: float, most_bytes: int) -> list[Answer]:
        mark = secrets.token_hex(16)
        # On a line of its own, whatever the program ends its output with.
        script = "; ".join(f"( {line} ) 2>&1; r=$?; echo; echo {mark} $r" for line in lines)
        ended = self._adb(["shell", script], limit_s, most_bytes)
        answers = _split(ended.out, mark)
        if len(answers) < len(lines):
            raise error_of(ended.err or ended.out, Problem.DISCONNECTED)
        return answers

    def push(self, source: Path, remote: str) -> None:
        """Copy a file to the phone.

        Raises:
            PhoneError: The phone is gone or full, or takes no file.
        """
        limit_s = ANSWER_S + source.stat().st_size / SLOWEST_BYTES_PER_S
        ended = self._adb(["push", str(source.absolute()), remote], limit_s, MOST_BYTES)
        if ended.code:
            raise error_of(ended.said, Problem.DISCONNECTED)

    def pull(self, remote: str, target: Path, most_bytes: int) -> None:
        """Copy a file from the phone.

        `target` must not exist. A file of more than `most_bytes` is refused before it is
        copied.

        Raises:
            PhoneError: There is no such file, it is too large, or the phone is gone.
        """
        size = self.size_of(remote)
        if size is None:
            raise PhoneError(Problem.WRONG_OUTPUT, f"it left no file {remote}")
        if size > most_bytes:
            raise PhoneError(
                Problem.WRONG_OUTPUT,
                f"{remote} has {size} bytes, and at most {most_bytes} make sense",
            )
        limit_s = ANSWER_S + size / SLOWEST_BYTES_PER_S
        ended = self._adb(["pull", remote, str(target.absolute())], limit_s, MOST_BYTES)
        if ended.code:
            raise error_of(ended.said, Problem.DISCONNECTED)
        if target.is_symlink() or not target.is_file() or target.stat().st_size != size:
            raise PhoneError(Problem.WRONG_OUTPUT, f"{remote} did not arrive with its {size} bytes")

    def size_of(self, remote: str) -> int | None:
        """Return the size of a regular file on the phone in bytes, None where there is none."""
        return size_in(*self.ask(*size_commands(remote)))

    def _adb(self, arguments: list[str], limit_s: float, most_bytes: int) -> Ended:
        return self.adb.run(["-s", self.listed.serial, *arguments], limit_s, most_bytes)


def _split(text: str, mark: str) -> list[Answer]:
    """Return what stands before each mark, with the exit code behind it."""
    answers: list[Answer] = []
    rest = text.replace("\r\n", "\n")
    while True:
        before, separator, after = rest.partition(f"\n{mark} ")
        code, newline, rest = after.partition("\n")
        if not separator or not newline or not _CODE.fullmatch(code.strip()):
            return answers
        answers.append(Answer(int(code), before))


def size_commands(remote: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the commands that tell what a path on the phone is, and its size.

    Phones before Android 6 have no `stat`, and some later ones none that knows `-c`.
    """
    return ("stat", "-c", "%F|%s", remote), ("ls", "-ld", remote)


def size_in(stat: Answer, listed: Answer) -> int | None:
    """Return the bytes of a regular file by the answers to `size_commands`, None if it is none."""
    kind, _, size = stat.text.strip().rpartition("|")
    if stat.code == 0 and kind:
        regular = kind in ("regular file", "regular empty file")
    else:
        match = _LISTED.match(listed.text.strip())
        regular, size = match is not None and listed.code == 0, match[1] if match else ""
    return int(size) if regular and size.isascii() and size.isdigit() and len(size) < 16 else None


def check(answer: Answer, what: str) -> Answer:
    """Return an answer whose exit code is 0.

    Raises:
        PhoneError: It is not; the kind is told by what was printed.
    """
    if answer.code == 0:
        return answer
    problem = recognize(answer.text)
    if problem is None and "Permission denied" in answer.text:
        problem = Problem.READ_ONLY
    raise PhoneError(problem or Problem.FAILED, f"{what}: {answer.last_line}")
