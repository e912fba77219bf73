"""A file that litert-quantizer made of a float one is read and scored like any other."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.conversion.external import read_external
from edgetag.conversion.flatfile import read_model
from edgetag.conversion.metadata import ModelInfo, attach
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes import ScoreRun, engines, score
from edgetag.tags import Vocabulary
from tests.support.paths import MODELS
from tests.support.quantized_elsewhere import quantized
from tests.support.run_folders import noisy_pictures, write_cache

FLOAT_FILE = MODELS / "tiny_fp32.tflite"
CONTRACT = Preprocessing(input_size=64, mean=127.0, std=128.0)
RECIPE = Preprocessing(input_size=64, mean=0.0, std=255.0)
TAGS = Vocabulary(("cat", "dog", "food"))
HERE = [e.name for e in engines.ENGINES if e.available() is None]

pytestmark = [
    pytest.mark.slow,
    # Calibration keeps all tensors, and the interpreter warns that this takes memory.
    pytest.mark.filterwarnings("ignore:.*experimental_preserve_all_tensors:UserWarning"),
]


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    """60 noisy images of one colour each."""
    return noisy_pictures(60, 3)


@pytest.fixture(scope="module")
def cache(pixels: Pixels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    write_cache(folder, pixels)
    return folder


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A float file with metadata and labels, as edgetag exports it."""
    path = tmp_path_factory.mktemp("float") / "fp32.tflite"
    info = ModelInfo("tiny", "", "", "", TAGS, CONTRACT)
    path.write_bytes(attach(FLOAT_FILE.read_bytes(), info))
    return path


def scores(model: Path, engine: str, cache: Path, contract: Preprocessing) -> npt.NDArray[Any]:
    with SilentProgress().track("scoring", 60) as task:
        run = score(engines.get(engine), model, cache, np.arange(60), contract, 1, task, 60.0)
    assert isinstance(run, ScoreRun), run
    return run.scores


@pytest.mark.parametrize(
    ("recipe_name", "ends", "tolerance"),
    # Its calibration takes moving averages of the extremes, so that the largest scores are cut.
    [("static_wi8_ai8", "int8", 0.03), ("weight_only_wi8_afp32", "float32", 0.005)],
)
def test_its_scores_follow_the_float_ones(
    recipe_name: str,
    ends: str,
    tolerance: float,
    described: Path,
    pixels: Pixels,
    cache: Path,
    tmp_path: Path,
) -> None:
    path = quantized(described, recipe_name, pixels, CONTRACT, tmp_path)
    model = read_external(path, RECIPE, TAGS, taken=("fp32", "int8"))
    graph = read_model(path).subgraphs[0]
    kinds = {"int8": 9, "float32": 0}
    assert {graph.tensors[i].type for i in (*graph.inputs, *graph.outputs)} == {kinds[ends]}
    expected = scores(described, "litert", cache, CONTRACT)
    assert np.ptp(expected) > 0.5
    for engine in HERE:
        found = scores(path, engine, cache, model.contract)[:, list(model.columns)]
        error = np.abs(found - expected).mean()
        assert error < tolerance, engine
        misread = np.abs(scores(path, engine, cache, RECIPE) - expected).mean()
        assert misread > 3 * error, engine


def test_it_keeps_the_metadata_and_loses_the_labels(
    described: Path, pixels: Pixels, tmp_path: Path
) -> None:
    before = read_external(described, RECIPE, TAGS)
    after = read_external(
        quantized(described, "static_wi8_ai8", pixels, CONTRACT, tmp_path), RECIPE, TAGS
    )
    assert before.contract == after.contract == RECIPE.replace(mean=127, std=128)
    assert "order of tags: by the labels from labels.txt in the file" in before.notes
    assert any("names labels.txt, which the file has lost" in note for note in after.notes)


def test_without_metadata_the_recipe_decides(pixels: Pixels, tmp_path: Path) -> None:
    path = quantized(FLOAT_FILE, "static_wi8_ai8", pixels, CONTRACT, tmp_path)
    assert read_external(path, CONTRACT, TAGS).contract == CONTRACT
