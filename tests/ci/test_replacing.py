"""A killed export leaves nothing behind: what lies beside its folder goes when the next begins."""

import subprocess
import sys
from pathlib import Path

import pytest

from edgetag.ci.result import CiFolder
from edgetag.errors import InputError
from edgetag.replacing import check_replaceable, digests_of, replacing

KILLED = """
import os, signal, sys
from pathlib import Path
from edgetag.ci.result import CiFolder
from edgetag.replacing import replacing
with replacing(Path(sys.argv[1]), CiFolder) as new:
    (new.parent / "run").mkdir()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_export_left_goes_when_the_next_one_begins(tmp_path: Path) -> None:
    folder = tmp_path / "gate"
    subprocess.run([sys.executable, "-c", KILLED, str(folder)])
    (left,) = tmp_path.iterdir()
    assert (left / "run").is_dir()
    with replacing(folder, CiFolder) as new:
        (new / "model.tflite").write_bytes(b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["gate"]


WATCHED = """
import sys, time
from pathlib import Path
folder, ended = map(Path, sys.argv[1:])
missed = 0
print("watching", flush=True)
while not ended.exists():
    missed += not folder.exists()
print(missed)
"""


@pytest.mark.slow
def test_whoever_looks_while_a_folder_is_replaced_sees_the_old_or_the_new_one(
    tmp_path: Path,
) -> None:
    folder, ended = tmp_path / "gate", tmp_path / "ended"
    folder.mkdir()
    command = [sys.executable, "-c", WATCHED, str(folder), str(ended)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout is not None
        watcher.stdout.readline()
        for turn in range(100):
            with replacing(folder, CiFolder) as new:
                (new / "model.tflite").write_text(str(turn))
                digests = digests_of(new)
                CiFolder(recipe="tiny", variant="int8", files=digests).write(new / CiFolder.MARKER)
        ended.touch()
        assert watcher.stdout.read() == "0\n"
    assert (folder / "model.tflite").read_text() == "99"


@pytest.mark.parametrize("named", [".", "./", "..", "/proc"])
def test_a_folder_that_cannot_be_moved_is_refused_before_any_work(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(InputError, match="name a folder in it"):
        check_replaceable(Path(named), CiFolder)
