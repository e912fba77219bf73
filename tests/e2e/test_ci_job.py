"""The exported CI job, run as GitHub runs it, with the base install alone: nothing fools it."""

import csv
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from typer.testing import CliRunner

from edgetag.ci.job import WORKFLOW
from edgetag.cli.app import app
from tests.support.base_install import CLEAN, interpreter
from tests.support.commands import refusal_of
from tests.support.composite_action import Job
from tests.support.finished_run import FORMATS, finish_run
from tests.support.old_runtime import needs_tflite_runtime
from tests.support.paths import ROOT
from tests.support.programs import captured
from tests.support.worse_model import worse_model

ACTION = ROOT / ".github" / "actions" / "verdict"
# The jobs run on Python 3.11, by the versions of packages of whoever exported them.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), needs_tflite_runtime]
Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Outcome:
    """What the job's first command ended with, and what was printed and left."""

    code: int
    errors: str
    annotations: str
    red_cases: int


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each kind of labels, exported from a finished run.

    The export itself runs the job's command and refuses a folder that this would not accept.
    """
    made = {}
    for kind in FORMATS:
        place = tmp_path_factory.mktemp(kind)
        run = finish_run(place / "model", kind)
        arguments = [str(run.recipe_file), str(place / "ci"), "--out", str(run.workspace.root)]
        done = CliRunner().invoke(app, ["ci", "export", *arguments, "--accept", "first release"])
        assert done.exit_code == 0, done.output + repr(done.exception)
        shutil.rmtree(place / "model")
        made[kind] = place / "ci"
    return made


@pytest.fixture(scope="module")
def environment(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Action installs: base install and an extra, at the versions that the job pins."""
    temporary = tmp_path_factory.mktemp("base")
    more = {"constraints": "constraints.txt", "extras": "tflite-runtime"}
    job = action(folders["wide"], temporary, **more)
    assert job.run("Digest").returncode == 0
    done = job.run("Install edgetag")
    assert done.returncode == 0, done.stderr
    made = Path(job.values["steps.digest.outputs.environment"])
    assert not list(made.glob("lib/*/site-packages/tensorflow"))
    assert list(made.glob("lib/*/site-packages/tflite_runtime"))
    return made


def action(folder: Path, temporary: Path, **more: str) -> Job:
    """Return a job that uses the Action on an exported folder."""
    files = {"recipe": "recipe.toml", "model": "model.tflite", "reference": "reference.npz"}
    job = Job(ACTION, {**files, **more}, folder, temporary, CLEAN)
    job.values |= {
        "steps.python.outputs.python-path": interpreter("3.11"),
        "steps.python.outputs.python-version": "3.11.9",
        "runner.os": "Linux",
        "runner.arch": "X64",
    }
    return job


def commands_of(folder: Path) -> list[str]:
    """Return the workflow's commands that judge and report."""
    steps = yaml.safe_load((folder / WORKFLOW).read_text())["jobs"]["validate"]["steps"]
    commands = [step["run"] for step in steps if step.get("run", "").startswith("edgetag")]
    assert [command.split()[1] for command in commands] == ["validate", "report"]
    return commands


def run_job(folder: Path, environment: Path) -> Outcome:
    """Run the workflow's own commands, as written, in the folder that it names."""
    workflow = yaml.safe_load((folder / WORKFLOW).read_text())
    ends = []
    for command in commands_of(folder):
        done = captured(
            ["bash", "-e", "-c", command],
            cwd=folder.parent / workflow["defaults"]["run"]["working-directory"],
            env=CLEAN
            | {
                "PATH": f"{environment / 'bin'}{os.pathsep}{CLEAN['PATH']}",
                "GITHUB_STEP_SUMMARY": str(folder.parent / "step.md"),
            },
        )
        assert "Traceback" not in done.stderr
        ends.append(done)
    red = 0
    if ends[0].returncode != 2:
        report = folder / "runs" / "ci" / "report"
        assert ends[1].returncode == 0, ends[1].stderr
        assert (report / "index.html").stat().st_size
        assert (folder.parent / "step.md").read_text() == (report / "summary.md").read_text()
        suites = ElementTree.parse(report / "junit.xml").getroot()  # noqa: S314 - our own
        red = int(suites.get("failures", "0"))
    return Outcome(ends[0].returncode, ends[0].stderr, ends[1].stdout, red)


def labels(folder: Path) -> Rows:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["split"] == "test"]


