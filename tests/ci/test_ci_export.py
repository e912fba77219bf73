"""`edgetag ci export`: a folder that a CI job accepts as it is, and that nothing can fool."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from edgetag.ci.job import WORKFLOW
from edgetag.cli.app import app
from edgetag.validation.baseline import read_baseline
from edgetag.validation.scores import read_reference, write_reference
from edgetag.workspace import digest_file
from tests.support.commands import refusal_of
from tests.support.finished_run import Finished, finish_run

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return finish_run(tmp_path_factory.mktemp("wide") / "model", "wide")


def export(run: Finished, folder: Path, *options: str) -> Result:
    arguments = [str(run.recipe_file), str(folder), "--out", str(run.workspace.root), *options]
    return CliRunner().invoke(app, ["ci", "export", *arguments])


def refusal(result: Result) -> str:
    return refusal_of(result)


def workflow_of(folder: Path) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((folder / WORKFLOW).read_text())
    return found


@pytest.fixture(scope="module")
def exported(run: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository") / "model-ci"
    done = export(run, folder, "--accept", "first release")
    assert done.exit_code == 0, done.output + repr(done.exception)
    return folder


def test_the_folder_holds_all_that_the_job_needs_and_says_so(exported: Path) -> None:
    names = {path.name for path in exported.iterdir()}
    assert names == {
        "pictures",
        "labels.csv",
        "recipe.toml",
        "model.tflite",
        "reference.npz",
        "baseline.json",
        "constraints.txt",
        "github-workflow.yml",
        "README.md",
        "ci.json",
        ".gitattributes",
        ".gitignore",
    }
    known = json.loads((exported / "ci.json").read_text())["files"]
    files = {p.relative_to(exported).as_posix() for p in exported.rglob("*") if p.is_file()}
    assert set(known) == files - {"ci.json"}
    assert all(digest_file(exported / name) == digest for name, digest in known.items())


def test_nothing_in_the_folder_names_this_machine(exported: Path, run: Finished) -> None:
    for path in exported.rglob("*"):
        if path.is_file():
            assert str(run.recipe_file.parent).encode() not in path.read_bytes(), path


@pytest.fixture(scope="module")
def plain(run: Finished, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A folder without an accepted state, and what its export printed."""
    folder = tmp_path_factory.mktemp("plain") / "ci"
    done = export(run, folder)
    assert done.exit_code == 0, done.output + repr(done.exception)
    return folder, done


def test_sizes_are_told_part_by_part_and_the_next_steps(plain: tuple[Path, Result]) -> None:
    folder, done = plain
    parts = [line.split()[0] for line in done.stdout.splitlines()[3:8]]
    assert parts == ["pictures", "model.tflite", "reference.npz", "labels,", "all"]
    assert (
        f"{folder}: int8 is judged by 180 images of test, 60 images of test_style, 60 images of "
        "validation\n"
    ) in done.stdout
    assert "there is no accepted state" in done.stdout
    assert "say in it where edgetag is installed from" in done.stdout
    assert "note: max_latency_ms is left out" in done.stderr


def test_the_workflow_looks_at_every_exported_file(exported: Path) -> None:
    workflow = workflow_of(exported)
    # YAML 1.1 reads the key `on` as true.
    patterns = workflow[True]["pull_request"]["paths"]  # type: ignore[index]
    assert patterns == ["model-ci/**", ".github/workflows/*"]
    assert workflow["defaults"]["run"]["working-directory"] == "model-ci"  # type: ignore[index]
    steps = workflow["jobs"]["validate"]["steps"]  # type: ignore[index]
    cache = next(step for step in steps if "actions/cache" in step.get("uses", ""))
    # A workflow that was given another name must not keep an edgetag that it no longer names.
    assert "hashFiles('model-ci/constraints.txt', '.github/workflows/*')" in cache["with"]["key"]
    artifact = next(step for step in steps if "upload-artifact" in step.get("uses", ""))
    assert artifact["with"]["path"].split() == [
        "model-ci/runs/ci/report/",
        "model-ci/runs/ci/validate/verdict.json",
    ]


