"""What the command line shows: progress on stderr, results on stdout.

On a terminal progress is a bar with rate and time left; elsewhere (a pipe, a CI log) it is plain
lines, few enough to read. Nothing here writes to stdout but `print_json` and `print_tables`, so
`--json` output stays clean by construction. rich is imported when first used.
"""

import json as json_module
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from edgetag.progress import format_rate, format_seconds

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from edgetag.progress import Progress, Task
    from edgetag.records import Result
    from edgetag.tables import Table

LINE_EVERY_S = 5.0
"""Without a terminal, a task prints at most one line in this time."""

WORTH_A_LINE_S = 2.0
"""A task that took less leaves no trace."""

WINDOW_S = 30.0
"""The rate is that of the last half minute, so a slow start does not spoil the time left."""

ENDLESS = 100_000
"""Width of a pipe, in which nothing wraps."""

Clock = Callable[[], float]


def console_progress() -> "Progress":
    """Return where stages report to, on stderr: bars on a terminal, plain lines elsewhere."""
    stream = sys.stderr
    if stream.isatty():
        from rich.console import Console

        return BarProgress(Console(file=stream))
    return LineProgress(stream)


def print_json(result: "Result") -> None:
    """Write a result to stdout as JSON."""
    sys.stdout.write(result.to_json())
    sys.stdout.flush()


def print_schema(schema: "Mapping[str, object]") -> None:
    """Write a JSON Schema to stdout."""
    print(json_module.dumps(schema, indent=2))


def print_tables(tables: "Iterable[Table]") -> None:
    """Write tables to stdout: as wide as a terminal is, else each row on one line."""
    from rich.console import Console

    from edgetag.tables import to_rich

    console = Console() if sys.stdout.isatty() else Console(width=ENDLESS)
    for table in tables:
        console.print(to_rich(table))


def show(
    result: "Result", json: bool, tables: "Iterable[Table]", sentences: Iterable[str] = ()
) -> None:
    """Write a result to stdout: as JSON alone, or as tables and sentences."""
    if json:
        print_json(result)
        return
    print_tables(tables)
    for sentence in sentences:
        print(sentence)


class Meter:
    """Counts units and tells their rate over the last `WINDOW_S` seconds."""

    def __init__(self, total: int | None, unit: str, clock: Clock = time.monotonic) -> None:
        self.total = total
        self.unit = unit
        self.done = 0
        self.note = ""
        self._clock = clock
        self.started = clock()
        self._samples: deque[tuple[float, int]] = deque([(self.started, 0)])

    def advance(self, amount: int, note: str) -> None:
        """Count `amount` more units as done."""
        self.done += amount
        self.note = note or self.note
        now = self._clock()
        if now - self._samples[-1][0] >= WINDOW_S / 30:
            self._samples.append((now, self.done))
        while now - self._samples[0][0] > WINDOW_S and len(self._samples) > 2:
            self._samples.popleft()

    def elapsed_s(self) -> float:
        """Return the seconds since the task was opened."""
        return self._clock() - self.started

    def rate(self) -> float:
        """Return units per second; 0 where nothing can be said yet."""
        since, done = self._samples[0]
        seconds = self._clock() - since
        return (self.done - done) / seconds if seconds > 0 else 0.0

    def status(self) -> str:
        """Return done, total, rate, time left and the note, as far as they are known."""
        rate = self.rate()
        if self.total is None:
            parts = [f"{self.done} {self.unit}"]
        else:
            share = self.done / self.total if self.total else 1.0
            parts = [f"{self.done}/{self.total} {self.unit} ({share:.0%})"]
        if rate > 0:
            parts.append(f"{format_rate(rate)} {self.unit}/s")
            if self.total is not None and self.done < self.total:
                parts.append(f"{format_seconds((self.total - self.done) / rate)} left")
        if self.note:
            parts.append(self.note)
        return ", ".join(parts)

    def summary(self) -> str:
        """Return what a finished task leaves behind."""
        seconds = self.elapsed_s()
        text = format_seconds(seconds)
        if self.done or self.total is not None:
            text = f"{self.done} {self.unit} in {text}"
        if seconds > 0 and self.done:
            text += f" ({format_rate(self.done / seconds)} {self.unit}/s)"
        return f"{text}, {self.note}" if self.note else text

    def last_line(self, what: str, failed: bool) -> str:
        """Return what a task leaves behind if it took long or did not end well, else nothing."""
        if failed:
            return f"{what}: stopped at {self.status()}"
        return f"{what}: {self.summary()}" if self.elapsed_s() >= WORTH_A_LINE_S else ""


class LineProgress:
    """Plain lines, at most one in `LINE_EVERY_S` per task."""

    def __init__(self, stream: TextIO, clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock

    def say(self, message: str) -> None:
        """Print one line."""
        print(message, file=self._stream, flush=True)

    @contextmanager
    def track(self, what: str, total: int | None, unit: str = "it") -> "Iterator[Task]":
        """Open a task; see `edgetag.progress.Progress`."""
        meter = Meter(total, unit, self._clock)
        failed = True
        try:
            yield _LineTask(self, what, meter, self._clock)
            failed = False
        finally:
            if line := meter.last_line(what, failed):
                self.say(line)


class _LineTask:
    def __init__(self, progress: LineProgress, what: str, meter: Meter, clock: Clock) -> None:
        self._progress = progress
        self._what = what
        self._meter = meter
        self._clock = clock
        self._next_line = clock() + WORTH_A_LINE_S

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count; print a line when the last one is old enough."""
        self._meter.advance(amount, note)
        now = self._clock()
        if now >= self._next_line and self._meter.done != self._meter.total:
            self._next_line = now + LINE_EVERY_S
            self._progress.say(f"{self._what}: {self._meter.status()}")


class BarProgress:
    """Bars that vanish when done and leave one line if they took long."""

    def __init__(self, console: "Console", clock: Clock = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._bars: RichProgress | None = None
        self._open = 0

    def say(self, message: str) -> None:
        """Print one line, above the bars if there are some."""
        self._console.print(message, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def track(self, what: str, total: int | None, unit: str = "it") -> "Iterator[Task]":
        """Open a task; tasks may nest. See `edgetag.progress.Progress`."""
        bars = self._bars = self._bars or self._new_bars()
        if self._open == 0:
            bars.start()
        self._open += 1
        meter = Meter(total, unit, self._clock)
        bar = bars.add_task(what, total=total, status="")
        failed = True
        try:
            yield _BarTask(bars, bar, meter)
            failed = False
        finally:
            bars.remove_task(bar)
            self._open -= 1
            if self._open == 0:
                bars.stop()
                self._bars = None
            if line := meter.last_line(what, failed):
                self.say(line)

    def _new_bars(self) -> "RichProgress":
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[status]}", markup=False),
            console=self._console,
            transient=True,
            redirect_stdout=False,  # stdout belongs to the result
            redirect_stderr=False,
        )


class _BarTask:
    def __init__(self, bars: "RichProgress", bar: "TaskID", meter: Meter) -> None:
        self._bars = bars
        self._bar = bar
        self._meter = meter

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count and move the bar."""
        self._meter.advance(amount, note)
        self._bars.update(self._bar, completed=self._meter.done, status=self._meter.status())
