"""The emulated machines as they really are: set up once, then scored on and counted on."""

import shutil
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.machine import Acceleration
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress, SilentTask
from edgetag.recipe import load_recipe
from edgetag.runtimes import FailureKind, LoadFailure, ScoreRun, engines, score
from edgetag.runtimes.emulation import Target, find, open_target
from edgetag.runtimes.emulation.building import set_up
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.runtimes.emulation.machines import default_cache
from edgetag.runtimes.emulation.state import MARKER, problem
from edgetag.targets import stage
from edgetag.targets.counting.one_file import count_file
from edgetag.targets.result import TargetsResult
from edgetag.targets.scoring import Pictures
from edgetag.workspace import Workspace, digest_file
from tests.support.bad_loops import crashing_model, endless_model
from tests.support.listening import Listening
from tests.support.paths import MODELS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("apt-get") and shutil.which("dpkg-deb")),
        reason="setting an emulated machine up needs apt-get and dpkg-deb",
    ),
]

CONTRACT = Preprocessing(input_size=64, mean=127.0, std=128.0)
IMAGES = 6
"""As many as conftest draws."""


def _ready(name: str) -> Target:
    target = find(name)
    set_up(target, default_cache(), SilentProgress())
    return target


@pytest.fixture(scope="session")
def arm64() -> Target:
    """ARM64, in the user's cache, so that a second session finds it there."""
    return _ready("arm64")


@pytest.fixture(scope="session")
def armv7() -> Target:
    return _ready("armv7")


def run(
    engine: str | Emulated, model: Path, cache: Path, timeout_s: float = 120.0
) -> ScoreRun | LoadFailure:
    which = engines.get(engine) if isinstance(engine, str) else engine
    rows = np.arange(IMAGES, dtype=np.int64)
    return score(which, model, cache, rows, CONTRACT, 1, SilentTask(), timeout_s)


def scores(engine: str | Emulated, model: str, cache: Path) -> npt.NDArray[Any]:
    outcome = run(engine, MODELS / f"{model}.tflite", cache)
    assert isinstance(outcome, ScoreRun), outcome
    return outcome.scores


def test_litert_gives_the_same_integers_without_dot_products(
    arm64: Target, cache_folder: Path
) -> None:
    there = scores(
        Emulated(arm64, "litert", arm64.cpu("cortex-a53")), "tiny_int8_int8", cache_folder
    )
    assert np.array_equal(there, scores("litert", "tiny_int8_int8", cache_folder))


def test_tflite_runtime_runs_on_armv7(armv7: Target, cache_folder: Path) -> None:
    there = scores("tflite-runtime@armv7", "tiny_fp32", cache_folder)
    assert np.allclose(there, scores("litert", "tiny_fp32", cache_folder), rtol=0, atol=1e-5)


def test_instructions_are_the_same_in_every_run(
    arm64: Target, cache_folder: Path, tmp_path: Path
) -> None:
    engine = Emulated(arm64, "litert", arm64.cpu("cortex-a53"))
    here = MODELS / "tiny_fp32.tflite"
    elsewhere = tmp_path / ("a folder with a long name" * 5)
    shutil.copytree(cache_folder, elsewhere / "cache")
    there = Path(shutil.copy(here, elsewhere / "a file with a long name.tflite"))
    first, second = (
        count_file(path, engine, Pictures(cache, np.zeros(1, dtype=np.int64), CONTRACT))
        for path, cache in ((here, cache_folder), (there, elsewhere / "cache"))
    )
    assert isinstance(first, tuple), first
    assert first[0] > 1000
    assert second == first


def test_operators_add_up_to_the_instructions_of_the_whole(
    arm64: Target, cache_folder: Path
) -> None:
    engine = Emulated(arm64, "litert", arm64.cpu(None))
    pictures = Pictures(cache_folder, np.zeros(1, dtype=np.int64), CONTRACT)
    found = count_file(MODELS / "tiny_int8_uint8.tflite", engine, pictures, by_operator=True)
    assert isinstance(found, tuple), found
    whole, operators = found
    assert sum(one.instructions for one in operators) == whole
    convolutions = [one.instructions for one in operators if "CONV_2D" in one.operators[0]]
    assert sum(convolutions) > whole / 2


def _verb(
    run_folder: Path, verb: str, *options: str, on: str = "arm64"
) -> tuple[int, TargetsResult]:
    command = ["target", verb, str(run_folder / "recipe.toml"), "--out", str(run_folder / "run")]
    done = CliRunner().invoke(app, [*command, "--on", on, *options, "--json"])
    return done.exit_code, TargetsResult.from_json(done.stdout, "stdout")


