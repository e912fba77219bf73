"""The command line as a person or a script meets it: exit codes, messages, start-up."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"numpy", "pydantic", "polars", "sklearn", "scipy", "PIL", "tensorflow", "ai_edge_litert"}


def edgetag(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edgetag", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
    )


def test_help_imports_nothing_heavy() -> None:
    script = "import sys, edgetag.cli.main; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert not HEAVY & set(done.stdout.split())


@pytest.mark.parametrize(
    "verb",
    [
        "run",
        "data",
        "train",
        "prune",
        "quantize",
        "export",
        "validate",
        "explain",
        "bench",
        "bundle",
        "report",
        "recipe",
        "doctor",
    ],
)
def test_every_verb_explains_itself(verb: str) -> None:
    from typer.testing import CliRunner

    from edgetag.cli.main import app

    said = CliRunner().invoke(app, [verb, "--help"])
    assert said.exit_code == 0
    assert f"Usage: edgetag {verb}" in said.stdout
    assert verb in CliRunner().invoke(app, ["--help"]).stdout


def test_a_wrong_recipe_ends_in_one_message_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('name = "x"\n[dta]\nsource = "y"\n')
    done = edgetag("run", "r.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "did you mean 'data'?" in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_json_is_all_that_stdout_gets(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('name = "x"\n[data]\nsource = "y"\n')
    done = edgetag("recipe", "check", "r.toml", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["name"] == "x"
    assert json.loads(edgetag("recipe", "schema").stdout)["title"] == "Recipe"
    assert "runtimes" in json.loads(edgetag("doctor", "--json").stdout)


def test_a_stage_without_the_one_before_says_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('name = "x"\n[data]\nsource = "y"\n')
    done = edgetag("train", "r.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "train needs dataset" in done.stderr
    assert "edgetag run" in done.stderr


def test_a_run_folder_of_another_recipe_is_refused_and_left_alone(tmp_path: Path) -> None:
    from edgetag.workspace import RunFile, Workspace, write_text

    workspace = Workspace(tmp_path / "run")
    write_text(workspace.run_file, RunFile(name="other", recipe={}, seed=1, versions={}).to_json())
    before = workspace.run_file.read_bytes()
    (tmp_path / "r.toml").write_text('name = "x"\n[data]\nsource = "y"\n')
    done = edgetag("run", "r.toml", "--out", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert "made by recipe 'other', not 'x'" in done.stderr
    assert workspace.run_file.read_bytes() == before


def test_control_c_ends_in_one_message_and_exit_code_2(tmp_path: Path) -> None:
    script = (
        "import edgetag.recipe, sys, time\n"
        "from edgetag.cli import main\n"
        "def wait(*_): print('ready', flush=True); time.sleep(60)\n"
        "edgetag.recipe.load_recipe = wait\n"
        "sys.argv = ['edgetag', 'recipe', 'check', 'r.toml']\n"
        "main.main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "stopped; finished work is kept" in said
    assert "Traceback" not in said


def test_a_run_folder_stands_for_its_recipe_where_no_baseline_is_asked_for(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "r.toml").write_text(
        'name = "x"\n[data]\nsource = "y.csv"\ntags = ["a"]\nmax_rejected_share = 1.0\n'
    )
    for number, split in enumerate(("train", "validation", "test")):
        Image.new("RGB", (40, 40), (number * 80, 0, 0)).save(tmp_path / f"{split}.png")
    rows = "\n".join(f"{split}.png,{split},1" for split in ("train", "validation", "test"))
    (tmp_path / "y.csv").write_text(f"path,split,a\n{rows}\n")
    built = edgetag("data", "build", "r.toml", "--out", "made", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    told = edgetag("bundle", "made", cwd=tmp_path)
    assert (told.returncode, told.stdout) == (2, "")
    assert "bundle needs train, which has not finished here" in told.stderr
    assert "does not say where baseline.json lies" in edgetag("run", "made", cwd=tmp_path).stderr
    (tmp_path / "empty").mkdir()
    assert "empty: a folder without run.json" in edgetag("bundle", "empty", cwd=tmp_path).stderr
