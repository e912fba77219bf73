"""How the command ends when something that nobody foresaw happens, and whatever stdout takes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import RELEASED, ROOT
from tests.support.programs import captured

RECIPE = 'name = "x"\n[data]\nsource = "y"\ntags = ["猫", "é", "😀"]\n'


def crashing(error: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `recipe check` while reading a recipe raises an error."""
    script = (
        "import sys, edgetag.recipe\n"
        "from edgetag.cli import main, stages\n"
        f"def fail(*_): {error}\n"
        "edgetag.recipe.load_recipe = fail\n"
        f"sys.argv = ['edgetag', 'data', 'build', 'r.toml', *{options!r}]\n"
        "main.main()\n"
    )
    return captured(
        [sys.executable, "-c", script],
        env=os.environ | {"XDG_STATE_HOME": str(folder / "state"), "TMPDIR": str(folder)},
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "error",
    [
        "{}['key']",
        "raise EOFError('early')",
        "raise BrokenPipeError(32, 'worker')",
        "raise PermissionError(13, 'no', 'x')",
        "raise MemoryError",
    ],
)
def test_an_error_nobody_foresaw_ends_in_70_and_a_log(tmp_path: Path, error: str) -> None:
    done = crashing(error, tmp_path)
    assert (done.returncode, done.stdout) == (70, "")
    assert len(done.stderr.splitlines()) == 1
    (log,) = (tmp_path / "state" / "edgetag").iterdir()
    assert f"please report it with the log: {log}" in done.stderr
    text = log.read_text()
    assert "Traceback (most recent call last)" in text
    assert "['data', 'build', 'r.toml']" in text


@pytest.mark.slow
def test_a_file_that_may_not_be_so_large_is_the_users_to_mend(tmp_path: Path) -> None:
    done = crashing("raise OSError(27, 'File too large')", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: a file would be larger than the system lets one be")


@pytest.mark.slow
@pytest.mark.parametrize("verb", [("recipe", "check"), ("validate",)], ids=" ".join)
def test_a_name_that_no_file_can_have_is_a_wrong_input(verb: tuple[str, ...]) -> None:
    done = captured([sys.executable, "-m", "edgetag", *verb, "a" * 300])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {'a' * 300}: cannot be looked at: File name too long\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["validate", "none%.toml"], "::error title=edgetag::none%25.toml: "),
        (["validate", "r.toml", "--max-changed", "2"], "::error title=edgetag::Invalid value"),
        (["data", "none", "r.toml"], "::error title=edgetag::No such command"),
    ],
    ids=["wrong input", "wrong value", "wrong verb"],
)
def test_a_refusal_is_an_annotation_in_github_and_nowhere_else(
    arguments: list[str], reason: str
) -> None:
    for runner, lines in (("true", 1), ("", 0)):
        done = captured(
            [sys.executable, "-m", "edgetag", *arguments],
            env=os.environ | {"GITHUB_ACTIONS": runner},
        )
        assert (done.returncode, done.stdout) == (2, "")
        told = [line for line in done.stderr.splitlines() if line.startswith("::")]
        assert len(told) == lines
        assert all(line.startswith(reason) for line in told)


@pytest.mark.slow
def test_help_is_no_annotation() -> None:
    done = captured(
        [sys.executable, "-m", "edgetag", "ci"], env=os.environ | {"GITHUB_ACTIONS": "true"}
    )
    assert done.returncode == 2
    assert "::" not in done.stderr


@pytest.mark.slow
def test_an_error_nobody_foresaw_is_an_annotation_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    told = crashing("{}['key']", tmp_path).stderr.splitlines()[-1]
    assert told.startswith("::error title=edgetag::edgetag met an error of its own")


@pytest.mark.slow
def test_verbose_shows_the_traceback_too(tmp_path: Path) -> None:
    assert "Traceback" in crashing("{}['key']", tmp_path, "--verbose").stderr


@pytest.mark.slow
def test_a_log_that_cannot_be_written_at_home_goes_to_the_temporary_folder(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder belongs")
    done = crashing("{}['key']", tmp_path)
    assert done.returncode == 70
    (log,) = tmp_path.glob("error-*.log")
    assert str(log) in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [("recipe", "schema"), ("--help",), ("train", "--help"), ("target", "list")],
    ids=" ".join,
)
def test_output_that_nobody_reads_any_more_is_no_broken_budget(arguments: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "edgetag", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.wait(30) == 128 + 13
        assert process.stderr.read() == b""


@pytest.mark.slow
def test_messages_that_nobody_reads_or_that_find_no_room_are_no_broken_budget() -> None:
    command = [sys.executable, "-m", "edgetag", "recipe", "check", "none.toml"]
    read, write = os.pipe()
    os.close(read)
    assert subprocess.run(command, stderr=write).returncode == 2
    os.close(write)
    with Path("/dev/full").open("wb") as full:
        assert subprocess.run(command, stderr=full).returncode == 2


@pytest.mark.slow
def test_whoever_has_no_home_can_tag_and_is_told_of_an_error_in_a_log(tmp_path: Path) -> None:
    # Where nothing says which it is, "~" stands for itself, too.
    unknown = {"HOME": "~", "XDG_CACHE_HOME": "", "XDG_STATE_HOME": "", "TMPDIR": str(tmp_path)}
    script = "from edgetag.cli.crash import tell; print(tell(KeyError('key')))"
    told = captured([sys.executable, "-c", script], env=os.environ | unknown)
    (log,) = tmp_path.glob("error-*.log")
    assert str(log) in told.stdout
    picture = next((ROOT / "models" / "demo").glob("*.png"))
    command = [sys.executable, "-m", "edgetag", "tag", str(RELEASED), str(picture)]
    written = tmp_path / "written"  # all that the command may write to once it runs the model
    report = ["-o", str(written / "t.csv"), "--report", str(written / "t.html")]
    unknown |= {"MPLCONFIGDIR": "", "XDG_CONFIG_HOME": ""}
    done = captured([*command, *report], env=os.environ | unknown)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_what_is_printed_where_a_stream_is_closed_goes_nowhere(closed: str) -> None:
    done = captured(["sh", "-c", f'"$0" -m edgetag target list {closed}', sys.executable])
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_takes_no_unicode_gets_escapes(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "r.toml").write_text(RECIPE, encoding="utf-8")

    def said(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "edgetag", *arguments],
            capture_output=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONIOENCODING": encoding},
        )

    checked = said("recipe", "check", "r.toml", "--json")
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout.decode(encoding))["data"]["tags"] == ["猫", "é", "😀"]
    for verb in (["--help"], ["bundle", "--help"], ["doctor"]):
        done = said(*verb)
        assert (done.returncode, b"UnicodeEncodeError" in done.stderr) == (0, False), done.stderr
    missing = said("data", "check", "猫.toml")
    assert missing.returncode == 2
    assert rb"\u732b.toml" in missing.stderr
