"""`target check --on browser-webgpu`: what computes the shaders is in the result."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.machine import Acceleration
from edgetag.targets.result import TargetsResult

SOFTWARE = Acceleration(
    requested="gpu",
    used="cpu",
    reason="the browser's WebGPU is software on the processor: google swiftshader",
)


@pytest.mark.slow
def test_shaders_in_software_are_recorded_as_the_processors_work(
    run_folder: Path, browser_cache: Path
) -> None:
    command = ["target", "check", str(run_folder / "recipe.toml"), "--out", str(run_folder / "run")]
    asked = ["--on", "browser-webgpu", "--cache", str(browser_cache), "--json"]
    done = CliRunner().invoke(app, [*command, *asked])
    checks = {each.variant: each for each in TargetsResult.from_json(done.stdout, "").checks}
    assert checks["fp32"].accelerator == SOFTWARE
    for check in checks.values():
        assert check.program.endswith(", SwiftShader")
        nothing = SOFTWARE.replace(used=None, reason=check.reason)
        assert check.accelerator == (nothing if check.agreement == "fails there" else SOFTWARE)
