"""Whoever types a command as it was spelt before is told how it is spelt now."""

import pytest
from typer.testing import CliRunner

from edgetag.cli.app import app
from tests.support.commands import refusal_of


def refusal(command: str) -> str:
    done = CliRunner().invoke(app, command.split())
    return refusal_of(done)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("validate r.toml --on arm64", "target check r.toml --on arm64"),
        (
            "validate run r.toml --on=arm64 --cpu cortex-a76 --on wasm --images 2 --github",
            "target check r.toml --cpu cortex-a76 --images 2 --github --on arm64 --on wasm",
        ),
        (
            "validate r.toml --on adb --app a.b --images 9",
            "phone check r.toml --app a.b --images 9",
        ),
        (
            "validate r.toml --on adb:1.2.3.4:5555 --runner ./score",
            "phone check r.toml --runner ./score --serial 1.2.3.4:5555",
        ),
        (
            "bench r.toml --on arm64 --operators --out runs/x",
            "target count r.toml --operators --out runs/x --on arm64",
        ),
        (
            "bench r.toml --on arm64 --runtime litert --variant int8",
            "target count r.toml --variant int8 --on litert@arm64",
        ),
        (
            "bench r.toml --on adb --benchmark-model bm --delegate gpu",
            "phone bench r.toml --benchmark-model bm --delegate gpu",
        ),
        (
            "validate r.toml --model a.tflite --model=b.tflite --name a --as int8",
            "validate file r.toml a=a.tflite b.tflite --as int8",
        ),
        ("device setup arm64 --cache x", "target setup arm64 --cache x"),
        ("device list --json", "target list --json"),
        ("device", "target"),
    ],
)
def test_an_old_spelling_tells_the_new_one(before: str, now: str) -> None:
    assert refusal(before).endswith(f" has moved; type: edgetag {now}")


def test_a_word_with_a_space_is_quoted() -> None:
    done = CliRunner().invoke(app, ["validate", "my recipe.toml", "--on", "wasm"])
    assert str(done.exception).endswith("edgetag target check 'my recipe.toml' --on wasm")


def test_options_that_belong_into_the_recipe_are_told_as_its_lines() -> None:
    told = refusal(
        "bench r.toml --on adb --threads 1 --threads=4 --runs 9 --min-secs 0.5 --app a.b"
    )
    assert told == (
        "edgetag bench --on has moved; type: edgetag phone bench r.toml --app a.b\n"
        "and write into the recipe:\n[phones]\nthreads = [1, 4]\nruns = 9\nmin_s = 0.5"
    )


def test_targets_and_phones_in_one_command_are_two_commands_now() -> None:
    assert refusal("validate r.toml --on arm64 --on adb").endswith(
        "type: edgetag target check r.toml --on arm64; then: edgetag phone check r.toml"
    )


def test_a_new_spelling_that_looks_like_an_old_one_is_none() -> None:
    for command in ("matrix none.toml --on litert", "bench history none.toml --runtime litert"):
        done = CliRunner().invoke(app, command.split())
        assert "has moved" not in str(done.exception)
