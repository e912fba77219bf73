"""`--on`: the same names mean the same in every verb, and nothing that is given is passed over."""

import json
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.errors import InputError
from edgetag.recipe import load_recipe
from edgetag.recipe.targets import CPUS, TargetName
from edgetag.runtimes import Engine, engines
from edgetag.runtimes.emulation import TARGETS
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.runtimes.tflite_runtime import TFLiteRuntime
from edgetag.targets.asked import (
    engines_of,
    engines_to_check,
    engines_to_count,
    require_comparable,
)
from edgetag.targets.naming import WEB, Kind, places, resolve, resolve_for, runtime_names
from tests.support.commands import refusal_of


def refusal(*arguments: object) -> str:
    done = CliRunner().invoke(app, list(map(str, arguments)))
    return refusal_of(done)


def test_a_machine_is_all_of_its_engines_and_an_engine_is_itself() -> None:
    assert resolve("arm64").runtimes == ("litert@arm64", "tflite-runtime@arm64")
    assert resolve("litert@arm64").runtimes == ("litert@arm64",)
    assert resolve("armv7").runtimes == ("tflite-runtime@armv7",)
    assert (resolve("wasm").kind, resolve("wasm").runtimes) == (Kind.WEB, ("wasm",))
    assert resolve("litert").kind is Kind.HERE
    both = resolve_for("matrix", ["litert@arm64", "arm64", "wasm"])
    assert runtime_names(both) == ("litert@arm64", "tflite-runtime@arm64", "wasm")


@pytest.mark.parametrize("name", ["adb", "adb:192.168.1.5:5555"])
def test_a_phone_is_sent_to_the_verbs_of_phones(name: str) -> None:
    with pytest.raises(InputError, match="edgetag phone check, edgetag phone bench"):
        resolve(name)


