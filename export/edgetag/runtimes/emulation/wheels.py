"""Wheels of another architecture, installed into a folder."""

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edgetag.children import python_command
from edgetag.errors import InputError
from edgetag.runtimes.emulation.commands import ToolFailedError, explain, run
from edgetag.runtimes.emulation.machines import PYTHON, Target


def install_wheels(target: Target, folder: Path) -> None:
    """Install a target's wheels into a folder, exactly the versions that it names.

    Raises:
        InputError: This Python has no pip, a wheel is not to be had, or the disk is full.
    """
    try:
        version("pip")
    except PackageNotFoundError:
        raise InputError(
            f"{sys.executable} has no pip, which downloads the wheels of {target.name}; add it "
            "with: python -m ensurepip"
        ) from None
    platforms = [part for tag in target.platforms for part in ("--platform", tag)]
    command = [
        *python_command("pip"),
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--target",
        str(folder),
        "--no-deps",
        "--only-binary=:all:",
        "--no-compile",
        "--implementation",
        "cp",
        "--python-version",
        PYTHON.removeprefix("python"),
        *platforms,
        *(f"{name}=={version}" for name, version in target.wheels),
    ]
    try:
        run(command)
    except ToolFailedError as error:
        raise explain(f"the wheels of {target.name} could not be installed", str(error)) from None
