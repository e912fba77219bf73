"""What the command makes of words: slips are answered, every verb explains and completes."""

import os
import sys
from inspect import cleandoc
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import ALL, invoked
from tests.support.programs import captured


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("validate", "pla"), "edgetag validate plan"),
        (("validate", "plna", "r.toml"), "edgetag validate plan"),
        (("bundle", "chek", "X"), "edgetag bundle check"),
        (("bench", "comapre", "a", "b"), "edgetag bench compare"),
        (("data", "chek", "r.toml"), "check"),
        (("recipe", "nwe"), "new"),
        (("phone", "lst"), "list"),
        (("valdate", "r.toml"), "validate"),
    ],
)
def test_a_verb_that_is_not_there_is_answered_with_the_nearest(
    words: tuple[str, ...], meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = invoked(*words)
    assert code != 0
    assert f"id you mean '{meant}" in said


def test_a_word_like_no_verb_is_answered_with_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, said = invoked("validate", "xylophone")
    assert said == (
        "'xylophone' is neither a verb of edgetag validate (file, plan, speed, schema) nor a file "
        "or folder here"
    )


def test_what_may_be_a_path_still_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plam").mkdir()
    assert "a folder without run.json" in invoked("bundle", "plam")[1]
    assert "there is no such run folder here, nor a recipe" in invoked("validate", "runs/plam")[1]
    for missing in ("plam.toml", "./plam2", "a/plam"):
        assert "Write one with: edgetag recipe new" in invoked("validate", missing)[1]


def test_a_folder_may_be_called_as_the_default_verb_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "Missing argument" in invoked("bench", "run")[1]
    (tmp_path / "run").mkdir()
    for verb in ("bench", "bundle", "validate", "quantize"):
        assert "run: a folder without run.json" in invoked(verb, "run")[1]
        assert "run: a folder without run.json" in invoked(verb, "run", "--json")[1]
        assert "run: a folder without run.json" in invoked(verb, "run", "run")[1]
    assert "Usage: edgetag bench run" in invoked("bench", "run", "--help")[1]


def test_a_plot_of_another_name_than_its_kind_is_refused(tmp_path: Path) -> None:
    code, said = invoked("bench", "history", "r.toml", "--plot", str(tmp_path / "plot.png"))
    assert code != 0
    assert "the plot is an SVG file" in said


def test_a_run_folder_that_is_not_here_may_lie_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.toml").write_text('name = "x"\n[data]\nsource = "y.csv"\ntags = ["a"]\n')
    said = invoked("report", "r.toml", "--out", "my run")[1]
    assert "run: edgetag run RECIPE --out 'my run'; or name the folder in which it ran" in said


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) or "-" for path, _ in ALL])
def test_h_shows_the_whole_help_with_its_brackets(path: tuple[str, ...], command: Any) -> None:
    code, said = invoked(*path, "-h")
    assert code == 0
    assert said == invoked(*path, "--help")[1]
    if "run" in getattr(command, "commands", {}) and path:
        return  # the help is that of the verb that the group stands for
    written = [cleandoc(command.help or ""), command.epilog or ""]
    written += [parameter.help or "" for parameter in command.params if hasattr(parameter, "help")]
    shown = "".join(said.split())
    for text in written:
        for words in text.split():
            if "[" in words and "[bold]" not in words and "[/bold]" not in words:
                assert words.replace("\\[", "[").rstrip(".") in shown, words


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) or "-" for path, _ in ALL])
def test_paragraphs_of_help_are_broken_by_the_terminal_alone(
    path: tuple[str, ...], command: Any
) -> None:
    paragraphs = (command.help or "").split("\n\n")
    assert not any("\n" in paragraph.strip() for paragraph in paragraphs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("", {"run", "validate", "doctor"}),
        ("validate ", {"plan", "speed", "schema"}),
        ("validate pl", {"plan"}),
        ("bundle ", {"check", "sign", "verify", "android"}),
        ("bench c", {"compare"}),
        ("data ", {"check", "build", "preview"}),
        ("validate --ref", {"--reference"}),
        ("validate r.toml --ref", {"--reference"}),
        ("validate plan r.toml --mar", {"--margin"}),
    ],
)
def test_completion_knows_the_verbs_of_verbs(words: str, offered: set[str]) -> None:
    line = f"edgetag {words}"
    done = captured(
        [Path(sys.executable).with_name("edgetag")],
        env=os.environ
        | {
            "_EDGETAG_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(line.split(" ")) - 1),
        },
    )
    assert offered <= set(done.stdout.split()), done.stderr
