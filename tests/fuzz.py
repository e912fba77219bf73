"""Fuzzes every reader of what strangers may have written: `make fuzz MINUTES=60` prints a table.

Readers take turns. What breaks one is printed with the input that shows it, the smallest, and is
kept in `.hypothesis/fuzz`, from where the next run tries it first. An input that takes longer than
a minute, or more than 4 GB, breaks a reader too.
"""

import argparse
import contextlib
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import HypothesisWarning

from tests.support.fuzzing.holding import Target, held
from tests.support.fuzzing.targets import TARGETS

LONGEST_S = 60
MOST_BYTES = 4 << 30
TURN_S = 20.0


class HangError(Exception):
    """An input took too long."""


@dataclass
class Tally:
    """What a reader has been given so far."""

    target: Target
    folder: Path
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0
    slowest_s: float = 0
    broken: bool = False


def main() -> None:
    """Fuzz, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    parser.add_argument("--reader", action="append", choices=list(TARGETS), help="Default: all.")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _hang)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + 2 * MOST_BYTES, resource.RLIM_INFINITY))
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", HypothesisWarning)  # of the length of what it prints
    until = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        tallies: dict[str, Tally] = {}
        for number, name in enumerate(options.reader or TARGETS):
            folder = Path(place, str(number))
            (folder / "inputs").mkdir(parents=True)
            tallies[name] = Tally(stack.enter_context(TARGETS[name](folder)), folder / "inputs")
        turn = options.seed
        while time.monotonic() < until and not all(tally.broken for tally in tallies.values()):
            for name, tally in tallies.items():
                if not tally.broken and time.monotonic() < until:
                    turn += 1
                    _take_turn(name, tally, turn)
        _print(tallies, options.seed)
    sys.exit(any(tally.broken for tally in tallies.values()))


def _take_turn(name: str, tally: Tally, number: int) -> None:
    """Give a reader inputs for about `TURN_S`, and print what breaks it."""
    per_s = tally.outcomes.total() / tally.seconds if tally.seconds else 5
    database = DirectoryBasedExampleDatabase(Path(".hypothesis/fuzz", name))

    @seed(number)
    @settings(
        max_examples=max(20, int(TURN_S * per_s)),
        deadline=None,
        database=database,
        suppress_health_check=list(HealthCheck),
    )
    @given(tally.target.inputs)
    def hold(example: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
        started = time.monotonic()
        try:
            tally.outcomes[held(tally.target, example, tally.folder)] += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            tally.slowest_s = max(tally.slowest_s, time.monotonic() - started)

    started = time.monotonic()
    try:
        hold()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic of a package in Rust is no Exception
        tally.broken = True
        print(f"{name}: broken in turn {number}", flush=True)
        traceback.print_exc()
    tally.seconds += time.monotonic() - started


def _hang(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise HangError(f"over {LONGEST_S} s")


def _print(tallies: dict[str, Tally], first_seed: int) -> None:
    print(f"seed {first_seed}")
    print(f"{'reader':26}{'inputs':>10}{'read':>10}{'refused':>10}{'minutes':>9}{'slowest':>10}")
    for name, tally in tallies.items():
        count = tally.outcomes
        print(
            f"{name:26}{count.total():10,}{count['read']:10,}{count['refused']:10,}"
            f"{tally.seconds / 60:9.1f}{tally.slowest_s:8.2f} s{'  broken' * tally.broken}"
        )
    total = sum(tally.outcomes.total() for tally in tallies.values())
    minutes = sum(tally.seconds for tally in tallies.values()) / 60
    broken = sum(tally.broken for tally in tallies.values())
    print(f"{total:,} inputs in {minutes:.0f} minutes; {broken} of {len(tallies)} readers broken")


if __name__ == "__main__":
    main()
