"""Other programs, such as npm or apksigner, run to their end."""

import functools
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ANSWER_S = 20.0


def run_program(
    command: Sequence[str],
    timeout_s: float | None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program, which gets no stdin; what it prints is text, whatever its bytes.

    Raises:
        TimeoutExpired: It has been ended after that many seconds.
        OSError: It does not start.
    """
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_s,
        check=False,
    )


@functools.cache
def told_version(program: str) -> str:
    """Return what a program answers to `--version`; nothing where it gives no good answer.

    Asked once: it takes up to 0.1 s, and engines are asked often whether they are there.
    """
    try:
        done = run_program([program, "--version"], ANSWER_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.strip()
