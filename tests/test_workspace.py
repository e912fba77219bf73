"""Atomic writes, digests, and the run folder's lock."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from edgetag.arrays import read_arrays, write_array, write_arrays
from edgetag.errors import InputError
from edgetag.workspace import Workspace, digest_json
from edgetag.writing import atomic_write, write_text
from tests.support.programs import captured


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def write_half() -> None:
        with atomic_write(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert [child.name for child in tmp_path.iterdir()] == ["a.txt"]


KILLED = """
import sys, time
from pathlib import Path
from edgetag.writing import atomic_write
with atomic_write(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("writing", flush=True)
    time.sleep(60)
"""


def test_a_kill_in_the_middle_of_a_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"writing\n"
        os.kill(process.pid, signal.SIGKILL)
    assert path.read_text() == "old"


WRITTEN = """
import sys
from pathlib import Path
from edgetag.writing import write_text
write_text(Path(sys.argv[1]), "new")
"""


def test_half_a_file_stays_while_its_command_lives_and_goes_with_the_next_one(
    tmp_path: Path,
) -> None:
    beside = [sys.executable, "-c", WRITTEN, str(tmp_path / "b.txt")]
    command = [sys.executable, "-c", KILLED, str(tmp_path / "a.txt")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"writing\n"
        assert captured(beside).returncode == 0
        assert len(list(tmp_path.iterdir())) == 2
        os.kill(process.pid, signal.SIGKILL)
    assert len(list(tmp_path.iterdir())) == 2
    assert captured(beside).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_arrays_survive_a_round_trip(tmp_path: Path) -> None:
    arrays = {"a/b:0": np.arange(6, dtype=np.float32).reshape(2, 3), "c": np.array(["x"])}
    write_arrays(tmp_path / "a.npz", arrays)
    read = read_arrays(tmp_path / "a.npz")
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)


def test_equal_arrays_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write_arrays(tmp_path / name, {"x": np.ones(3)})
        time.sleep(0.01)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_pickled_arrays_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "evil.npz"
    np.savez(path, x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="not a readable"):
        read_arrays(path)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"x" * 1000])
def test_damaged_arrays_are_refused_in_words(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(InputError, match="not a readable"):
        read_arrays(tmp_path / "a.npz")


def test_digests_do_not_depend_on_key_order() -> None:
    assert digest_json({"a": 1, "b": [1, 2]}) == digest_json({"b": [1, 2], "a": 1})
    assert digest_json({"a": 1}) != digest_json({"a": 2})


HOLDS = """
import sys, time
from pathlib import Path
from edgetag.workspace import Workspace
with Workspace(Path(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(60)
"""


def test_two_commands_never_write_to_one_run_folder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        with (
            pytest.raises(InputError, match="another edgetag command"),
            Workspace(tmp_path).locked(),
        ):
            pass
        process.kill()
    with Workspace(tmp_path).locked():
        pass


def test_a_new_folder_in_which_nothing_was_written_is_taken_away_again(tmp_path: Path) -> None:
    refused, written, empty = (tmp_path / name for name in ("refused", "written", "empty"))
    empty.mkdir()
    for folder in (refused, written, empty):
        with Workspace(folder).locked():
            if folder is written:
                (folder / "kept").touch()
    assert not refused.exists()
    assert empty.is_dir()
    assert (written / "kept").exists()


def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path) -> None:
    script = (
        f"mount -t tmpfs -o size=64k tmpfs {tmp_path} && exec {sys.executable} -c "
        '"from pathlib import Path; from edgetag.writing import write_bytes; import sys\n'
        f"write_bytes(Path('{tmp_path}/a'), b'old')\n"
        "try: write_bytes(Path(sys.argv[1]), bytes(1_000_000))\n"
        f"except Exception as e: print(e, [p.name for p in Path('{tmp_path}').iterdir()])\""
        f" {tmp_path}/a"
    )
    done = captured(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script])
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"no private mount here: {done.stderr.strip()}")
    assert "no space left on the disk" in done.stdout
    assert done.stdout.strip().endswith("['a']")


@pytest.mark.parametrize("damage", [b"", b'{"schema": ', b"\xff\xfe", b"[]"])
def test_a_damaged_run_file_advises_what_helps(tmp_path: Path, damage: bytes) -> None:
    workspace = Workspace(tmp_path)
    workspace.run_file.write_bytes(damage)
    with pytest.raises(InputError) as told:
        workspace.read_run_file()
    (command,) = re.findall(r"\((rm [^)]+)\), and edgetag run does every stage", str(told.value))
    subprocess.run(command, shell=True, check=True)  # noqa: S602 - what a user would type
    assert workspace.read_run_file() is None


def test_arrays_are_written_as_numpy_does(tmp_path: Path) -> None:
    arrays = {"a": np.arange(12, dtype=np.float32).reshape(3, 4), "names": np.array(["猫", "b"])}
    arrays |= {"one": np.array(1.5), "empty": np.empty((0, 2), np.uint8), "f": arrays["a"].T}
    write_arrays(tmp_path / "ours.npz", arrays)
    np.savez(tmp_path / "numpy.npz", **arrays)
    assert (tmp_path / "ours.npz").read_bytes() == (tmp_path / "numpy.npz").read_bytes()
    for name, array in arrays.items():
        write_array(tmp_path / "ours.npy", array)
        np.save(tmp_path / "numpy.npy", array)
        assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "numpy.npy").read_bytes(), name


def test_what_is_no_file_is_never_written_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, kind in (("pipe", "a named pipe"), (".", "a folder")):
        with pytest.raises(InputError, match=f"{kind}, not a file; name a file to write"):
            write_text(tmp_path / name, "x")
    assert (tmp_path / "pipe").is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]
