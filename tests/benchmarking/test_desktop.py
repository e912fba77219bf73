"""The float model is timed by engines of desktops, each in a process of its own."""

from pathlib import Path

import pytest

from edgetag.benchmarking.desktop import time_reference
from edgetag.benchmarking.effort import Effort
from edgetag.benchmarking.result import MissingRuntime
from edgetag.desktop.nvidia import handle_of
from edgetag.machine import Acceleration, this_machine
from edgetag.preprocess import Pixels
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace
from tests.support.handmade_onnx import handmade_onnx, write_onnx
from tests.support.run_folders import write_export

QUICK = Effort("quick", 12, 0.0)


def test_without_weights_it_is_left_out_with_the_reason(
    recipe: Recipe, pixels: Pixels, tmp_path: Path
) -> None:
    (left_out,) = time_reference(recipe, Workspace(tmp_path), pixels, QUICK, SilentProgress())
    assert isinstance(left_out, MissingRuntime)
    assert "model.npz is not here" in left_out.reason


@pytest.mark.slow
def test_onnx_runtime_is_timed_where_the_run_has_an_onnx_file(
    recipe: Recipe, pixels: Pixels, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path)
    onnx = write_onnx(workspace, handmade_onnx(recipe.network.input_size))
    write_export(workspace, (), onnx=onnx)
    timings = time_reference(recipe, workspace, pixels, QUICK, SilentProgress())
    one, best = next(timing for timing in timings if not isinstance(timing, MissingRuntime))
    assert (one.engine, one.batch, best.batch > 1) == ("ONNX Runtime", 1, True)
    assert one.device == this_machine().cpu
    said = Acceleration(requested="gpu", used="cpu", reason="this onnxruntime has no CUDA")
    assert one.accelerator == best.accelerator == said
    assert one.latency_ms.p50 > 0


@pytest.mark.tensorflow
def test_batch_one_and_the_best_batch_are_timed_on_a_named_device(
    recipe: Recipe, pixels: Pixels, tmp_path: Path
) -> None:
    from edgetag import networks

    workspace = Workspace(tmp_path)
    weights = workspace.train / "model.npz"
    networks.save_weights(networks.build(recipe.network, 3, seed=1), weights)
    (timed_batches,) = time_reference(recipe, workspace, pixels, QUICK, SilentProgress())
    assert not isinstance(timed_batches, MissingRuntime), timed_batches
    one, best = timed_batches
    assert (one.batch, best.batch > 1) == (1, True)
    assert one.runs == best.runs == QUICK.runs
    assert one.device
    assert one.accelerator is not None
    assert one.accelerator.requested == "gpu"
    assert (one.accelerator.used == "gpu") is (one.accelerator.reason == "")
    for timed in timed_batches:
        assert timed.peak_gpu_bytes is timed.joules_per_image is None, "of the CPU nobody asks"
        assert timed.images_per_s == pytest.approx(1e3 * timed.batch / timed.latency_ms.p50)


@pytest.mark.tensorflow
def test_damaged_weights_leave_it_out_with_the_reason(
    recipe: Recipe, pixels: Pixels, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path)
    workspace.train.mkdir()
    (workspace.train / "model.npz").write_bytes(b"no weights")
    (left_out,) = time_reference(recipe, workspace, pixels, QUICK, SilentProgress())
    assert isinstance(left_out, MissingRuntime)
    assert "not a readable .npz" in left_out.reason


class TwoGpus:
    """As much of nvidia-ml-py as names a GPU: no driver is here."""

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:  # noqa: N802
        return number

    def nvmlDeviceGetUUID(self, handle: int) -> str:  # noqa: N802
        return ("GPU-8932f937-d72c", "GPU-1b2c3d4e-0000")[handle]


@pytest.mark.parametrize(
    ("visible", "number", "expected"),
    [
        (None, 1, 1),
        ("1", 0, 1),
        ("1, 0", 1, 0),
        ("GPU-1b2c3d4e-0000", 0, 1),
        ("GPU-1b2,GPU-8932f937-d72c", 1, 0),
        ("MIG-1b2c3d4e-0000", 0, None),
    ],
)
def test_memory_and_energy_are_asked_of_the_very_gpu_that_computes(
    visible: str | None, number: int, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert handle_of(TwoGpus(), number) == expected
