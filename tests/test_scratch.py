"""Temporary folders end with their command, or with the next one."""

import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
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


def test_a_folder_ends_with_its_block(place: Path) -> None:
    with scratch_folder() as folder:
        (folder / "file").write_text("x")
        assert folder.parent == place
    assert not list(place.iterdir())


def test_a_file_that_may_not_be_so_large_is_a_sentence(place: Path) -> None:
    too_large = OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    with pytest.raises(InputError, match=r"larger .* \(ulimit -f\)") as told, scratch_folder():
        raise too_large
    assert str(told.value).startswith(str(place))
    assert not list(place.iterdir())


def test_where_a_folder_lies_beside_its_target_no_other_temporary_place_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(InputError, match="no space left") as told, scratch_folder(Path()):
        raise full
    assert str(told.value).startswith(str(tmp_path))
    assert "TMPDIR" not in str(told.value)


def test_what_a_killed_command_left_goes_and_what_is_at_work_stays(place: Path) -> None:
    (killed, left), (working, held) = start(), start()
    try:
        killed.kill()
        killed.wait()
        (place / f"{PREFIX}notes.txt").write_text("the user's")
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


@pytest.mark.usefixtures("place")
def test_folders_that_are_made_at_the_same_time_do_not_remove_each_other() -> None:
    def make(_: int) -> bool:
        with scratch_folder() as folder:
            (folder / "file").write_text("x")
            os.sched_yield()
            return (folder / "file").exists()

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(make, range(200)))


def test_a_folder_of_a_similar_name_is_nobody_elses_to_remove(place: Path) -> None:
    (place / "edgetag-mine").mkdir()
    with scratch_folder():
        assert (place / "edgetag-mine").exists()


def test_without_any_place_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> list[str]:
        return ["/proc/nowhere"]

    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._candidate_tempdir_list", nowhere)
    with pytest.raises(InputError, match=r"No usable temporary directory .*set TMPDIR"):
        scratch_folder().__enter__()
