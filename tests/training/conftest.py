"""Small data, and a way to train in other processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgetag.dataset import Dataset, open_dataset
from tests.support.paths import ROOT
from tests.support.small_run import build_data

SMALL_RUN = (sys.executable, "-m", "tests.support.small_run")


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(build_data(tmp_path_factory.mktemp("small") / "run"))


@pytest.fixture
def spawn() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start `small_run` in a process of its own; none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def start(
        options: dict[str, object], *folders: Path, **variables: str
    ) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*SMALL_RUN, json.dumps(options), *folders],
            env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
