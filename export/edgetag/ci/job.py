"""What the job runs, and the files around it: workflow, README, versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgetag.ci.environment import constraints, python_version
from edgetag.ci.job_recipe import EXTRA, JobRecipe
from edgetag.ci.result import RUNS
from edgetag.tables.text import escape_markdown
from edgetag.text_templates import template

TEMPLATES = Path(__file__).parent / "templates"
RECIPE, MODEL, REFERENCE, BASELINE = "recipe.toml", "model.tflite", "reference.npz", "baseline.json"
ATTRIBUTION = "ATTRIBUTION.md"
WORKFLOW = "github-workflow.yml"
RUN = f"{RUNS}/ci"
PLACEHOLDER = "git+https://git.example.com/OWNER/edgetag@v0.1.0"
"""edgetag is on no package index; a job is told where to install it from."""


def validate_command(variant: str, *, accepted: bool) -> str:
    """Return the command that judges, as it is typed in the folder.

    Args:
        variant: What the file is judged as.
        accepted: Whether there is an accepted state. It is named, so that a job from which it
            vanishes fails.
    """
    baseline = f"--baseline {BASELINE} " if accepted else ""
    return (
        f"edgetag validate file {RECIPE} {MODEL} --as {variant} --reference {REFERENCE} "
        f"{baseline}--out {RUN}"
    )


def report_command() -> str:
    """Return the command that reports what the other one judged."""
    return f"edgetag report {RECIPE} --out {RUN} --github"


@dataclass(frozen=True)
class Job:
    """What the files around a job depend on.

    The file is judged as `variant`; `place` is the folder, relative to the repository. Without
    a requirement, where edgetag is installed from, a line is left to change.
    """

    name: str
    variant: str
    place: str
    requirement: str | None
    extra: str
    accepted: bool

    def workflow(self) -> str:
        """Return the GitHub workflow."""
        path = TEMPLATES / f"{WORKFLOW}.j2"
        return template(path, ("<<", ">>")).render(**self._values())

    def files(
        self, job_recipe: JobRecipe, splits: Mapping[str, int], *, attributed: bool
    ) -> dict[str, str]:
        """Return the texts of the folder by name, but for the table of labels."""
        values = {
            **self._values(),
            "left_out": job_recipe.left_out,
            "splits": splits,
            "attributed": attributed,
        }
        readme = template(TEMPLATES / "README.md.j2", md=escape_markdown).render(**values)
        return {
            RECIPE: job_recipe.text,
            "constraints.txt": constraints((self.extra,) if self.extra else ()),
            WORKFLOW: self.workflow(),
            "README.md": readme,
            # Bytes are what a picture is known by: git must not touch line ends.
            ".gitattributes": "* -text\n",
            ".gitignore": f"{RUNS}/\n",
        }

    def _values(self) -> dict[str, object]:
        return {
            "job": self,
            "python": python_version(),
            "requirement": self.requirement or PLACEHOLDER,
            "package": f"edgetag[{self.extra}]" if self.extra else "edgetag",
            "validate": validate_command(self.variant, accepted=self.accepted),
            "report": report_command(),
            "run": RUN,
        }


def extra_of(job_recipe: JobRecipe) -> str:
    """Return the extra of edgetag that the job's runtimes need, empty for none."""
    return EXTRA if EXTRA in job_recipe.runtimes else ""