def remove_pictures(folder: Path) -> str:
    gone = {row["path"] for row in labels(folder)[::4]}
    for path in gone:
        (folder / path).unlink()
    left = sum(row["path"] not in gone for row in labels(folder))
    return f"{len(labels(folder)) - left} of {len(labels(folder))} pictures of test are missing"


def remove_rows_of_a_class(folder: Path) -> str:
    lines = (folder / "labels.csv").read_text().splitlines(keepends=True)
    names = lines[0].strip().split(",")
    kept = [
        line
        for line in lines[1:]
        if (cells := dict(zip(names, next(csv.reader([line])), strict=True)))["dog"] != "1"
        or cells["split"] != "test"
    ]
    (folder / "labels.csv").write_text("".join([lines[0], *kept]))
    return "too few positives are left in test for: dog (0 of"


def swap_labels(folder: Path) -> str:
    lines = (folder / "labels.csv").read_text().splitlines(keepends=True)
    header = lines[0].strip().split(",")
    cat, dog = header.index("cat"), header.index("dog")
    swapped = 0
    for number, line in enumerate(lines):
        cells = line.strip().split(",")
        if "test" in cells and cells[cat] != cells[dog] and swapped < 6:
            cells[cat], cells[dog] = cells[dog], cells[cat]
            lines[number] = ",".join(cells) + "\n"
            swapped += 1
    (folder / "labels.csv").write_text("".join(lines))
    return "6 of"


FRAUDS: dict[str, Callable[[Path], str]] = {
    "pictures removed": remove_pictures,
    "a class removed": remove_rows_of_a_class,
    "labels swapped": swap_labels,
}


