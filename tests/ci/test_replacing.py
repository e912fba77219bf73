"""A killed export leaves nothing behind: what lies beside its folder goes when the next begins."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgetag.ci.result import CiFolder
from edgetag.errors import InputError
from edgetag.replacing import check_replaceable, replacing
from edgetag.scratch import YOUNG_S

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
    old = left.stat().st_mtime - 2 * YOUNG_S
    os.utime(left, (old, old))
    with replacing(folder, CiFolder) as new:
        (new / "model.tflite").write_bytes(b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["gate"]


@pytest.mark.parametrize("named", [".", "./", "..", "/proc"])
def test_a_folder_that_cannot_be_moved_is_refused_before_any_work(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(InputError, match="name a folder in it"):
        check_replaceable(Path(named), CiFolder)
