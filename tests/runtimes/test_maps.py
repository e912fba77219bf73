"""Maps of a file's second signature, by the real runtimes in a process of their own."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from edgetag.conversion.explain_signature import add_explain, read_explain
from edgetag.conversion.flatfile import pack_model, read_model
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes import FailureKind, LoadFailure, engines, score
from edgetag.runtimes.maps import MapRun, explain
from tests.support.paths import MODELS

HERE = [engine.name for engine in engines.ENGINES if engine.available() is None]
ROWS = np.array([5, 30, 0])


def run(name: str, path: Path, cache: Path, contract: Preprocessing) -> MapRun | LoadFailure:
    with SilentProgress().track("maps", len(ROWS)) as task:
        return explain(engines.get(name), path, cache, ROWS, contract, task)


def explained(model: str, folder: Path) -> Path:
    content = read_model(MODELS / f"{model}.tflite")
    add_explain(content, model)
    path = folder / f"{model}.tflite"
    path.write_bytes(pack_model(content))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("model", ["tiny_fp32", "tiny_int8_uint8", "tiny_int16x8"])
def test_maps_are_real_numbers_whose_mean_makes_the_score(
    name: str, model: str, cache_folder: Path, contract: Preprocessing, tmp_path: Path
) -> None:
    path = explained(model, tmp_path)
    found = run(name, path, cache_folder, contract)
    if (name, model) == ("litert-compiled", "tiny_int16x8"):
        assert isinstance(found, LoadFailure)
        return
    assert isinstance(found, MapRun)
    assert found.maps.shape == (3, 16, 16, 3)
    assert found.maps.dtype == np.float32
    ends = read_explain(read_model(path), path)
    assert ends is not None
    step = ends.mean_step / 4 + (1 / 256 if ends.mean_step else 1e-6)
    np.testing.assert_allclose(expit(found.maps.mean(axis=(1, 2))), found.scores, atol=step)
    with SilentProgress().track("scores", len(ROWS)) as task:
        alone = score(engines.get(name), path, cache_folder, ROWS, contract, 1, task, 60)
    assert not isinstance(alone, LoadFailure)
    np.testing.assert_allclose(found.scores, alone.scores, atol=1e-6)
    assert len(np.unique(alone.scores)) > 3


@pytest.mark.parametrize("name", HERE)
def test_a_file_without_the_signature_is_refused(
    name: str, cache_folder: Path, contract: Preprocessing
) -> None:
    found = run(name, MODELS / "tiny_fp32.tflite", cache_folder, contract)
    assert isinstance(found, LoadFailure)
    assert found.kind is FailureKind.NOT_LOADABLE
    assert "explain" in found.reason


def test_an_image_of_another_size_is_refused(
    cache_folder: Path, contract: Preprocessing, tmp_path: Path
) -> None:
    path = explained("tiny_fp32", tmp_path)
    model = read_model(path)
    graph = model.subgraphs[1]
    graph.tensors[graph.inputs[0]].shape = [1, 32, 32, 3]
    path.write_bytes(pack_model(model))
    found = run("litert", path, cache_folder, contract)
    assert isinstance(found, LoadFailure)
    assert found.kind is FailureKind.NOT_LOADABLE
