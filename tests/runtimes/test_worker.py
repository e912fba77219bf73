"""What the scoring process takes for scores, and how much memory it needs."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.cache_index import CacheIndex
from edgetag.children import python_environment
from edgetag.conversion.flatfile import pack_model
from edgetag.image_cache import shard_path
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes import FailureKind, LoadFailure, ScoreRun, engines, score
from edgetag.runtimes.encoding import ImageEncoder, encode, encoding_table
from edgetag.runtimes.inference import WrongOutputError, checked
from edgetag.runtimes.session import Tensor
from tests.support.models_elsewhere import TAGS, model_elsewhere
from tests.support.programs import captured
from tests.support.worker_jobs import write_job

HERE = [e.name for e in engines.ENGINES if e.available() is None]
FLOAT = Tensor("scores", (1, 2), "float32", 0.0, 0)
STEP = 1 / 255
INT8 = Tensor("scores", (1, 2), "int8", STEP, -128)


def scores(*values: float) -> npt.NDArray[Any]:
    return np.array([[0.5, value] for value in values], dtype=np.float32)


def test_scores_in_range_are_left_as_they_are() -> None:
    good = scores(0.0, 0.3, 1.0)
    assert np.array_equal(checked(good, FLOAT), good)


def test_rounding_beyond_the_range_is_cut() -> None:
    assert checked(scores(1.00001, -0.00001), FLOAT).tolist() == scores(1.0, 0.0).tolist()
    assert checked(scores(1 + STEP, -STEP), INT8).tolist() == scores(1.0, 0.0).tolist()


@pytest.mark.parametrize(
    ("values", "output", "message"),
    [
        ((0.1, 3.25), FLOAT, r"^scores outside 0\.\.1, such as 3\.25; .* lacks a sigmoid$"),
        ((0.1, -2.5, 1.5), FLOAT, r"such as -2\.5;"),
        ((0.1, 1.01), FLOAT, "outside"),
        ((1.2,), Tensor("logits", (1, 2), "int8", 0.3, 0), "outside"),
        ((np.nan,), FLOAT, "not numbers"),
        ((np.inf,), FLOAT, "not numbers"),
    ],
)
def test_what_no_sigmoid_gives_is_refused(
    values: tuple[float, ...], output: Tensor, message: str
) -> None:
    with pytest.raises(WrongOutputError, match=message):
        checked(scores(*values), output)


@pytest.mark.parametrize(
    ("dtype", "step", "zero"),
    [("float32", 0.0, 0), ("uint8", 1 / 128, 127), ("uint8", 1 / 100, 3), ("int8", 1 / 128, -1)],
)
def test_image_by_image_is_encoded_as_in_a_block(
    dtype: str, step: float, zero: int, pixels: Pixels, contract: Preprocessing
) -> None:
    table = encoding_table(contract, Tensor("image", (1, 64, 64, 3), dtype, step, zero))
    encoder = ImageEncoder(table, 64)
    single = np.concatenate([encoder.encode(pixels[i : i + 1]).copy() for i in range(len(pixels))])
    assert np.array_equal(single, encode(pixels, table))
    assert single.dtype == table.dtype


def outcome(
    model: bytes, engine: str, cache: Path, contract: Preprocessing, folder: Path
) -> ScoreRun | LoadFailure:
    path = folder / "model.tflite"
    path.write_bytes(model)
    with SilentProgress().track("scoring", 40) as task:
        return score(engines.get(engine), path, cache, np.arange(40), contract, 1, task, 60.0)


@pytest.mark.slow
@pytest.mark.parametrize("engine", HERE)
def test_a_model_without_a_sigmoid_is_a_wrong_output(
    engine: str, cache_folder: Path, contract: Preprocessing, tmp_path: Path
) -> None:
    found = outcome(pack_model(model_elsewhere(last="")), engine, cache_folder, contract, tmp_path)
    assert isinstance(found, LoadFailure)
    assert found.kind is FailureKind.WRONG_OUTPUT
    assert found.reason.startswith("scores outside 0..1, such as ")
    assert found.reason.endswith("its last layer lacks a sigmoid")


@pytest.mark.slow
@pytest.mark.parametrize("engine", HERE)
def test_kept_axes_change_no_score(
    engine: str, cache_folder: Path, contract: Preprocessing, tmp_path: Path
) -> None:
    plain, kept = (
        outcome(
            pack_model(model_elsewhere(keep_dims=keep)), engine, cache_folder, contract, tmp_path
        )
        for keep in (False, True)
    )
    assert isinstance(plain, ScoreRun), plain
    assert isinstance(kept, ScoreRun), kept
    assert plain.scores.shape == (40, len(TAGS))
    assert np.ptp(plain.scores) > 0.1
    assert np.array_equal(plain.scores, kept.scores)


@pytest.mark.slow
@pytest.mark.parametrize("engine", HERE)
def test_a_softmax_is_scored_as_it_is(
    engine: str, cache_folder: Path, contract: Preprocessing, tmp_path: Path
) -> None:
    model = pack_model(model_elsewhere(last="SOFTMAX"))
    found = outcome(model, engine, cache_folder, contract, tmp_path)
    assert isinstance(found, ScoreRun), found
    np.testing.assert_allclose(found.scores.sum(axis=1), 1.0, atol=1e-5)


def peak_bytes(rows: npt.NDArray[Any], cache: Path, folder: Path) -> int:
    """Return the peak memory of a worker that scores some rows."""
    job = write_job(folder, cache, rows)
    # Not the system's count for the child (ru_maxrss): it begins with what its parent had.
    script = (
        "import sys; from edgetag.runtimes import worker; worker.main();"
        "lines = open('/proc/self/status').read().splitlines();"
        "print(*(line for line in lines if line.startswith('VmHWM')), file=sys.stderr)"
    )
    done = captured([sys.executable, "-c", script, str(job)], env=python_environment(), check=True)
    assert np.load(folder / "scores.npy").shape == (len(rows), 3)
    label, kilobytes, unit = done.stderr.splitlines()[-1].split()
    assert (label, unit) == ("VmHWM:", "kB")
    return int(kilobytes) * 1024


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_grows_by_the_scores_alone(tmp_path: Path) -> None:
    shards, shard_images = 16, 256
    images = shards * shard_images
    cache = tmp_path / "cache"
    cache.mkdir()
    noise = np.random.default_rng(4).integers(0, 256, (shard_images, 64, 64, 3), dtype=np.uint8)
    for shard in range(shards):
        np.save(shard_path(cache, shard), noise)
    index = CacheIndex(
        images=images, input_size=64, shard_images=shard_images, fingerprint="streamed"
    )
    index.write(cache / "index.json")
    few, many = images // 2, 10 * images
    small = peak_bytes(np.arange(few), cache, tmp_path)
    large = peak_bytes(np.arange(many) % images, cache, tmp_path)
    rows_and_scores = (many - few) * (8 + 3 * 4)
    pixels_of_all_images = images * noise[0].nbytes
    slack = 4 << 20
    assert slack < pixels_of_all_images / 4
    assert large - small < rows_and_scores + slack
