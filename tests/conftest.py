"""Shared fixtures."""

import gc
import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.browser import browser_cache
from tests.support.drawn_shapes import draw_shapes
from tests.support.trained_run import trained_run

__all__ = ["browser_cache", "trained_run"]

os.environ.pop("GITHUB_ACTIONS", None)  # with it every refusal has one line more
settings.register_profile("busy", deadline=None)  # no test asserts how long an example takes
settings.load_profile("busy")


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 300 real little pictures with three tags."""
    return draw_shapes(tmp_path_factory.mktemp("shapes"), 300)


def set_aside() -> None:
    """Leave what lives now out of every later garbage collection.

    Modules, reports and fixtures of a session are a million objects. To look at all of them takes a
    collection 0.1 s, and `edgetag run` collects after each stage.
    """
    gc.collect()
    gc.freeze()


LONGEST_FIRST = (
    "android/test_apk.py",
    "docs/test_documents_run.py",
    "targets/test_emulated_arm.py",
    "e2e/test_ci_job.py",
    "e2e/test_if_needed.py",
    "e2e/test_run.py",
    "compression/test_channels.py",
    "e2e/test_demo_on_arm64.py",
    "training/test_many_processes.py",
    "validation/test_error_rates.py",
    "rescue/test_quantization_aware.py",
    "mining/test_mine_stage.py",
    "hostile/test_hostile_reviews.py",
    "e2e/test_mediapipe.py",
    "targets/matrix/test_matrix_on_arm.py",
    "compression/test_made_beside.py",
    "compression/test_compression_stages.py",
    "search/test_search_run.py",
)
"""Files of tests that take a minute of processor time and more, and the order in which they start:
whatever comes last alone leaves processors idle. Two that need the trained run are apart, so that
nobody waits for it."""


def is_fast(item: pytest.Item) -> bool:
    """Tell whether `make unit` runs a test."""
    return not (item.get_closest_marker("tensorflow") or item.get_closest_marker("slow"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files of fast tests alone first, which fail soonest, then the longest files.

    `--no-loadscope-reorder` leaves them there.
    """
    folder = Path(__file__).parent
    place = {folder / name: number for number, name in enumerate(LONGEST_FIRST)}
    gone = [str(path) for path in place if not path.exists()]
    assert not gone, f"tests/conftest.py, LONGEST_FIRST: not there: {gone}"
    slow = {item.path for item in items if not is_fast(item)}
    items.sort(key=lambda item: place.get(item.path, len(place)) if item.path in slow else -1)


def pytest_collection_finish() -> None:
    """Refuse files that import TensorFlow at their head: whoever runs fast tests waits for it."""
    if "tensorflow" in sys.modules:
        raise pytest.UsageError("a file of tests imports TensorFlow at its head: 3 s a process")
    set_aside()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Set aside what a file of tests has imported and left, after its last fixture's end."""
    outcome = yield
    if nextitem is None or nextitem.path != item.path:
        set_aside()
    return outcome


SECTIONS = {
    "simulated": "simulated error rates of the gate",
    "measured": "measured side by side",
}
"""What tests record and the summary tells, by the name of the property."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what tests measured, also when all is well."""
    for wanted, title in SECTIONS.items():
        told = [
            str(value)
            for outcome in ("passed", "failed")
            for report in terminalreporter.stats.get(outcome, [])
            for name, value in report.user_properties
            if name == wanted
        ]
        if told:
            terminalreporter.section(title)
            for line in sorted(told):
                terminalreporter.write_line(line)
