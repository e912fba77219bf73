"""Files of several environments, timed in the same rounds: one process each, which take turns."""

import random
import select
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from edgetag.errors import one_line
from edgetag.messages import to_line
from edgetag.process import describe_end
from edgetag.progress import Progress
from edgetag.scratch import scratch_folder
from edgetag.study.peers.jobs import SAID, Job, Said, started_by

PER_TURN = 3
"""Timed inferences of a turn; one more before them brings the file back into the caches."""

WARM_UP = 10
"""Inferences before the first round."""

SILENCE_S = 120.0
"""For one answer, whatever else is said meanwhile."""

ENDING_S = 10.0
"""From the end of a process's output to its own."""


@dataclass(frozen=True)
class Entry:
    """A file to time: what opens it, and with which Python."""

    python: Path
    job: Job


class _EndedError(Exception):
    pass


class _Player:
    """One file in a process of its own, which waits until it is its turn."""

    def __init__(self, entry: Entry, folder: Path, said: IO[bytes]) -> None:
        file = folder / "job.json"
        file.write_text(to_line(entry.job), encoding="utf-8")
        started = started_by(entry.python, str(file))
        self._said = said
        self.process = subprocess.Popen(
            started.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env=started.environment,
            bufsize=0,
        )

    def warm_up(self) -> None:
        """Wait until the file is open, and run it for the first time."""
        self._answer(lambda said: said.ready)
        self.times_ms(WARM_UP)

    def times_ms(self, count: int) -> list[float]:
        assert self.process.stdin is not None  # noqa: S101 - PIPE was asked for
        try:
            self.process.stdin.write(f"{count}\n".encode())
        except BrokenPipeError:
            raise _EndedError(self._ending()) from None
        said = self._answer(lambda said: len(said.times_ns) == count)
        return [each / 1e6 for each in said.times_ns]

    def _answer(self, is_wanted: Callable[[Said], bool]) -> Said:
        """Return the next wanted event; other lines are passed over, and give no more time."""
        assert self.process.stdout is not None  # noqa: S101 - PIPE was asked for
        until = time.monotonic() + SILENCE_S
        line = b""
        while True:
            left_s = until - time.monotonic()
            if left_s <= 0 or not select.select([self.process.stdout], [], [], left_s)[0]:
                raise _EndedError(f"no answer for {SILENCE_S:g} s")
            byte = self.process.stdout.read(1)
            if not byte:
                raise _EndedError(self._ending())
            line += byte
            if byte != b"\n":
                continue
            try:
                said = SAID.validate_json(line)
            except ValidationError:
                said = Said()
            if is_wanted(said):
                return said
            line = b""

    def _ending(self) -> str:
        try:
            ending = describe_end(self.process.wait(ENDING_S))
        except subprocess.TimeoutExpired:
            return "it closed its output and did not end"
        self._said.seek(0)
        words = [line for line in self._said.read().decode(errors="replace").splitlines() if line]
        return f"{ending}: {one_line(words[-1])}" if words else ending

    def end(self) -> None:
        self.process.kill()
        with self.process:  # which waits for it and closes its pipes
            pass


def take_turns(
    entries: Mapping[str, Entry], rounds: int, seed: int, progress: Progress
) -> Mapping[str, Sequence[float] | str]:
    """Time files in rounds of random order.

    Args:
        entries: Name → file.
        rounds: How often each has its turn.
        seed: Of the order.
        progress: Is told of every round.

    Returns:
        Name → milliseconds of single inferences in order, equally many of each, or why there are
        none.
    """
    order, times_ms, failed = random.Random(seed), dict[str, list[float]](), dict[str, str]()  # noqa: S311
    with ExitStack() as stack:
        players: dict[str, _Player] = {}
        for name, entry in entries.items():
            folder = stack.enter_context(scratch_folder())
            said = stack.enter_context(tempfile.TemporaryFile())
            player = _Player(entry, folder, said)
            stack.callback(player.end)
            try:
                player.warm_up()
            except _EndedError as error:
                failed[name] = str(error)
            else:
                players[name], times_ms[name] = player, []
        with progress.track("timing", rounds, "rounds") as task:
            for _ in range(rounds):
                for name in order.sample(sorted(players), len(players)):
                    try:
                        times_ms[name] += players[name].times_ms(1 + PER_TURN)[1:]
                    except _EndedError as error:
                        failed[name] = str(error)
                        del players[name], times_ms[name]
                task.advance()
    return {**times_ms, **failed}
