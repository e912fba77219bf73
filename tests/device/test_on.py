"""`--on`: the same names mean the same in every verb, and nothing that is given is passed over."""

import json
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.device.on import Kind, known, resolve, resolve_for, runtime_names, spots
from edgetag.emulation import TARGETS
from edgetag.errors import InputError
from edgetag.recipe.device import CPUS, TargetName
from edgetag.runtimes import engines


def refusal(*arguments: object) -> str:
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert isinstance(done.exception, InputError), done.output
    return str(done.exception)


def test_a_machine_is_all_of_its_engines_and_an_engine_is_itself() -> None:
    assert resolve("arm64").runtimes == ("litert@arm64", "tflite-runtime@arm64")
    assert resolve("litert@arm64").runtimes == ("litert@arm64",)
    assert resolve("armv7").runtimes == ("tflite-runtime@armv7",)
    assert (resolve("wasm").kind, resolve("wasm").runtimes) == (Kind.WASM, ("wasm",))
    assert resolve("litert").kind is Kind.HERE
    both = resolve_for("matrix", ["litert@arm64", "arm64", "wasm"], Kind)
    assert runtime_names(both) == ("litert@arm64", "tflite-runtime@arm64", "wasm")


def test_a_phone_keeps_its_serial_whatever_that_is() -> None:
    assert resolve("adb").kind is Kind.PHONES
    assert resolve("adb:192.168.1.5:5555").name == "adb:192.168.1.5:5555"


@pytest.mark.parametrize("name", ["nonsense", "", "adb:", "arm64 ", "litert@armv7", "ARM64", "@"])
def test_a_name_of_nothing_is_refused_with_all_that_there_is(name: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve(name)
    for one in known():
        assert one in str(caught.value)


def test_every_engine_elsewhere_can_be_named() -> None:
    for name in (*engines.names(), *engines.target_names()):
        assert runtime_names([resolve(name)]) == (name,)


@pytest.mark.parametrize("verb", ["validate", "bench", "matrix"])
def test_verbs_refuse_a_name_of_nothing_before_any_work(run_folder: Path, verb: str) -> None:
    told = refusal(verb, run_folder / "recipe.toml", "--out", run_folder / "run", "--on", "x")
    assert "'x' is no place to run files on; there are: arm64, armv7" in told
    assert not (run_folder / "run" / "matrix").exists()


def test_what_a_verb_cannot_do_is_said_with_what_can(run_folder: Path) -> None:
    recipe = run_folder / "recipe.toml"
    assert "no latency there" in refusal("bench", recipe, "--on", "wasm")
    assert "this machine; edgetag validate without --on" in refusal(
        "validate", recipe, "--on", "litert"
    )
    assert "bench RECIPE --on adb" in refusal("matrix", recipe, "--on", "adb")
    assert "a command of its own" in refusal("bench", recipe, "--on", "arm64", "--on", "adb")
    assert "by pip" in refusal("device", "setup", "tflite-runtime")
    assert "arm64, armv7" in refusal("device", "setup", "riscv")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("validate", "--cpu", "cortex-a76"), "--cpu: is for other machines"),
        (("validate", "--on", "arm64", "--mean", "1"), "--mean: is about the verdict"),
        (("validate", "--on", "arm64", "--runner", "x"), "--runner: is for phones"),
        (("validate", "--on", "adb", "--cpu", "cortex-a76"), "--cpu: is for emulated machines"),
        (("validate", "--on", "adb"), "give --app"),
        (("bench", "--operators"), "--operators: is for other machines"),
        (("bench", "--max-secs", "3"), "--max-secs: is for phones"),
        (
            ("bench", "--on", "arm64", "--threads", "2", "--clean"),
            "--threads, --clean: is for phon",
        ),
        (("bench", "--on", "adb", "--runtime", "litert"), "--runtime: is for emulated"),
        (("bench", "--on", "arm64", "--full"), "--full: is about latency on this machine"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(
    run_folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    verb, *options = arguments
    assert told in refusal(verb, run_folder / "recipe.toml", *options)


def test_processors_of_other_machines_are_passed_over_and_unknown_ones_refused() -> None:
    places = (resolve("arm64"), resolve("armv7"))
    found = spots(places, ("litert", "tflite-runtime"), ("cortex-a53", "cortex-a7"))
    assert [(spot.engine.name, spot.cpu) for spot in found] == [
        ("litert@arm64", "cortex-a53"),
        ("tflite-runtime@arm64", "cortex-a53"),
        ("tflite-runtime@armv7", "cortex-a7"),
    ]
    with pytest.raises(InputError, match="'cortex-m4' is not one of: cortex-a76"):
        spots(places, ("litert",), ("cortex-m4",))
    with pytest.raises(InputError, match="arm64 can be cortex-a76, cortex-a53, not cortex-a7"):
        spots(places, ("litert",), ("cortex-a7",))


def test_a_machine_that_has_none_of_the_runtimes_is_no_silent_success() -> None:
    with pytest.raises(InputError, match=r"armv7 has tflite-runtime, and none of .*: litert"):
        spots((resolve("armv7"),), ("litert",), ("cortex-a7",))


def test_an_engine_by_name_needs_no_place_in_the_recipe() -> None:
    (spot,) = spots((resolve("litert@arm64"),), ("tflite-runtime",), ("cortex-a76",))
    assert (spot.target, spot.runtime, spot.cpu) == ("arm64", "litert", "cortex-a76")


def test_the_recipe_knows_the_machines_and_processors_that_there_are() -> None:
    assert set(get_args(TargetName)) == {target.name for target in TARGETS} | {"wasm"}
    for target in TARGETS:
        assert CPUS[target.name] == tuple(cpu.name for cpu in target.cpus)  # type: ignore[index]


def test_the_list_of_machines_says_what_to_type(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["device", "list", "--cache", str(tmp_path), "--json"])
    machines = json.loads(done.stdout)["machines"]
    assert [machine["name"] for machine in machines] == ["arm64", "armv7", "wasm"]
    for machine in machines:
        assert machine["state"] == "missing"
        assert f"edgetag device setup {machine['name']}" in machine["detail"]
    told = CliRunner().invoke(app, ["device", "list", "--cache", str(tmp_path)])
    assert told.exit_code == 0
    assert "cortex-a76, cortex-a53" in told.stdout


@pytest.mark.parametrize("gone", [("device", "check"), ("device", "count"), ("phone", "bench")])
def test_there_is_one_way(gone: tuple[str, str]) -> None:
    assert CliRunner().invoke(app, [*gone, "recipe.toml"]).exit_code == 2
