"""A release as `make release` builds it: source archive and wheel."""

import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.programs import captured

BESIDE = ("pyproject.toml", "CHANGELOG.md", "LICENSE", "README.md")
"""What a release holds beside the package."""


def copy_sources(folder: Path) -> Path:
    """Copy what a release is made of, and nothing else, to a new folder."""
    folder.mkdir(parents=True)
    for name in BESIDE:
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(
        ROOT / "export",
        folder / "export",
        ignore=shutil.ignore_patterns("__pycache__"),
        copy_function=shutil.copyfile,
    )
    return folder


def build(source: Path, out: Path, *options: str) -> list[Path]:
    """Build archives into a folder, sorted by name; without options both."""
    command: list[str | Path] = [sys.executable, "-m", "build", "--no-isolation", *options]
    command += ["--outdir", out, source]
    done = captured(command)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(out.iterdir())


@cache
def _kept() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="edgetag-wheel-")


@cache
def wheel() -> Path:
    """Return a wheel of the sources as they are, built once in a process of tests."""
    folder = Path(_kept().name)
    (built,) = build(copy_sources(folder / "source"), folder / "dist", "--wheel")
    return built
