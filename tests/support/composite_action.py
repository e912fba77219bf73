"""The steps of a composite Action, run as GitHub's runner would run them."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.programs import captured

_EXPRESSION = re.compile(r"\$\{\{ ([\w.-]+) \}\}")


@dataclass
class Job:
    """A job that uses an Action.

    Attributes:
        action: Its folder.
        inputs: As the job gives them.
        folder: The job's working directory.
        temporary: The runner's folder of temporary files.
        environment: Of every step.
        values: What expressions such as `steps.judge.outputs.verdict` stand for.
    """

    action: Path
    inputs: Mapping[str, str]
    folder: Path
    temporary: Path
    environment: Mapping[str, str]
    values: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the Action, and fill in what it has by itself where the job says nothing."""
        self._description: dict[str, Any] = yaml.safe_load((self.action / "action.yml").read_text())
        declared = self._description["inputs"]
        assert self.inputs.keys() <= declared.keys()
        for name, about in declared.items():
            assert name in self.inputs or "default" in about, f"{name} is required"
            self.values[f"inputs.{name}"] = self.inputs.get(name, about.get("default", ""))

    def run(self, name: str) -> "subprocess.CompletedProcess[str]":
        """Run a step, and take in what it says by `GITHUB_OUTPUT`."""
        (step,) = (s for s in self._description["runs"]["steps"] if s.get("name") == name)
        said = self.temporary / "output.txt"
        said.write_text("")
        given = {key: self._filled(value) for key, value in step.get("env", {}).items()}
        done = captured(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder / self._filled(step.get("working-directory", ".")),
            env={
                **self.environment,
                **given,
                "GITHUB_ACTION_PATH": str(self.action),
                "GITHUB_OUTPUT": str(said),
                "GITHUB_STEP_SUMMARY": str(self.temporary / "step.md"),
                "RUNNER_TEMP": str(self.temporary),
            },
        )
        for line in said.read_text().splitlines():
            key, _, value = line.partition("=")
            self.values[f"steps.{step['id']}.outputs.{key}"] = value
        return done

    def given(self, action: str) -> dict[str, str]:
        """Return what the step that uses another Action, such as `actions/cache`, gives to it."""
        steps = self._description["runs"]["steps"]
        (step,) = (s for s in steps if s.get("uses", "").startswith(f"{action}@"))
        return {key: self._filled(value) for key, value in step["with"].items()}

    def output(self, name: str) -> str:
        """Return what the Action hands to the job."""
        return self._filled(self._description["outputs"][name]["value"])

    def _filled(self, text: str) -> str:
        return _EXPRESSION.sub(lambda match: self.values[match[1]], text)
