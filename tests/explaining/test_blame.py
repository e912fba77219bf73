"""The layer that is worst is blamed, and no file takes the command down."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgetag.cache_index import CacheIndex, open_cache
from edgetag.conversion.flatfile import operators, pack_model, read_model
from edgetag.explaining.blame import Images, blame, ranked
from edgetag.explaining.graph import Layer
from edgetag.explaining.job import Sums
from edgetag.explaining.result import LayerError
from edgetag.image_cache import shard_path
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes import engines
from edgetag.runtimes.session import Tensor
from tests.support.inference import scores_of
from tests.support.paths import MODELS
from tests.support.run_folders import FLOAT, INT8, noisy_pictures

KINDS = ("tiny_int8_uint8", "tiny_int8_int8", "tiny_int16x8")


def layer(name: str) -> Layer:
    return Layer("CONV_2D", 0, Tensor(name, (1, 2), "float32", 0.0, 0))


def both(*names: str) -> list[tuple[Layer, Layer]]:
    return [(layer(name), layer(f"{name} in integers")) for name in names]


def sums(signal: float, error: float, own: float, mean: float = 0.0) -> Sums:
    """100 values of a standard deviation, with root mean square errors."""
    return Sums(
        count=100,
        total=100 * mean,
        squares=100 * (signal**2 + mean**2),
        squared_errors=100 * error**2,
        own_squared_errors=100 * own**2,
    )


def test_errors_are_relative_to_the_signal_and_ranked_by_what_a_layer_adds() -> None:
    found = ranked(
        both("a", "b", "c"),
        [sums(2.0, 0.2, 0.2), sums(1.0, 0.9, 0.05), sums(4.0, 2.0, 1.0, mean=7.0)],
    )
    assert [one.name for one in found] == ["c", "a", "b"]
    assert [one.own_name for one in found] == [f"{name} in integers" for name in "cab"]
    assert [one.index for one in found] == [2, 0, 1]
    assert [one.error for one in found] == pytest.approx([0.5, 0.1, 0.9])
    assert [one.added for one in found] == pytest.approx([0.25, 0.1, 0.05])


def test_a_layer_that_never_varies_is_not_compared() -> None:
    assert [one.name for one in ranked(both("a", "b"), [sums(0, 1, 1), sums(1, 1, 1)])] == ["b"]


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Images:
    """6 noisy images of one colour each, like those that the tiny files were calibrated on."""
    folder = tmp_path_factory.mktemp("cache")
    np.save(shard_path(folder, 0), noisy_pictures(6, 3))
    index = CacheIndex(images=6, input_size=64, shard_images=6, fingerprint="tiny")
    index.write(folder / "index.json")
    return Images(folder, np.arange(6), Preprocessing(input_size=64))


def compare(images: Images, other: Path, **options: Any) -> Any:
    with SilentProgress().track("", None) as task:
        return blame(FLOAT, other, images, task, **options)


def by_index(layers: tuple[LayerError, ...]) -> list[LayerError]:
    return sorted(layers, key=lambda one: one.index)


def with_scale(file: Path, number: int, factor: float) -> bytes:
    """Return a file whose convolution of a number has its weights' scale multiplied."""
    model = read_model(file)
    graph = model.subgraphs[0]
    found = [o for o in operators(model, graph) if o.name == "CONV_2D"][number]
    quantization = graph.tensors[found.inputs[1]].quantization
    quantization.scale = [float(scale) * factor for scale in quantization.scale]
    return pack_model(model)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [0, 1])
def test_a_layer_whose_weights_are_too_large_is_blamed_most(
    images: Images, tmp_path: Path, kind: str, number: int
) -> None:
    path = tmp_path / "wrong.tflite"
    path.write_bytes(with_scale(MODELS / f"{kind}.tflite", number, 3.0))
    layers = compare(images, path)
    assert layers[0].index == number
    assert layers[0].added > 2 * layers[1].added


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1])
def test_layers_behind_a_bad_one_carry_its_error_on_and_are_not_blamed(
    images: Images, tmp_path: Path, number: int
) -> None:
    path = tmp_path / "wrong.tflite"
    path.write_bytes(with_scale(INT8, number, 1 / 3))  # nothing behind is cut off by its range
    right, wrong = compare(images, INT8), compare(images, path)
    assert wrong[0].index == number
    assert wrong[0].added > 5 * wrong[1].added
    before, after = by_index(right)[number + 1], by_index(wrong)[number + 1]
    assert after.error > 5 * before.error
    assert after.added < 0.1 * after.error


@pytest.mark.slow
def test_a_file_has_no_error_against_itself(images: Images) -> None:
    layers = compare(images, FLOAT)
    assert [(one.error, one.added) for one in layers] == [(0.0, 0.0)] * 4


@pytest.mark.slow
def test_finer_activations_err_less(images: Images) -> None:
    int8, int16 = (by_index(compare(images, MODELS / f"{kind}.tflite")) for kind in KINDS[1:])
    assert int16[0].error < int8[0].error
    assert int16[-1].error < int8[-1].error


@pytest.mark.slow
def test_bad_files_give_a_reason(images: Images, tmp_path: Path) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(INT8.read_bytes()[:3000])
    assert "damaged or truncated" in compare(images, path)
    model = read_model(FLOAT)
    graph = model.subgraphs[0]
    stem = next(operators(model, graph))
    kernel = model.buffers[graph.tensors[stem.inputs[1]].buffer]
    kernel.data = np.full(len(kernel.data) // 4, np.nan, np.float32).view(np.uint8)
    path.write_bytes(pack_model(model))
    assert "not finite" in compare(images, path)
    graph.operators[0].inputs = [graph.operators[0].inputs[0]] * 3
    path.write_bytes(pack_model(model))
    assert isinstance(compare(images, path), str)


@pytest.mark.slow
def test_a_silent_process_is_stopped(images: Images) -> None:
    assert "no answer for 0.05 s" in compare(images, INT8, silence_s=0.05)


def test_scores_without_the_delegate_stay_close_to_the_engines(images: Images) -> None:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    engine = engines.loader("litert").load(INT8, 1)
    plain = Interpreter(
        model_path=str(INT8),
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    plain.allocate_tensors()
    for pixels in open_cache(images.cache)[images.rows]:
        plain.set_tensor(plain.get_input_details()[0]["index"], pixels[None])
        plain.invoke()
        details = plain.get_output_details()[0]
        steps = plain.get_tensor(details["index"])[0].astype(np.float32)
        scale, zero = details["quantization"]
        np.testing.assert_allclose(
            (steps - zero) * scale,
            scores_of(engine, pixels[None]),
            atol=2 / 256,
        )
