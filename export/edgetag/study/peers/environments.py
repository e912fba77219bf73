"""Environments of tools: built once for a user, each with its own packages at fixed versions."""

import shutil
import subprocess
import sys
from pathlib import Path

from edgetag.children import python, run_long_program
from edgetag.errors import InputError, one_line
from edgetag.study.peers.tools import Tool
from edgetag.user_cache import user_cache
from edgetag.workspace import Workspace, digest_json
from edgetag.writing import write_text

READY = "ready.txt"
"""Written last: without it an environment is one whose building was cut short."""

LONGEST_S = 1800.0


def python_of(tool: Tool) -> Path:
    """Return the Python of a tool's environment, which is built where it is not there.

    Raises:
        InputError: It cannot be built; the text holds what pip said last.
    """
    if not tool.requirements:
        return Path(sys.executable)
    folder = folder_of(tool)
    built, ready = folder / "venv" / "bin" / "python", folder / READY
    with Workspace(folder).locked():
        if not ready.exists():
            shutil.rmtree(folder / "venv", ignore_errors=True)
            _build(tool, folder / "venv")
            write_text(ready, "\n".join(tool.requirements) + "\n")
    return built


def folder_of(tool: Tool) -> Path:
    """Return where a tool's environment lies, or will."""
    version = ".".join(map(str, sys.version_info[:3]))
    wanted = digest_json([version, sys.base_prefix, *tool.requirements])[:12]
    return user_cache() / "peers" / f"{tool.key}-{wanted}"


def _build(tool: Tool, place: Path) -> None:
    built = place / "bin" / "python"
    install = [str(built), "-I", "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
    for command in (
        python("-m", "venv", str(place)),
        [*install, "--disable-pip-version-check", *tool.requirements],
    ):
        try:
            done = run_long_program(command, LONGEST_S)
        except subprocess.TimeoutExpired:
            raise InputError(f"its environment: not built after {LONGEST_S:g} s") from None
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.strip()]
            errors = [line for line in said if line.startswith("ERROR")] or said
            last = one_line(errors[-1]) if errors else f"exit code {done.returncode}"
            raise InputError(f"its environment: {last}")
