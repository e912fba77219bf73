"""The emulated machines as they really are: set up once, then scored on and counted on."""

import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edgetag.cli.main import app
from edgetag.device.count import Input, count_file
from edgetag.device.result import CountResult, TargetsResult
from edgetag.emulation import Target, find, open_target
from edgetag.emulation.building import set_up
from edgetag.emulation.state import problem
from edgetag.emulation.targets import ARM64, default_cache
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes import FailureKind, LoadFailure, ScoreRun, engines, score
from edgetag.runtimes.emulated import Emulated
from edgetag.workspace import digest_file

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("apt-get") and shutil.which("dpkg-deb")),
        reason="setting an emulated machine up needs apt-get and dpkg-deb",
    ),
]

MODELS = Path(__file__).parents[1] / "models"
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


class Untold:
    def advance(self, amount: int = 1, note: str = "") -> None:
        """Do nothing."""


def run(
    engine: str | Emulated, model: Path, cache: Path, timeout_s: float = 120.0
) -> ScoreRun | LoadFailure:
    which = engines.get(engine) if isinstance(engine, str) else engine
    rows = np.arange(IMAGES, dtype=np.int64)
    return score(which, model, cache, rows, CONTRACT, 1, Untold(), timeout_s)


def scores(engine: str | Emulated, model: str, cache: Path) -> np.ndarray:
    outcome = run(engine, MODELS / f"{model}.tflite", cache)
    assert isinstance(outcome, ScoreRun), outcome
    return outcome.scores


@pytest.mark.parametrize("model", ["tiny_int8_uint8", "tiny_int8_int8"])
@pytest.mark.parametrize("cpu", ["cortex-a76", "cortex-a53"])
def test_litert_gives_the_same_integers_on_arm64(
    arm64: Target, cache_folder: Path, model: str, cpu: str
) -> None:
    there = Emulated(arm64, "litert", arm64.cpu(cpu))
    assert np.array_equal(scores(there, model, cache_folder), scores("litert", model, cache_folder))


def test_tflite_runtime_gives_the_reference_kernels_integers_on_arm64(
    arm64: Target, cache_folder: Path
) -> None:
    if engines.get("tflite-runtime").available() is not None:
        pytest.skip("this machine lacks tflite-runtime")
    there = scores("tflite-runtime@arm64", "tiny_int8_uint8", cache_folder)
    here = scores("tflite-runtime-reference", "tiny_int8_uint8", cache_folder)
    assert np.array_equal(there, here)


def test_floats_differ_by_rounding_alone_on_arm64(arm64: Target, cache_folder: Path) -> None:
    there = scores("litert@arm64", "tiny_fp32", cache_folder)
    assert np.allclose(there, scores("litert", "tiny_fp32", cache_folder), rtol=0, atol=1e-5)


def test_tflite_runtime_runs_on_armv7(armv7: Target, cache_folder: Path) -> None:
    there = scores("tflite-runtime@armv7", "tiny_fp32", cache_folder)
    assert np.allclose(there, scores("litert", "tiny_fp32", cache_folder), rtol=0, atol=1e-5)


@pytest.mark.parametrize("cpu", ["cortex-a76", "cortex-a53"])
@pytest.mark.parametrize("model", ["tiny_int8_uint8", "tiny_fp32"])
def test_instructions_are_the_same_in_three_runs(
    arm64: Target, cache_folder: Path, cpu: str, model: str
) -> None:
    engine = Emulated(arm64, "litert", arm64.cpu(cpu))
    given = Input(cache_folder, np.zeros(1, dtype=np.int64), CONTRACT)
    found = [count_file(MODELS / f"{model}.tflite", engine, given) for _ in range(3)]
    assert isinstance(found[0], tuple), found[0]
    assert found[0][0] > 1000
    assert found[1:] == found[:1] * 2


def test_a_target_whose_bytecode_is_gone_counts_the_same(
    arm64: Target, cache_folder: Path, tmp_path: Path
) -> None:
    _, whole = open_target(arm64)
    folder = ARM64.folder(tmp_path)
    shutil.copytree(whole, folder, symlinks=True)
    given = Input(cache_folder, np.zeros(1, dtype=np.int64), CONTRACT)
    engine = Emulated(arm64, "litert", arm64.cpu(None), tmp_path)
    shutil.rmtree(folder / "bytecode")
    found = [count_file(MODELS / "tiny_int8_uint8.tflite", engine, given) for _ in range(2)]
    assert found[0] == found[1]


