"""One job in a process of its own: what it says is heard, and it never outlives the call."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from edgetag import process
from edgetag.children import Launch
from edgetag.process import Failure, JobCancelledError, describe_end, run_job
from tests.support.processes import runs


@dataclass(frozen=True)
class Steps:
    """So many steps are to be taken."""

    steps: int


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step is done."""

    event: Literal["step"] = "step"
    number: int


STEP: TypeAdapter[Step] = TypeAdapter(Step)
SAY = (
    "import json, os, sys, time\n"
    "def say(number): print(json.dumps({'event': 'step', 'number': number}), flush=True)\n"
    "steps = json.load(open(sys.argv[1]))['steps']\n"
)


def python(code: str) -> Callable[[str], Launch]:
    """Start a few lines with the standard library alone, so that they are up at once."""
    return lambda job: Launch([sys.executable, "-S", "-c", SAY + code, job], dict(os.environ))


def run(
    code: str,
    silence_s: float = 20.0,
    on_event: Callable[[Step], None] = lambda _: None,
    cancelled: threading.Event | None = None,
) -> Failure | None:
    return run_job(python(code), Steps(steps=3), STEP, on_event, silence_s, cancelled)


@pytest.mark.slow
def test_events_are_heard_in_order_up_to_the_last() -> None:
    heard: list[int] = []
    code = "for number in range(20_000): say(number)"
    assert run(code, on_event=lambda step: heard.append(step.number)) is None
    assert heard == list(range(20_000))


def test_the_job_is_what_was_given() -> None:
    heard: list[int] = []
    assert run("say(steps)", on_event=lambda step: heard.append(step.number)) is None
    assert heard == [3]


def test_a_crash_is_told_by_its_signal_and_the_last_words_that_tell_something() -> None:
    code = (
        "sys.stderr.write('F0000 check failed\\nINFO: a\\nWARNING: b\\nI0000 c\\nW0000 d\\n\\n')\n"
        "sys.stderr.flush(); os.abort()"
    )
    failure = run(code)
    assert failure == Failure("it crashed (SIGABRT)", "F0000 check failed")
    assert failure.while_doing("loading it") == (
        "it crashed (SIGABRT) while loading it: F0000 check failed"
    )


def test_an_end_without_words_is_told_by_its_exit_code() -> None:
    failure = run("say(0); sys.exit(7)")
    assert failure == Failure("it ended with exit code 7")
    assert failure.while_doing("starting") == "it ended with exit code 7 while starting"


def test_how_a_process_ended_is_said_in_words() -> None:
    assert describe_end(-signal.SIGSEGV) == "it crashed (SIGSEGV)"
    assert "memory runs out" in describe_end(-signal.SIGKILL)
    assert describe_end(-signal.SIGRTMIN - 1).startswith("it crashed (signal ")
    assert describe_end(3) == "it ended with exit code 3"


def marked(path: Path) -> str:
    """Return code that leaves the number of its process in a file."""
    return f"open({str(path)!r}, 'w').write(str(os.getpid()))\n"


def process_of(path: Path) -> int:
    return int(path.read_text())


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(60)",
        "os.close(1); time.sleep(60)",
        "while True: print('garbage', flush=True); time.sleep(0.01)",
        "while True: os.write(1, b'x' * 4096); time.sleep(0.01)",
    ],
    ids=["says nothing", "ends its output", "prints garbage", "prints no line"],
)
def test_who_says_nothing_that_counts_is_stopped(code: str, tmp_path: Path) -> None:
    failure = run(marked(tmp_path / "pid") + code, silence_s=2.0)
    assert failure == Failure("no answer for 2 s", silent=True)
    assert failure.while_doing("running it") == "no answer for 2 s while running it"
    assert not runs(process_of(tmp_path / "pid"))


@pytest.mark.slow
def test_each_event_gives_as_much_time_again() -> None:
    code = "for number in range(8): say(number); time.sleep(0.5)"
    assert run(code, silence_s=3.0) is None


def test_what_is_no_event_is_passed_over() -> None:
    heard: list[int] = []
    code = (
        "print('garbage'); print('{\"event\": \"other\"}'); os.write(1, b'\\xff\\n')\n"
        'say(1); sys.stdout.write(\'{"event": "st\'); sys.stdout.flush(); os.abort()'
    )
    assert run(code, on_event=lambda step: heard.append(step.number)) == Failure(
        "it crashed (SIGABRT)"
    )
    assert heard == [1]


def test_a_flood_without_a_line_is_dropped_and_the_next_event_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "LONGEST_LINE", 100_000)
    heard: list[int] = []
    code = "sys.stdout.write('x' * 1_000_000); print(); say(1)"
    assert run(code, on_event=lambda step: heard.append(step.number)) is None
    assert heard == [1]


def test_last_words_are_told_however_much_was_said_before() -> None:
    code = "sys.stderr.write('ERROR: again\\n' * 100_000 + 'F0000 check failed'); sys.exit(1)"
    assert run(code) == Failure("it ended with exit code 1", "F0000 check failed")


def test_a_cancelled_job_ends_at_once(tmp_path: Path) -> None:
    cancelled = threading.Event()
    with pytest.raises(JobCancelledError):
        run(
            marked(tmp_path / "pid") + "say(0); time.sleep(60)",
            on_event=lambda _: cancelled.set(),
            cancelled=cancelled,
        )
    assert not runs(process_of(tmp_path / "pid"))


def test_a_job_that_is_cancelled_before_it_begins_says_so() -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(JobCancelledError):
        run("time.sleep(60)", cancelled=cancelled)


def test_what_a_listener_raises_ends_the_process(tmp_path: Path) -> None:
    def interrupt(_: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(marked(tmp_path / "pid") + "say(0); time.sleep(60)", on_event=interrupt)
    assert not runs(process_of(tmp_path / "pid"))


def test_a_listener_that_finds_an_event_invalid_is_heard() -> None:
    def refuse(_: Step) -> None:
        STEP.validate_python({"number": "many"})

    with pytest.raises(ValidationError):
        run("say(0)", on_event=refuse)


@pytest.mark.slow
def test_waiting_takes_neither_a_thread_nor_processor_time() -> None:
    threads: list[int] = []
    before, spent_s = threading.active_count(), time.process_time()
    code = "say(0); time.sleep(2); say(1)"
    assert run(code, on_event=lambda _: threads.append(threading.active_count())) is None
    assert threads == [before] * 2
    assert time.process_time() - spent_s < 0.5
