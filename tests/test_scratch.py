"""Temporary folders end with their command, or with the next one."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgetag.children import python_environment
from edgetag.errors import InputError
from edgetag.scratch import PREFIX, scratch_folder

HOLD = """
import time
from edgetag.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "images.npy").write_bytes(b"x")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def start() -> tuple["subprocess.Popen[str]", Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, env=python_environment()
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def age(folder: Path) -> None:
    an_hour_ago = time.time() - 3600
    os.utime(folder, (an_hour_ago, an_hour_ago))


def test_a_folder_ends_with_its_block(place: Path) -> None:
    with scratch_folder() as folder:
        (folder / "file").write_text("x")
        assert folder.parent == place
    assert not list(place.iterdir())


def test_what_a_killed_command_left_goes_and_what_is_at_work_stays(place: Path) -> None:
    (killed, left), (working, held) = start(), start()
    try:
        killed.kill()
        killed.wait()
        for folder in (left, held):
            age(folder)
        (place / f"{PREFIX}notes.txt").write_text("the user's")
        age(place / f"{PREFIX}notes.txt")
        with scratch_folder():
            assert not left.exists()
            assert held.exists()
            assert (place / f"{PREFIX}notes.txt").exists()
    finally:
        for process in (killed, working):
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def test_a_folder_that_another_command_is_just_making_stays(place: Path) -> None:
    (place / f"{PREFIX}new").mkdir()
    with scratch_folder():
        assert (place / f"{PREFIX}new").exists()


def test_an_old_folder_of_a_similar_name_is_nobody_elses_to_remove(place: Path) -> None:
    (place / "edgetag-mine").mkdir()
    age(place / "edgetag-mine")
    with scratch_folder():
        assert (place / "edgetag-mine").exists()


def test_without_any_place_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> list[str]:
        return ["/proc/nowhere"]

    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._candidate_tempdir_list", nowhere)
    with pytest.raises(InputError, match=r"No usable temporary directory .*set TMPDIR"):
        scratch_folder().__enter__()
