"""Running the tools that set a target up, with their failures in one line."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgetag.errors import InputError

TIMEOUT_S = 600.0
"""A download that has not ended by then hangs."""

OFFLINE = (
    "temporary failure resolving",
    "could not resolve",
    "could not connect",
    "name or service",
    "connection refused",
    "connection timed out",
    "network is unreachable",
    "newconnectionerror",
    "failed to establish",
    "no route to host",
    "unable to connect",
)
FULL = ("no space left", "disk quota exceeded", "not enough free space", "don't have enough free")


class ToolFailedError(Exception):
    """A tool failed; the text is what it said."""


def require(program: str, package: str) -> str:
    """Return the path of a program.

    Raises:
        InputError: It is not on the PATH.
    """
    path = shutil.which(program)
    if path is None:
        raise InputError(
            f"{program} is not on the PATH; setting up an emulated machine needs it. It is in "
            f"Debian's package {package}; other systems than Debian and its relatives lack it"
        )
    return path


def run(
    command: Sequence[str | Path],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> str:
    """Run a tool and return its stdout and stderr.

    `environment` is added to this process's; after `timeout_s` seconds it counts as hung.

    Raises:
        ToolFailedError: It failed, or hung.
    """
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolFailedError(f"no answer in {timeout_s:g} s") from None
    except OSError as error:
        raise ToolFailedError(error.strerror or str(error)) from None
    if done.returncode != 0:
        raise ToolFailedError(done.stdout.strip() or f"exit code {done.returncode}")
    return done.stdout


def explain(what: str, said: str) -> InputError:
    """Return the error that a tool's words amount to.

    Args:
        what: What failed, such as "Debian's packages could not be downloaded".
        said: All that the tool printed.
    """
    lowered = said.lower()
    if any(sign in lowered for sign in FULL):
        return InputError(
            f"{what}: no space left on the disk; free 500 MB and run the same command again"
        )
    if any(sign in lowered for sign in OFFLINE):
        return InputError(
            f"{what}: there seems to be no network; check it and run the same command again"
        )
    return InputError(f"{what}: {telling_line(said)}")


def telling_line(said: str) -> str:
    """Return the line of a tool's output that says most: its last error, or the last line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("e:", "error", "fatal"))]
    chosen = (errors or lines or ["it said nothing"])[-1]
    return "".join(c if c.isprintable() else "?" for c in chosen)[:300]
