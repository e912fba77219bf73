"""`target check --on wasm`: the same files in Node, against the kernels here that they share."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.conversion.result import ExportResult
from edgetag.machine import Acceleration
from edgetag.progress import SilentProgress
from edgetag.runtimes.wasm import Wasm
from edgetag.targets.result import TargetsResult
from edgetag.workspace import digest_file
from tests.support.paths import MODELS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("node") and shutil.which("npm")), reason="needs Node.js and npm"
    ),
]


@pytest.fixture(scope="session")
def wasm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wasm")
    Wasm(folder).set_up(SilentProgress())
    return folder


def target_check(run_folder: Path, cache: Path, *more: str) -> tuple[int, str]:
    command = ["target", "check", str(run_folder / "recipe.toml"), "--out", str(run_folder / "run")]
    done = CliRunner().invoke(app, [*command, "--on", "wasm", "--cache", str(cache), *more])
    return done.exit_code, done.stdout


def test_integers_are_identical_in_webassembly_and_floats_close(
    run_folder: Path, wasm_cache: Path
) -> None:
    code, text = target_check(run_folder, wasm_cache, "--json")
    found = {check.variant: check for check in TargetsResult.from_json(text, "stdout").checks}
    assert code == 0
    assert found["int8"].agreement == "identical"
    assert found["fp32"].agreement in ("identical", "within tolerance")
    assert {check.host for check in found.values()} == {"litert"}
    assert found["int8"].program.startswith("Node.js ")
    assert found["int8"].cpu is None
    assert found["int8"].accelerator == Acceleration(requested="cpu", used="cpu")


def test_scores_that_differ_end_in_1_and_are_shown_with_how_many_and_how_much(
    run_folder: Path, wasm_cache: Path
) -> None:
    path = run_folder / "run" / "export" / "export.json"
    exported = ExportResult.read(path, "export")
    # A float file that claims to hold integers alone: rounding is then one difference too many.
    strict = exported.variants[0].replace(float_tensors=0)
    ExportResult(variants=(strict, exported.variants[1])).write(path)
    code, text = target_check(run_folder, wasm_cache)
    (row,) = (line for line in text.splitlines() if line.startswith("fp32"))
    assert code == 1
    assert "✗ differs" in row
    code, text = target_check(run_folder, wasm_cache, "--github")
    assert "::error title=edgetag%3A not accepted%3A fp32 on wasm::scores of 3 of 3 images" in text


def test_sixteen_bit_activations_agree_in_webassembly(run_folder: Path, wasm_cache: Path) -> None:
    path = run_folder / "run" / "export" / "int8.tflite"
    path.write_bytes((MODELS / "tiny_int16x8.tflite").read_bytes())
    exported = ExportResult.read(path.parent / "export.json", "export")
    other = exported.variants[1].replace(sha256=digest_file(path))
    result = ExportResult(variants=(exported.variants[0], other))
    result.write(path.parent / "export.json")
    code, text = target_check(run_folder, wasm_cache, "--variant", "int8", "--json")
    (check,) = TargetsResult.from_json(text, "stdout").checks
    assert (code, check.agreement) == (0, "identical"), check