def test_the_job_accepts_what_was_exported(
    folders: dict[str, Path], environment: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(folders["regions"], tmp_path / "ci")
    done = run_job(folder, environment)
    assert (done.code, done.red_cases) == (0, 0), done.errors
    assert "::error" not in done.annotations


def test_the_job_refuses_a_worse_file_and_says_what_became_worse(
    folders: dict[str, Path], environment: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(folders["regions"], tmp_path / "ci")
    worse_model(folder / "model.tflite")
    done = run_job(folder, environment)
    assert done.code == 1, done.errors
    assert "worse than accepted: " in done.annotations


@pytest.mark.parametrize(
    ("kind", "fraud"), list(zip(("wide", "folders", "regions"), FRAUDS, strict=True))
)
def test_the_job_refuses_other_pictures_and_labels_and_names_them(
    folders: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    fraud: str,
) -> None:
    folder = shutil.copytree(folders[kind], tmp_path / "ci")
    sentence = FRAUDS[fraud](folder)
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, shlex.split(commands_of(folder)[0])[1:])
    told = refusal_of(done)
    assert sentence in told
    assert "reference.npz: pictures, labels or groups are not those that it was made from" in told


def test_a_job_from_which_the_accepted_state_vanished_fails(
    folders: dict[str, Path], environment: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(folders["wide"], tmp_path / "ci")
    (folder / "baseline.json").unlink()
    done = run_job(folder, environment)
    assert done.code == 2
    assert "baseline.json: there is no accepted state" in done.errors


def test_a_job_that_is_undecided_says_so_in_annotations(
    folders: dict[str, Path], environment: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(folders["wide"], tmp_path / "ci")
    recipe = folder / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("max_map_drop = 0.2", "max_map_drop = 0.01"))
    done = run_job(folder, environment)
    assert done.code == 3, done.errors
    assert "::warning title=" in done.annotations
    assert done.red_cases


@pytest.mark.parametrize(
    ("change", "code", "verdict"),
    [("", 0, "pass"), ("worse", 1, "fail"), ("other labels", 2, "error")],
)
def test_the_action_says_what_the_command_says(
    folders: dict[str, Path],
    environment: Path,
    tmp_path: Path,
    change: str,
    code: int,
    verdict: str,
) -> None:
    folder = shutil.copytree(folders["wide"], tmp_path / "a folder; touch injected")
    if change == "worse":
        worse_model(folder / "model.tflite")
    elif change:
        swap_labels(folder)
    out = {"out": str(tmp_path / "elsewhere")} if change == "worse" else {}
    job = action(folder, tmp_path, **{"as": "int8", "baseline": "baseline.json"}, **out)
    job.values["steps.digest.outputs.environment"] = str(environment)
    judged = job.run("Judge")
    assert judged.returncode == 0, judged.stderr
    assert (job.output("exit-code"), job.output("verdict")) == (str(code), verdict), judged.stderr
    if verdict != "error":
        assert job.run("Report").returncode == 0
        assert "edgetag" in (tmp_path / "step.md").read_text()
        report, figures = job.given("actions/upload-artifact")["path"].split("\n")[:2]
        assert Path(report) == folder / out.get("out", "runs/ci") / "report"
        assert (Path(report) / "junit.xml").is_file()
        assert Path(figures).name == "verdict.json"
        assert Path(figures).is_file()
    assert job.run("Verdict").returncode == code
    assert not list(tmp_path.rglob("injected"))


@pytest.mark.parametrize(
    ("change", "given", "code", "said"),
    [
        ("", {"mean": "127", "std": "128", "labels": "labels.txt"}, "0", ""),
        ("", {"mean": "127", "std": "0"}, "2", "--std"),
        ("", {"labels": "recipe.toml"}, "2", "recipe.toml"),
        ("other labels", {"max-changed": "1.0"}, "1", ""),
    ],
)
def test_the_action_takes_what_the_command_may_be_told_of_a_file(
    folders: dict[str, Path],
    environment: Path,
    tmp_path: Path,
    change: str,
    given: dict[str, str],
    code: str,
    said: str,
) -> None:
    folder = shutil.copytree(folders["wide"], tmp_path / "ci")
    (folder / "labels.txt").write_text("cat\ndog\nfood\n", encoding="utf-8")
    if change:
        swap_labels(folder)
    job = action(folder, tmp_path, **{"as": "int8"}, **given)
    job.values["steps.digest.outputs.environment"] = str(environment)
    judged = job.run("Judge")
    assert (job.output("exit-code"), said in judged.stderr) == (code, True), judged.stderr


def test_what_the_action_keeps_follows_from_its_sources_and_from_the_versions(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    def kept(constraints: str = "", extras: str = "", python: str = "3.11.9") -> tuple[str, str]:
        job = action(folders["wide"], tmp_path, constraints=constraints, extras=extras)
        job.values["steps.python.outputs.python-version"] = python
        assert job.run("Digest").returncode == 0
        given = job.given("actions/cache")
        return given["key"], given["path"]

    assert kept("constraints.txt") == kept("constraints.txt")
    ways = [kept(), kept("constraints.txt"), kept(extras="onnx"), kept(python="3.12.1")]
    for keys_or_folders in zip(*ways, strict=True):
        assert len(set(keys_or_folders)) == len(ways)
    changed = action(folders["wide"], tmp_path)
    changed.action = shutil.copytree(ACTION, tmp_path / "other/.github/actions/verdict")
    for name in ("pyproject.toml", "export/edgetag/__init__.py"):
        (tmp_path / "other" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "other" / name)
    changed.run("Digest")
    assert changed.given("actions/cache")["key"] != kept()[0]


def test_an_extra_that_does_not_exist_ends_the_job(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    job = action(folders["wide"], tmp_path, extras="tflite-runtime, onxn")
    assert job.run("Digest").returncode == 0
    done = job.run("Install edgetag")
    assert done.returncode == 1
    assert done.stderr.startswith("::error title=edgetag::extras: no such ones: onxn; there are: ")
    assert not Path(job.given("actions/cache")["path"]).exists()


def test_what_ci_systems_read_is_of_their_schemas(folders: dict[str, Path], tmp_path: Path) -> None:
    (gitlab,) = re.findall(
        r"```yaml\n(# \.gitlab-ci\.yml\n.*?)```", (ROOT / "docs/ci.md").read_text(), re.DOTALL
    )
    (tmp_path / ".gitlab-ci.yml").write_text(gitlab)
    for schema, file in (
        ("vendor.github-actions", ACTION / "action.yml"),
        ("vendor.github-workflows", folders["wide"] / WORKFLOW),
        ("vendor.gitlab-ci", tmp_path / ".gitlab-ci.yml"),
    ):
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
        done = captured(command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_actions_are_pinned_by_digest_and_inputs_never_stand_in_a_script(
    folders: dict[str, Path],
) -> None:
    texts = [(ACTION / "action.yml").read_text(), (folders["wide"] / WORKFLOW).read_text()]
    for text in texts:
        used = re.findall(r"uses: (\S+)", text)
        assert used
        assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", each) for each in used), used
    steps = yaml.safe_load(texts[0])["runs"]["steps"]
    assert not [step for step in steps if "${{" in step.get("run", "")]
