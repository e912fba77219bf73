"""A copy of the package that has grown by one file and one line of a catalogue."""

import os
import shutil
import sys
from pathlib import Path

from edgetag.dependencies import PACKAGE
from tests.support.programs import captured


def grow(folder: Path, catalogue: str, line: str, file: str = "", text: str = "") -> Path:
    """Return a source root with a package that has one line and one file more.

    Args:
        folder: Where it is made.
        catalogue: The catalogue's file in `edgetag/catalogue`, such as `networks.py`.
        line: The line; it becomes the last one.
        file: The new file, relative to the package; none where the line needs none.
        text: What is in it.
    """
    package = folder / "edgetag"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    lines = (PACKAGE / "catalogue" / catalogue).read_text().splitlines()
    (place,) = (number for number, old in enumerate(lines) if " = by_name(" in old)
    end = next(number for number in range(place, len(lines)) if lines[number] == ")")
    (package / "catalogue" / catalogue).write_text(
        "\n".join([*lines[:end], f"    {line},", *lines[end:], ""])
    )
    if file:
        assert not (package / file).exists()
        (package / file).write_text(text)
    return folder


def run_in(root: Path, script: str) -> str:
    """Run a script with a grown package and return what it prints."""
    done = captured(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": str(root)}, cwd=root
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
