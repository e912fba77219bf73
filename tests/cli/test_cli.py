"""The command line as a person or a script meets it: exit codes, messages, start-up."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.cli.overview import print_overview
from edgetag.cli.verbs import VERBS
from edgetag.errors import STOPS
from tests.support.commands import refusal_of
from tests.support.paths import ROOT
from tests.support.programs import captured

HEAVY = {"numpy", "pydantic", "polars", "sklearn", "scipy", "PIL", "tensorflow", "ai_edge_litert"}


def edgetag(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return captured([sys.executable, "-m", "edgetag", *map(str, arguments)], cwd=cwd)


def modules_of(*arguments: str) -> set[str]:
    """Return what a command has imported when it ends."""
    script = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        f"sys.argv = ['edgetag', *{arguments!r}]\n"
        "from edgetag.cli.main import main\nmain()\n"
    )
    done = captured([sys.executable, "-c", script])
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_help_imports_neither_typer_nor_anything_that_computes() -> None:
    imported = modules_of("--help")
    assert not {*HEAVY, "typer", "markdown_it", "pygments", "importlib.metadata"} & imported
    assert not {f"edgetag.cli.{verb}" for verb in VERBS} & imported


@pytest.mark.slow
def test_the_help_of_a_verb_imports_no_other_verb_and_nothing_that_computes() -> None:
    imported = modules_of("train", "--help")
    assert not (HEAVY - {"pydantic"}) & imported  # with which Typer reads values
    assert {verb for verb in VERBS if f"edgetag.cli.{verb}" in imported} == {"train"}


@pytest.mark.slow
def test_a_recipe_is_checked_without_anything_that_computes(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('name = "x"\n[data]\nsource = "y"\n')
    imported = modules_of("recipe", "check", str(tmp_path / "r.toml"))
    assert not (HEAVY - {"pydantic"}) & imported


@pytest.mark.slow
def test_pictures_are_tagged_without_what_only_statistics_need(tmp_path: Path) -> None:
    (bundle,) = (ROOT / "models" / "demo").glob("demo-*.zip")
    picture, table = tmp_path / "picture.png", tmp_path / "tags.csv"
    Image.new("RGB", (32, 32)).save(picture)
    imported = modules_of("tag", str(bundle), str(picture), "-o", str(table))
    assert table.exists()
    assert not {"sklearn", "scipy.stats", "scipy.optimize", "matplotlib"} & imported
    assert not {"edgetag.screening", "edgetag.validation"} & imported


@pytest.mark.parametrize("width", [70, 100, 160])
def test_help_is_what_typer_would_show(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("GITHUB_ACTIONS", "FORCE_COLOR", "PY_COLORS", "TERMINAL_WIDTH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", str(width))
    print_overview()
    ours = capsys.readouterr().out
    assert ours == CliRunner().invoke(app, ["--help"]).stdout


@pytest.mark.slow
def test_a_verb_that_is_none_is_told_with_the_nearest() -> None:
    done = edgetag("quantise")
    assert done.returncode == 2
    assert "Did you mean 'quantize'" in done.stderr


def test_a_file_of_others_behind_the_recipe_is_told_the_verb_that_judges_it() -> None:
    said = CliRunner().invoke(app, ["validate", "r.toml", "a model.tflite", "--out", "run"])
    assert refusal_of(said).endswith("edgetag validate file r.toml 'a model.tflite'")


@pytest.mark.parametrize(
    ("behind", "meant"),
    [
        ("a b.tflite", "edgetag validate file r.toml 'a b.tflite'"),
        ("a b.tflite", "edgetag tag 'a b.tflite' PICTURES --measure"),
        ("run2", "edgetag bench compare r.toml run2"),
    ],
)
def test_what_bench_cannot_time_is_told_the_commands_that_take_it(behind: str, meant: str) -> None:
    said = CliRunner().invoke(app, ["bench", "r.toml", behind, "--full"])
    assert meant in refusal_of(said)


@pytest.mark.parametrize(("arguments", "code"), [((), 2), (("-h",), 0), (("--help",), 0)])
def test_help_ends_with_the_code_that_typer_gives(arguments: tuple[str, ...], code: int) -> None:
    done = edgetag(*arguments)
    assert (done.returncode, done.stderr) == (code, "")
    assert "Usage: edgetag [OPTIONS] COMMAND" in done.stdout
    assert CliRunner().invoke(app, arguments).exit_code == code


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str) -> None:
    said = CliRunner().invoke(app, [verb, "--help"])
    assert said.exit_code == 0
    assert f"Usage: edgetag {verb}" in said.stdout
    assert verb in CliRunner().invoke(app, ["--help"]).stdout


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_stage_without_the_one_before_says_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('name = "x"\n[data]\nsource = "y"\n')
    done = edgetag("train", "r.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "train needs dataset" in done.stderr
    assert "edgetag run" in done.stderr


@pytest.mark.slow
def test_a_run_folder_of_another_recipe_is_refused_and_left_alone(tmp_path: Path) -> None:
    from edgetag.workspace import RunFile, Workspace

    workspace = Workspace(tmp_path / "run")
    RunFile(name="other", recipe={}, seed=1, versions={}).write(workspace.run_file)
    before = workspace.run_file.read_bytes()
    (tmp_path / "r.toml").write_text('name = "x"\n[data]\nsource = "y"\n')
    done = edgetag("run", "r.toml", "--out", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert "made by recipe 'other', not 'x'" in done.stderr
    assert workspace.run_file.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("number", STOPS)
@pytest.mark.parametrize("taken_for_an_error", [False, True])
def test_a_signal_to_stop_ends_in_one_message_and_exit_code_2(
    number: signal.Signals, taken_for_an_error: bool
) -> None:
    wait = "print('ready', flush=True); time.sleep(600)"
    if taken_for_an_error:  # as by native code that builds a schema
        wait = f"\n  try: {wait}\n  except BaseException: raise ValueError"
    script = (
        "import edgetag.recipe, sys, time\n"
        "from edgetag.cli import main\n"
        f"def wait(*_): {wait}\n"
        "edgetag.recipe.load_recipe = wait\n"
        "sys.argv = ['edgetag', 'recipe', 'check', 'r.toml']\n"
        "main.main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=100)
    assert process.returncode == 2
    assert said == "error: stopped; finished work is kept, the same command goes on from there\n"


@pytest.mark.slow
def test_a_command_under_nohup_outlives_its_terminal() -> None:
    script = (
        "import edgetag.recipe, os, signal, sys\n"
        "from edgetag.cli import main\n"
        "def hang_up(*_):\n"
        "  os.kill(os.getpid(), signal.SIGHUP)\n"
        "  sys.exit('went on')\n"
        "edgetag.recipe.load_recipe = hang_up\n"
        "sys.argv = ['edgetag', 'recipe', 'check', 'r.toml']\n"
        "main.main()\n"
    )
    assert captured(["nohup", sys.executable, "-c", script]).stderr.endswith("went on\n")


@pytest.mark.slow
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
