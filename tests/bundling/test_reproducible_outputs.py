"""Bundle and report follow from a run alone: not from the folder, the time, or the process."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from edgetag.children import python, python_environment
from tests.support.made_bundle import make_run
from tests.support.paths import ROOT

OUTPUTS = ("bundle", "report")
YEAR_S = 31_536_000


def made_again(root: Path, late_s: int, umask: int, **environment: str) -> dict[str, bytes]:
    """Return all that bundle and report leave, by its path."""
    subprocess.run(
        [*python("-m", "tests.support.made_again"), str(root), str(late_s)],
        env=python_environment() | {"PYTHONPATH": f"{ROOT / 'export'}:{ROOT}"} | environment,
        cwd=root,
        umask=umask,
        check=True,
    )
    run = root / "run"
    files = (path for name in OUTPUTS for path in (run / name).rglob("*") if path.is_file())
    return {str(path.relative_to(run)): path.read_bytes() for path in files}


@pytest.mark.slow
def test_a_run_elsewhere_at_another_time_gives_the_same_bundle_and_report(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere" / "of another name"
    here.mkdir()
    make_run(here)
    shutil.copytree(here, elsewhere, copy_function=shutil.copyfile)
    for path in elsewhere.rglob("*"):
        os.utime(path, (YEAR_S, YEAR_S))
    first = made_again(here, 0, 0o022, TZ="UTC", PYTHONHASHSEED="1", LC_ALL="C.UTF-8")
    second = made_again(
        elsewhere, 3 * YEAR_S, 0o077, TZ="Asia/Tokyo", PYTHONHASHSEED="2", LC_ALL="C"
    )
    assert {Path(name).suffix for name in first} >= {".zip", ".html", ".xml", ".md", ".json"}
    assert list(first) == list(second)
    assert [name for name in first if first[name] != second[name]] == []