@pytest.mark.parametrize("name", ["nonsense", "", "arm64 ", "litert@armv7", "ARM64", "@"])
def test_a_name_of_nothing_is_refused_with_all_that_there_is(name: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve(name)
    for place in places():
        assert place.name in str(caught.value)


def test_every_engine_elsewhere_can_be_named() -> None:
    for name in (*engines.names(), *engines.target_names()):
        assert runtime_names([resolve(name)]) == (name,)


VERBS = (("target", "check"), ("target", "count"), ("matrix",))


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_refuse_a_name_of_nothing_before_any_work(
    run_folder: Path, verb: tuple[str, ...]
) -> None:
    told = refusal(*verb, run_folder / "recipe.toml", "--out", run_folder / "run", "--on", "x")
    assert "'x' is no place to run files on; there are: arm64, armv7" in told
    assert not (run_folder / "run" / "matrix").exists()


def test_what_a_verb_cannot_do_is_said_with_what_can(run_folder: Path) -> None:
    recipe = run_folder / "recipe.toml"
    told = refusal("target", "count", recipe, "--on", "wasm")
    assert "compare scores with: edgetag target check RECIPE --on wasm" in told
    told = refusal("target", "check", recipe, "--on", "litert")
    assert told == "litert: that is this machine; edgetag validate RECIPE is about it"
    told = refusal("target", "count", recipe, "--on", "tflite-runtime")
    assert "edgetag bench RECIPE is about it" in told
    assert "edgetag phone bench" in refusal("matrix", recipe, "--on", "adb")
    assert "by pip" in refusal("target", "setup", "tflite-runtime")
    assert "need no set-up" in refusal("target", "setup", "adb")
    assert "arm64, armv7" in refusal("target", "setup", "riscv")


@pytest.mark.parametrize("verb", ["check", "count"])
def test_without_a_name_the_recipe_says_which_targets(run_folder: Path, verb: str) -> None:
    recipe, cache = run_folder / "recipe.toml", run_folder / "none"
    arguments = ("target", verb, recipe, "--out", run_folder / "run", "--cache", cache)
    assert "edgetag target setup arm64" in refusal(*arguments)
    recipe.write_text(recipe.read_text().replace('[targets]\non = ["arm64"]', "[targets]"))
    recipe.write_text(recipe.read_text().replace("max_arm_instructions = 200000", ""))
    assert 'or in the recipe: [targets] on = ["arm64"]' in refusal(*arguments)


def names_of(there: tuple[Engine, ...]) -> list[tuple[str, str | None]]:
    return [(e.name, e.cpu.name if isinstance(e, Emulated) else None) for e in there]


def test_processors_of_other_machines_are_passed_over_and_unknown_ones_refused() -> None:
    named = (resolve("arm64"), resolve("armv7"))
    found = engines_of(named, ("litert", "tflite-runtime"), ("cortex-a53", "cortex-a7"))
    assert names_of(found) == [
        ("litert@arm64", "cortex-a53"),
        ("tflite-runtime@arm64", "cortex-a53"),
        ("tflite-runtime@armv7", "cortex-a7"),
    ]
    with pytest.raises(InputError, match="'cortex-m4' is not one of: cortex-a76"):
        engines_of(named, ("litert",), ("cortex-m4",))
    with pytest.raises(InputError, match="arm64 can be cortex-a76, cortex-a53, not cortex-a7"):
        engines_of(named, ("litert",), ("cortex-a7",))


def test_a_machine_that_has_none_of_the_runtimes_is_no_silent_success() -> None:
    with pytest.raises(InputError, match=r"armv7 has tflite-runtime, and none of .*: litert"):
        engines_of((resolve("armv7"),), ("litert",), ("cortex-a7",))


def test_a_machine_whose_engines_are_not_here_is_no_silent_success(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So it is in Python 3.12 and later, for which tflite-runtime has no wheel."""
    monkeypatch.setattr(TFLiteRuntime, "available", lambda _: "no wheel for Python 3.12+")
    lacking = engines_of((resolve("armv7"),), ("tflite-runtime",), ("cortex-a7",))
    with pytest.raises(InputError, match=r"tflite-runtime@armv7: .* to compare .*: no wheel for"):
        require_comparable(lacking)
    require_comparable((*lacking, engines.get("litert@arm64")))
    require_comparable((engines.get("wasm"),))


def test_an_engine_by_name_needs_no_place_in_the_recipe() -> None:
    there = engines_of((resolve("litert@arm64"),), ("tflite-runtime",), ("cortex-a76",))
    assert names_of(there) == [("litert@arm64", "cortex-a76")]


def test_nothing_is_counted_in_webassembly_where_the_recipe_names_it(run_folder: Path) -> None:
    path = run_folder / "recipe.toml"
    text = path.read_text().replace('on = ["arm64"]', 'on = ["wasm"]')
    path.write_text(text.replace("max_arm_instructions = 200000", ""))
    recipe = load_recipe(path)
    assert [engine.name for engine in engines_to_check(recipe)] == ["wasm"]
    assert engines_to_count(recipe) == ()


def test_the_recipe_knows_the_machines_and_processors_that_there_are() -> None:
    assert set(get_args(TargetName)) == {target.name for target in TARGETS} | set(WEB)
    for target in TARGETS:
        assert CPUS[target.name] == tuple(cpu.name for cpu in target.cpus)  # type: ignore[index]


def test_the_list_of_targets_says_what_to_type(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["target", "list", "--cache", str(tmp_path), "--json"])
    targets = json.loads(done.stdout)["targets"]
    assert [target["name"] for target in targets] == ["arm64", "armv7", *WEB]
    for target in targets:
        assert target["state"] == "missing"
        assert f"edgetag target setup {target['name']}" in target["detail"]
    told = CliRunner().invoke(app, ["target", "list", "--cache", str(tmp_path)])
    assert told.exit_code == 0
    assert "cortex-a76, cortex-a53" in told.stdout
