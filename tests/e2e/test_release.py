"""What is published: complete, well described, and of the same bytes wherever it is built."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.release import BESIDE, build, copy_sources

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The source archive and the wheel."""
    folder = tmp_path_factory.mktemp("release")
    return build(copy_sources(folder / "source"), folder / "dist")


def test_two_builds_in_other_folders_on_other_days_have_the_same_bytes(
    built: list[Path], tmp_path: Path
) -> None:
    source = copy_sources(tmp_path / "elsewhere" / "a longer name")
    for path in source.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700 if path.is_dir() else 0o600)
    again = build(source, tmp_path / "dist")
    assert [path.name for path in again] == [path.name for path in built]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in built]


def test_the_source_archive_gives_the_same_wheel(built: list[Path], tmp_path: Path) -> None:
    archive, wheel = built[1], built[0]
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    assert {*BESIDE, "export"} <= {path.name for path in source.iterdir()}
    (again,) = build(source, tmp_path / "dist", "--wheel")
    assert again.read_bytes() == wheel.read_bytes()


def test_the_wheel_holds_every_file_of_the_package_and_no_other(built: list[Path]) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "export/edgetag"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    ).stdout.splitlines()
    with zipfile.ZipFile(built[0]) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    there = {name.removeprefix("export/") for name in listed if (ROOT / name).exists()}
    assert packed == there


def test_package_indexes_take_its_description(built: list[Path]) -> None:
    command: list[str | Path] = [sys.executable, "-m", "twine", "check", "--strict", *built]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(built[0]) as wheel:
        (name,) = (n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = wheel.read(name).decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: <3.14,>=3.11" in metadata
