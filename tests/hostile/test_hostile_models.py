"""Files that are no models, or no longer: one clear reason, and edgetag lives on."""

from pathlib import Path

import numpy as np
import pytest

from edgetag.cache_index import CacheIndex
from edgetag.image_cache import shard_path
from edgetag.preprocess import Preprocessing
from edgetag.runtimes import FailureKind, LoadFailure, ScoreRun, engines, score
from tests.support.paths import MODELS

WHOLE = (MODELS / "tiny_fp32.tflite").read_bytes()
GOOD_KINDS = (FailureKind.NOT_LOADABLE, FailureKind.CRASHED)
HERE = [e.name for e in engines.ENGINES if e.available() is None]


def noise(size: int) -> bytes:
    return np.random.default_rng(11).bytes(size)


HOSTILE = {
    "empty": b"",
    "one byte": b"\x1c",
    "random": noise(4000),
    "random after a right beginning": WHOLE[:8] + noise(3000),
    "cut in its header": WHOLE[:24],
    "cut in half": WHOLE[: len(WHOLE) // 2],
    "all zeros after a right beginning": WHOLE[:8] + bytes(3000),
}
COSTLY = [("litert", "one byte"), ("litert", "random"), ("litert", "cut in its header")]
"""Left out: edgetag or LiteRT refuses them as it does the others, and each costs a process."""


@pytest.fixture(scope="module")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    np.save(shard_path(folder, 0), np.zeros((2, 64, 64, 3), dtype=np.uint8))
    index = CacheIndex(images=2, input_size=64, shard_images=16, fingerprint="zeros")
    index.write(folder / "index.json")
    return folder


def scored(model: Path, engine: str, cache: Path) -> ScoreRun | LoadFailure:
    rows, contract = np.arange(2), Preprocessing(input_size=64)
    return score(engines.get(engine), model, cache, rows, contract, timeout_s=60.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "what"),
    [(engine, what) for engine in HERE for what in HOSTILE if (engine, what) not in COSTLY],
)
def test_a_damaged_model_gives_one_reason(
    engine: str, what: str, cache_folder: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(HOSTILE[what])
    outcome = scored(model, engine, cache_folder)
    assert isinstance(outcome, LoadFailure)
    assert outcome.kind in GOOD_KINDS
    assert outcome.reason
    assert "\n" not in outcome.reason
    assert "Traceback" not in outcome.reason
    if outcome.kind is FailureKind.CRASHED:
        assert "crashed (SIG" in outcome.reason


def test_a_folder_in_place_of_a_model_is_refused(cache_folder: Path, tmp_path: Path) -> None:
    outcome = scored(tmp_path, "litert", cache_folder)
    assert isinstance(outcome, LoadFailure)
    assert "Is a directory" in outcome.reason
