"""The job's own command, run once before anybody relies on it."""

import shlex
import subprocess
import time
from pathlib import Path

from edgetag.children import python, python_environment
from edgetag.ci.job import RUN
from edgetag.errors import InputError
from edgetag.programs import run_program
from edgetag.reporting.findings import find
from edgetag.tables.text import first_few
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace

COMMAND = """
from edgetag.children import end_with_parent
from edgetag.cli.main import main
end_with_parent()
main()
"""
"""The command `edgetag`, which a kill of this process ends as well."""

SHOWN = 3
"""Reasons told of a verdict that is not a pass."""


def rehearse(folder: Path, run: Path, command: str) -> tuple[Verdict, float]:
    """Judge the exported file as the job will.

    The caller deletes `run`, a run folder for it; for `command` see `ci.job.validate_command`.

    Returns:
        The verdict, and the seconds it took.

    Raises:
        InputError: The job would fail; says why.
    """
    words = shlex.split(command)[1:]
    words[words.index(RUN)] = str(run.resolve())
    started = time.monotonic()
    # What it says on stderr becomes our error: no annotation of its own.
    environment = python_environment() | {"GITHUB_ACTIONS": ""}
    done = run_program(python("-c", COMMAND, *words), None, folder, environment)
    seconds = time.monotonic() - started
    if done.returncode == 0:
        return Verdict.read(Workspace(run).validate / "verdict.json", "validate"), seconds
    raise InputError(
        f"the job would end with exit code {done.returncode} on its first day, so that nothing is "
        f"exported: {_why(done, Workspace(run))}"
    )


def _why(done: subprocess.CompletedProcess[str], workspace: Workspace) -> str:
    path = workspace.validate / "verdict.json"
    if not path.is_file():
        return done.stderr.partition("error: ")[2].strip() or done.stderr.strip()[-500:]
    findings = find(Verdict.read(path, "validate"))
    reasons = [
        f"{finding.where}: {finding.text}" for finding in findings if finding.level != "note"
    ]
    return first_few(reasons, SHOWN, between="; ")