def test_operators_add_up_to_the_instructions_of_the_whole(
    arm64: Target, cache_folder: Path
) -> None:
    engine = Emulated(arm64, "litert", arm64.cpu(None))
    given = Input(cache_folder, np.zeros(1, dtype=np.int64), CONTRACT)
    found = count_file(MODELS / "tiny_int8_uint8.tflite", engine, given, by_operator=True)
    assert isinstance(found, tuple), found
    whole, operators = found
    assert sum(one.instructions for one in operators) == whole
    convolutions = [one.instructions for one in operators if "CONV_2D" in one.operators[0]]
    assert sum(convolutions) > whole / 2


def _verb(run_folder: Path, *arguments: str) -> tuple[int, str]:
    verb, *options = arguments
    command = ["device", verb, str(run_folder / "recipe.toml"), "--out", str(run_folder / "run")]
    done = CliRunner().invoke(app, [*command, *options, "--json"])
    return done.exit_code, done.stdout


def test_the_check_accepts_files_that_agree_and_keeps_its_result(
    arm64: Target, run_folder: Path
) -> None:
    code, text = _verb(run_folder, "check", "--images", "3")
    result = TargetsResult.from_json(text, "stdout")
    assert code == 0
    assert (run_folder / "run" / "device" / "check-arm64.json").read_text() == text
    assert result.images == 3
    litert = {check.variant: check for check in result.checks if check.runtime == "litert"}
    assert litert["int8"].agreement == "identical"
    assert litert["fp32"].max_difference is not None
    assert litert["fp32"].max_difference < 1e-5


def test_a_file_that_only_crashes_takes_no_other_with_it(arm64: Target, run_folder: Path) -> None:
    export = run_folder / "run" / "export"
    data = bytearray((export / "int8.tflite").read_bytes())
    digest = digest_file(export / "int8.tflite")
    data[: len(data) // 2] = b"\xff" * (len(data) // 2)
    (export / "int8.tflite").write_bytes(data)
    text = (export / "export.json").read_text()
    (export / "export.json").write_text(text.replace(digest, digest_file(export / "int8.tflite")))
    _, text = _verb(run_folder, "check", "--images", "2")
    result = TargetsResult.from_json(text, "stdout")
    agreements = {check.variant: check.agreement for check in result.checks}
    assert agreements["int8"] == "not compared"
    assert agreements["fp32"] in ("within tolerance", "identical")


def test_the_count_holds_the_budget_of_the_recipe(arm64: Target, run_folder: Path) -> None:
    chosen = ("--variant", "int8", "--runtime", "litert", "--cpu", "cortex-a76")
    code, text = _verb(run_folder, "count", *chosen)
    result = CountResult.from_json(text, "stdout")
    (budget,) = result.budgets
    assert (code, budget.verdict) == (0, "pass")
    assert budget.measured == result.counts[0].instructions
    recipe = run_folder / "recipe.toml"
    tighter = f"max_arm_instructions = {budget.measured - 1}"
    recipe.write_text(recipe.read_text().replace("max_arm_instructions = 200000", tighter))
    assert _verb(run_folder, "count", *chosen)[0] == 1


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
    started = time.monotonic()
    outcome = run("litert@arm64", MODELS / "tiny_fp32.tflite", cache_folder, timeout_s=0.2)
    assert isinstance(outcome, LoadFailure)
    assert outcome.kind is FailureKind.TIMED_OUT
    assert time.monotonic() - started < 20


def test_a_broken_target_is_built_anew_and_by_one_of_two_at_once(
    arm64: Target, tmp_path: Path
) -> None:
    _, whole = open_target(arm64)
    cache = tmp_path / "targets"
    folder = ARM64.folder(cache)
    shutil.copytree(whole, folder, symlinks=True)
    assert problem(arm64, cache) is None
    next(folder.glob("root/lib/*/libc.so.6")).unlink()
    assert "damaged" in (problem(arm64, cache) or "")

    class Listening(SilentProgress):
        def __init__(self) -> None:
            self.said: list[str] = []

        def say(self, message: str) -> None:
            self.said.append(message)

    progress = Listening()
    both = [threading.Thread(target=set_up, args=(arm64, cache, progress)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert problem(arm64, cache) is None
    assert sum("built anew" in message for message in progress.said) == 1
    assert sum("waiting" in message for message in progress.said) == 1
    assert [path.name for path in cache.iterdir() if path.is_dir()] == [folder.name]