def _kept(run_folder: Path) -> TargetsResult:
    return TargetsResult.read(run_folder / "run" / "targets" / "targets.json", "test")


def test_files_that_agree_are_accepted_and_the_result_is_kept(
    arm64: Target, run_folder: Path
) -> None:
    code, result = _verb(run_folder, "check", "--images", str(IMAGES), "--cpu", "cortex-a76")
    assert code == 0
    assert _kept(run_folder) == result
    assert {check.images for check in result.checks} == {IMAGES}
    checks = {(check.runtime, check.variant): check for check in result.checks}
    assert checks["litert", "int8"].agreement == "identical"
    difference = checks["litert", "fp32"].max_difference
    assert difference is not None
    assert difference < 1e-5
    if engines.get("tflite-runtime").available() is None:
        reference = checks["tflite-runtime", "int8"]
        assert (reference.host, reference.agreement) == ("tflite-runtime-reference", "identical")


def _damaged(run_folder: Path, content: bytes) -> None:
    """Put another file in the place of int8's, as if it had been exported so."""
    export = run_folder / "run" / "export"
    digest = digest_file(export / "int8.tflite")
    (export / "int8.tflite").write_bytes(content)
    text = (export / "export.json").read_text()
    (export / "export.json").write_text(text.replace(digest, digest_file(export / "int8.tflite")))


def test_a_file_that_crashes_takes_no_other_with_it(arm64: Target, run_folder: Path) -> None:
    _damaged(run_folder, crashing_model())
    chosen = ("--images", "2", "--cpu", "cortex-a76")
    code, result = _verb(run_folder, "check", *chosen, on="litert@arm64")
    reasons = {check.reason for check in result.checks if check.variant == "int8"}
    assert all("it crashed (SIGSEGV)" in reason for reason in reasons), reasons
    assert {c.agreement for c in result.checks if c.variant == "int8"} == {"not compared"}
    assert all(check.acceptable for check in result.checks if check.variant == "fp32")
    assert code == 0, "it fails here too, which is validation's to judge"
    code, result = _verb(run_folder, "count", "--cpu", "cortex-a76", on="litert@arm64")
    assert code == 1, "a file that cannot be counted keeps no budget"
    (failure,) = result.failures
    not_run = Acceleration(requested="cpu", used=None, reason=failure.reason)
    assert (failure.variant, failure.accelerator) == ("int8", not_run)
    assert {count.variant for count in result.counts} == {"fp32"}


def test_an_inference_without_an_end_is_ended_and_the_others_are_kept(
    arm64: Target, run_folder: Path
) -> None:
    _damaged(run_folder, endless_model())
    recipe = run_folder / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("images = 3", "images = 1\ntime_limit_s = 12"))
    chosen = ("--cpu", "cortex-a76")
    _, result = _verb(run_folder, "check", "--variant", "int8", *chosen, on="litert@arm64")
    (check,) = result.checks
    assert check.reason == "here: no answer for 12 s while running it; there: not tried"
    # The good file takes five seconds, on a busy machine some times as many.
    recipe.write_text(recipe.read_text().replace("time_limit_s = 12", "time_limit_s = 24"))
    _, result = _verb(run_folder, "count", *chosen, on="litert@arm64")
    (failure,) = result.failures
    assert (failure.variant, failure.reason) == ("int8", "no answer for 24 s while running it")
    assert {count.variant for count in result.counts} == {"fp32"}


def test_a_run_checks_and_counts_on_the_targets_of_its_recipe_and_verbs_add_to_that(
    arm64: Target, run_folder: Path
) -> None:
    path = run_folder / "recipe.toml"
    text = path.read_text().replace("images = 3", 'images = 1\ncpus = ["cortex-a76"]')
    runtimes = '[validation]\nruntimes = ["litert"]\n[benchmark]\nruntimes = ["litert"]\n'
    path.write_text(text + runtimes)
    stage.require(load_recipe(path))
    result = stage.run(load_recipe(path), Workspace(run_folder / "run"), SilentProgress())
    assert _kept(run_folder) == result
    everywhere = [(variant, "litert@arm64, cortex-a76") for variant in ("fp32", "int8")]
    assert [(check.variant, check.place) for check in result.checks] == everywhere
    assert [(count.variant, count.place) for count in result.counts] == everywhere
    assert result.verdict == "pass"

    int8 = ("--variant", "int8", "--cpu")
    code, more = _verb(run_folder, "check", *int8, "cortex-a53", on="litert@arm64")
    assert (code, [check.cpu for check in more.checks]) == (0, ["cortex-a53"])
    kept = _kept(run_folder)
    assert {check.place for check in kept.checks if check.variant == "int8"} == {
        "litert@arm64, cortex-a76",
        "litert@arm64, cortex-a53",
    }
    assert kept.counts == result.counts

    (budget,) = result.budgets
    instructions = {count.variant: count.instructions for count in result.counts}
    assert (budget.verdict, budget.measured) == ("pass", instructions["int8"])
    tighter = f"max_arm_instructions = {instructions['int8'] - 1}"
    path.write_text(path.read_text().replace("max_arm_instructions = 200000", tighter))
    code, again = _verb(run_folder, "count", *int8, "cortex-a76", on="litert@arm64")
    assert (code, again.counts[0].instructions) == (1, instructions["int8"])


