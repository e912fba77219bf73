"""The float model under TensorFlow is timed in a process of its own."""

from pathlib import Path

import pytest

from edgetag.benchmarking.desktop import time_reference
from edgetag.benchmarking.effort import Effort
from edgetag.benchmarking.result import MissingRuntime
from edgetag.machine import this_machine
from edgetag.preprocess import Pixels
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace

QUICK = Effort("quick", 12, 0.0)


def test_without_weights_it_is_left_out_with_the_reason(
    recipe: Recipe, pixels: Pixels, tmp_path: Path
) -> None:
    found = time_reference(
        recipe, Workspace(tmp_path), pixels, this_machine(), QUICK, SilentProgress()
    )
    assert isinstance(found, MissingRuntime)
    assert "model.npz is not here" in found.reason


@pytest.mark.tensorflow
def test_batch_one_and_the_best_batch_are_timed_on_a_named_device(
    recipe: Recipe, pixels: Pixels, tmp_path: Path
) -> None:
    from edgetag import networks

    workspace = Workspace(tmp_path)
    weights = workspace.train / "model.npz"
    networks.save_weights(networks.build(recipe.network, 3, seed=1), weights)
    found = time_reference(recipe, workspace, pixels, this_machine(), QUICK, SilentProgress())
    assert not isinstance(found, MissingRuntime), found
    one, best = found
    assert (one.batch, best.batch > 1) == (1, True)
    assert one.runs == best.runs == QUICK.runs
    assert one.device
    for timed in found:
        assert timed.images_per_s == pytest.approx(1e3 * timed.batch / timed.latency_ms.p50)


@pytest.mark.tensorflow
def test_damaged_weights_leave_it_out_with_the_reason(
    recipe: Recipe, pixels: Pixels, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path)
    workspace.train.mkdir()
    (workspace.train / "model.npz").write_bytes(b"no weights")
    found = time_reference(recipe, workspace, pixels, this_machine(), QUICK, SilentProgress())
    assert isinstance(found, MissingRuntime)
    assert "not a readable .npz" in found.reason
