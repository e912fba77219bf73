"""Progress on stderr: readable without a terminal, never on stdout."""

import io
import os
import pty
import subprocess
import sys

import pytest

from edgetag.cli import terminal
from tests.support.programs import captured


class FakeClock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_lines_are_few_and_tell_done_total_rate_and_time_left() -> None:
    clock, stream = FakeClock(), io.StringIO()
    progress = terminal.LineProgress(stream, clock)
    with progress.track("score", 1000, "images") as task:
        for _ in range(1000):
            clock.now += 1 / 64
            task.advance()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4  # at 2, 7 and 12 s, and the summary
    assert lines[0] == "score: 128/1000 images (13%), 64 images/s, 13.6 s left"
    assert lines[-1] == "score: 1000 images in 15.6 s (64 images/s)"


def test_a_short_task_prints_nothing() -> None:
    stream = io.StringIO()
    with terminal.LineProgress(stream).track("blink", 3) as task:
        task.advance(3)
    assert stream.getvalue() == ""


def test_a_task_that_fails_says_where_it_stopped() -> None:
    stream = io.StringIO()
    progress = terminal.LineProgress(stream)

    def interrupted() -> None:
        with progress.track("train", 9, "steps") as task:
            task.advance(4, "loss 0.3")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().startswith("train: stopped at 4/9 steps (44%)")
    assert "loss 0.3" in stream.getvalue()


def test_time_left_follows_the_recent_rate_not_a_slow_start() -> None:
    clock = FakeClock()
    meter = terminal.Meter(1000, "steps", clock)
    clock.now += 60  # compiling
    meter.advance(1, "")
    for _ in range(400):
        clock.now += 0.1
        meter.advance(1, "")
    assert meter.rate() == pytest.approx(10, rel=0.05)


def test_unknown_total_shows_no_time_left() -> None:
    clock = FakeClock()
    meter = terminal.Meter(None, "files", clock)
    clock.now += 2
    meter.advance(5, "")
    assert meter.status() == "5 files, 2.5 files/s"


def test_what_counts_nothing_tells_its_seconds_alone() -> None:
    clock = FakeClock()
    meter = terminal.Meter(None, "it", clock)
    clock.now += 7.6
    assert meter.summary() == "7.6 s"


SCRIPT = """
import time
from edgetag.cli import terminal
progress = terminal.console_progress()
progress.say("[bold]not markup[/bold]")
with progress.track("outer [x]", 2, "steps") as outer:
    for _ in range(2):
        with progress.track("inner", None, "files") as inner:
            inner.advance(3, "note [y]")
            time.sleep(0.15)
        outer.advance()
print("RESULT")
"""


def test_on_a_terminal_bars_nest_and_stdout_stays_clean() -> None:
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        stderr=follower,
        env=environment,
        check=True,
        timeout=60,
    )
    os.close(follower)
    shown = os.read(leader, 1 << 20).decode()
    os.close(leader)
    assert process.stdout == b"RESULT\n"
    assert "[bold]not markup[/bold]" in shown
    assert "outer [x]" in shown
    assert "inner" in shown
    assert "note [y]" in shown


def test_importing_the_module_imports_neither_rich_nor_numpy() -> None:
    code = (
        "import sys, edgetag.cli.terminal;"
        "print([m for m in ('rich', 'numpy', 'pydantic') if m in sys.modules])"
    )
    shown = captured([sys.executable, "-c", code], check=True)
    assert shown.stdout == "[]\n"