def test_a_damaged_model_on_the_emulated_machine_is_a_failure_and_no_more(
    arm64: Target, cache_folder: Path, tmp_path: Path
) -> None:
    data = (MODELS / "tiny_fp32.tflite").read_bytes()
    model = tmp_path / "cut.tflite"
    model.write_bytes(data[: len(data) // 2])
    outcome = run("litert@arm64", model, cache_folder)
    assert isinstance(outcome, LoadFailure)
    assert outcome.kind in (FailureKind.NOT_LOADABLE, FailureKind.CRASHED)
    assert "\n" not in outcome.reason


def test_an_emulated_program_that_does_not_answer_is_ended(
    arm64: Target, cache_folder: Path
) -> None:
    outcome = run("litert@arm64", MODELS / "tiny_fp32.tflite", cache_folder, timeout_s=0.2)
    assert isinstance(outcome, LoadFailure)
    assert outcome.kind is FailureKind.TIMED_OUT


@dataclass(frozen=True)
class Rebuilt:
    """A target that was broken, and that two at once were asked to mend.

    Attributes:
        target: ARM64 with one runtime and one processor.
        cache: The folder of all targets.
        problem: What was wrong before.
        said: What both said.
    """

    target: Target
    cache: Path
    problem: str | None
    said: tuple[str, ...]


@pytest.fixture(scope="module")
def rebuilt(arm64: Target, tmp_path_factory: pytest.TempPathFactory) -> Rebuilt:
    cache = tmp_path_factory.mktemp("targets")
    installed, whole = open_target(arm64)
    wheels = tuple(wheel for wheel in arm64.wheels if wheel[0] != "tflite-runtime")
    small = replace(arm64, wheels=wheels, runtimes=arm64.runtimes[:1], cpus=arm64.cpus[:1])
    folder = small.folder(cache)
    shutil.copytree(whole, folder, symlinks=True, ignore=shutil.ignore_patterns("bytecode"))
    installed.replace(digest=small.digest()).write(folder / MARKER)
    assert problem(small, cache) is None
    next(folder.glob("root/lib/*/libc.so.6")).unlink()
    before = problem(small, cache)

    progress = Listening()
    both = [threading.Thread(target=set_up, args=(small, cache, progress)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    return Rebuilt(small, cache, before, tuple(progress.said))


def test_a_broken_target_is_built_anew_and_by_one_of_two_at_once(rebuilt: Rebuilt) -> None:
    assert "damaged" in (rebuilt.problem or "")
    assert problem(rebuilt.target, rebuilt.cache) is None
    assert sum("built anew" in message for message in rebuilt.said) == 1
    assert sum("waiting" in message for message in rebuilt.said) == 1
    folder = rebuilt.target.folder(rebuilt.cache)
    assert [path.name for path in rebuilt.cache.iterdir() if path.is_dir()] == [folder.name]


def test_a_target_whose_bytecode_is_gone_counts_the_same(
    rebuilt: Rebuilt, cache_folder: Path
) -> None:
    """The runtime's: to compile its modules moves a count by 19, and all of them took 7 s more."""
    pictures = Pictures(cache_folder, np.zeros(1, dtype=np.int64), CONTRACT)
    engine = Emulated(rebuilt.target, "litert", rebuilt.target.cpu(None), rebuilt.cache)
    folder = rebuilt.target.folder(rebuilt.cache)
    (bytecode,) = (folder / "bytecode").glob("**/site/ai_edge_litert")
    shutil.rmtree(bytecode)
    counts = [count_file(MODELS / "tiny_int8_uint8.tflite", engine, pictures) for _ in range(2)]
    assert isinstance(counts[0], tuple), counts
    assert counts[0] == counts[1]