def test_the_folder_is_named_as_the_repository_around_it_does(
    run: Finished, tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "app" / "gate"
    done = export(run, folder, "--json", "--edgetag", "git+https://h/o/edgetag@v1")
    workflow = workflow_of(folder)
    assert workflow[True]["pull_request"]["paths"][0] == "app/gate/**"  # type: ignore[index]
    assert workflow["env"] == {"EDGETAG": "git+https://h/o/edgetag@v1"}
    group = workflow["concurrency"]["group"]  # type: ignore[index]
    assert group == "app/gate-${{ github.ref }}", "models of one repository do not end each other"
    told = json.loads(done.stdout)
    assert (told["place"], told["parts"][0]["files"]) == ("app/gate", 300)
    assert (told["verdict"], told["accepted"]) == ("pass", False)
    told = refusal(export(run, tmp_path / "my gate"))
    assert "'my gate': has characters that GitHub's paths read as patterns" in told
    for place in ("..", "a/../b", "x*"):
        assert "--place" in refusal(export(run, tmp_path / "ci", "--place", place))


def test_a_reason_that_is_empty_is_refused_by_its_own_option(run: Finished, tmp_path: Path) -> None:
    assert refusal(export(run, tmp_path / "ci", "--accept", " ")).startswith("--accept is empty; ")


@pytest.mark.parametrize("address", ["edgetag==0.1.0", "./a.whl", "git@h.com:o/edgetag.git"])
def test_what_pip_cannot_install_from_is_refused_before_a_job_fails_of_it(
    run: Finished, tmp_path: Path, address: str
) -> None:
    assert "not an address" in refusal(export(run, tmp_path / "ci", "--edgetag", address))


def test_every_version_that_the_job_installs_is_pinned(exported: Path) -> None:
    lines = (exported / "constraints.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines)
    assert {"numpy", "pillow", "polars", "ai-edge-litert", "contourpy"} <= set(pinned)
    assert not {"tensorflow", "tflite-runtime", "pytest"} & set(pinned)


def test_the_readme_gives_the_workflow_s_commands_and_every_exit_code(exported: Path) -> None:
    text = (exported / "README.md").read_text()
    steps = workflow_of(exported)["jobs"]["validate"]["steps"]  # type: ignore[index]
    commands = [s["run"] for s in steps if s.get("run", "").startswith("edgetag")]
    assert f"```sh\n{commands[0]}\n{commands[1]}\n```" in text
    for code in (0, 1, 2, 3, 70):
        assert f"\n| {code} | " in text


def test_a_folder_exported_before_is_replaced_wholly_and_a_run_folder_stands_for_its_recipe(
    run: Finished, exported: Path, plain: tuple[Path, Result], tmp_path: Path
) -> None:
    folder = shutil.copytree(exported, tmp_path / "ci")
    (folder / "runs" / "ci").mkdir(parents=True)
    assert export(run, folder, "--accept", "second release").exit_code == 0
    accepted = read_baseline(folder / "baseline.json")
    assert accepted.reason == "second release"
    assert [former.reason for former in accepted.history] == ["first release"]
    arguments = ["ci", "export", str(run.workspace.root), str(folder)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    one, two = (
        {p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()}
        for f in (plain[0], folder)
    )
    assert one == two
    assert not (folder / "runs").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["ci"]


def test_nothing_is_replaced_that_was_not_exported_or_was_changed_since(
    run: Finished, exported: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    assert "not made by edgetag ci export" in refusal(export(run, tmp_path / "mine"))
    folder = shutil.copytree(exported, tmp_path / "ci")
    (folder / ".git").mkdir()
    assert ".git: edgetag did not put this here" in refusal(export(run, folder))
    (folder / ".git").rmdir()
    (folder / "recipe.toml").write_text("# mine\n")
    assert "recipe.toml: changed since it was exported" in refusal(export(run, folder))
    (tmp_path / "link").symlink_to(folder)
    assert "not a folder" in refusal(export(run, tmp_path / "link"))


def test_a_job_that_would_fail_is_not_exported(run: Finished, tmp_path: Path) -> None:
    run = run.copy(tmp_path / "model")
    text = run.recipe_file.read_text()
    run.recipe_file.write_text(text.replace("max_size_ratio = 1.5", "max_size_bytes = 10"))
    told = refusal(export(run, tmp_path / "ci"))
    assert "exit code 1" in told
    assert "max_size_bytes" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


def test_a_reference_that_knows_no_labels_is_not_exported(run: Finished, tmp_path: Path) -> None:
    run = run.copy(tmp_path / "model")
    path = run.workspace.validate / "reference.npz"
    old = read_reference(path)
    write_reference(path, type(old)(**{**vars(old), "known": None}))
    assert "it knows no labels" in refusal(export(run, tmp_path / "ci"))


def test_too_many_megabytes_are_refused_before_anything_is_copied(
    run: Finished, tmp_path: Path
) -> None:
    told = refusal(export(run, tmp_path / "ci", "--max-mb", "1"))
    assert "180 of test" in told
    assert "allow it with --max-mb" in told
    assert not list(tmp_path.iterdir())


def test_the_reference_names_pictures_as_the_folder_does(exported: Path) -> None:
    known = read_reference(exported / "reference.npz").known
    assert known is not None
    assert all((exported / path).is_file() for path in known.paths)


def test_a_variant_that_the_recipe_lacks_is_named(run: Finished, tmp_path: Path) -> None:
    told = refusal(export(run, tmp_path / "ci", "--variant", "int16x8"))
    assert told == "--variant int16x8: the recipe's variants are fp32, int8, int8-qat"


def test_the_folder_is_ready_for_git(exported: Path, tmp_path: Path) -> None:
    """Line ends stay as they are under any setting, and runs are not committed."""
    git = ["git", "-c", "core.autocrlf=true", "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in ("init -q", "add -A", "commit -qm all"):
        subprocess.run(
            [
                *git,
                "--git-dir",
                str(tmp_path / "git"),
                "--work-tree",
                str(exported),
                *shlex.split(command),
            ],
            check=True,
            cwd=exported,
        )
    clone = tmp_path / "clone"
    subprocess.run([*git, "clone", "-q", str(tmp_path / "git"), str(clone)], check=True)
    for path in exported.rglob("*"):
        if path.is_file():
            assert (clone / path.relative_to(exported)).read_bytes() == path.read_bytes()


def test_an_accepted_state_is_either_made_or_taken_along(run: Finished, tmp_path: Path) -> None:
    options = ("--accept", "first", "--baseline", str(tmp_path / "baseline.json"))
    assert "give one of them" in refusal(export(run, tmp_path / "gate", *options))
