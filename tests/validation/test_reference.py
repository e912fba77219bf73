"""Reference scores under TensorFlow, over a real small network and the real exporter's weights."""

from pathlib import Path

import numpy as np
import pytest
from tiny_run import TEST, RunFolder

from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.validation import stage
from edgetag.validation.result import Verdict
from edgetag.validation.scores import read_reference
from edgetag.workspace import digest_file

pytestmark = pytest.mark.tensorflow
QUIET = SilentProgress()
NETWORK = {"name": "mobilenet_v2", "input_size": 64, "width": 0.35}


@pytest.fixture
def trained(run_folder: RunFolder) -> stage.Recipe:
    """A recipe whose weights really are in the run folder."""
    from edgetag import networks

    recipe = run_folder.recipe
    network = type(recipe.network)(**NETWORK)
    section = recipe.validation.model_copy(update={"runtimes": ("litert",)})
    recipe = recipe.model_copy(update={"network": network, "validation": section})
    networks.save_weights(networks.build(network, 3), run_folder.workspace.train / "model.npz")
    return recipe


def test_reference_scores_are_computed_once_and_name_their_making(
    run_folder: RunFolder, trained: stage.Recipe
) -> None:
    workspace = run_folder.workspace
    verdict = stage.run(trained, workspace, QUIET)
    assert isinstance(verdict, Verdict)
    assert verdict.reference.engine == "TensorFlow"
    assert verdict.reference.versions["tensorflow"].startswith("2.")
    assert verdict.reference.device
    assert verdict.reference.weights_sha256 == digest_file(workspace.train / "model.npz")
    kept = workspace.validate / "reference.npz"
    stored = read_reference(kept)
    assert stored.scores.shape == (len(run_folder.reference), 3)
    assert stored.meta.thresholds == run_folder.thresholds
    assert stored.identities[:2] == ("id0", "id1")
    assert set(stored.split) == {"test", "test_style"}
    written = kept.stat().st_mtime_ns
    stage.run(trained, workspace, QUIET)
    assert kept.stat().st_mtime_ns == written
    kept.write_bytes(kept.read_bytes()[: TEST * 4])
    stage.run(trained, workspace, QUIET)
    again = read_reference(kept)
    assert np.allclose(again.scores, stored.scores, atol=1e-6)


def test_without_weights_the_reference_cannot_be_computed(
    run_folder: RunFolder, trained: stage.Recipe
) -> None:
    (run_folder.workspace.train / "model.npz").unlink()
    with pytest.raises(InputError, match=r"model\.npz: missing"):
        stage.run(trained, run_folder.workspace, QUIET)
    assert not Path(run_folder.workspace.validate / "verdict.json").exists()
