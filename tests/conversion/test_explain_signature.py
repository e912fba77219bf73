"""The second signature: the same scores, and maps that they are the means of."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert import schema_py_generated as schema
from scipy.special import expit

from edgetag.conversion import checks
from edgetag.conversion.classifier import own_description
from edgetag.conversion.explain_signature import (
    ExplainMaps,
    add_explain,
    check_explain,
    read_explain,
    stored_bytes,
    without_explain,
)
from edgetag.conversion.flatfile import pack_model, parse_model, read_model
from edgetag.conversion.metadata import ModelInfo, attach
from edgetag.conversion.metadata_schema import decode
from edgetag.errors import InputError
from edgetag.preprocess import Pixels, Preprocessing, scale
from tests.conversion.interpreters import Exported, runtimes
from tests.support.paths import MODELS
from tests.support.tiny_network import convert_model

FILES = ("tiny_fp32", "tiny_int8_uint8", "tiny_int8_int8", "tiny_int16x8")
MOST_GROWTH = 1000
"""Bytes; the weights of the smallest network here take more."""


def explained(data: bytes) -> bytes:
    model = parse_model(data, "a model")
    add_explain(model, "a model")
    return pack_model(model)


def plain(name: str) -> bytes:
    return pack_model(read_model(MODELS / f"{name}.tflite"))


def scores_of(make: Any, data: bytes, pixels: Pixels) -> npt.NDArray[Any]:
    """Score as an app does that names no signature; raw outputs."""
    interpreter = make(model_content=data, num_threads=1)
    interpreter.allocate_tensors()
    image, scores = interpreter.get_input_details()[0], interpreter.get_output_details()
    assert len(scores) == 1
    rows = []
    for picture in pixels:
        interpreter.set_tensor(image["index"], as_input(picture, image))
        interpreter.invoke()
        rows.append(interpreter.get_tensor(scores[0]["index"])[0])
    return np.stack(rows)


def as_input(picture: npt.NDArray[Any], image: dict[str, Any]) -> npt.NDArray[Any]:
    real = (picture[None].astype(np.float64) - 127) / 128
    if image["dtype"] == np.float32:
        return real.astype(np.float32)
    step, zero = image["quantization"]
    limits = np.iinfo(image["dtype"])
    return (np.rint(real / step) + zero).clip(limits.min, limits.max).astype(image["dtype"])


def explain(
    make: Any, data: bytes, pixels: Pixels
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Return raw scores, real scores and real maps of the second signature."""
    interpreter = make(model_content=data, num_threads=1)
    runner = interpreter.get_signature_runner("explain")
    (image,) = runner.get_input_details().values()
    ends = runner.get_output_details()

    def real(name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        step, zero = ends[name]["quantization"]
        return values if values.dtype == np.float32 else (values.astype(np.float64) - zero) * step

    found = [runner(image=as_input(picture, image)) for picture in pixels]
    raw = np.concatenate([one["scores"] for one in found])
    maps = np.concatenate([real("maps", one["maps"]) for one in found])
    return raw, real("scores", raw), maps


@pytest.fixture(scope="module")
def noise() -> Pixels:
    generator = np.random.default_rng(3)
    color = generator.integers(0, 256, (6, 1, 1, 3))
    return (color + generator.integers(-60, 60, (6, 64, 64, 3))).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", FILES)
def test_scores_without_a_signature_are_bit_identical(name: str, noise: Pixels) -> None:
    before = plain(name)
    after = explained(before)
    for make in runtimes():
        expected = scores_of(make, before, noise)
        assert len(np.unique(expected)) > 3
        assert np.array_equal(scores_of(make, after, noise), expected)
        beside = explain(make, after, noise)[0]
        # Floats are summed in another order where the maps must leave the delegate.
        np.testing.assert_allclose(beside, expected, atol=1e-6 if name == "tiny_fp32" else 0)


@pytest.mark.parametrize("name", FILES)
def test_each_score_is_the_sigmoid_of_the_mean_of_its_map(name: str, noise: Pixels) -> None:
    data = explained(plain(name))
    ends = read_explain(parse_model(data, name), name)
    assert ends is not None
    assert (ends.height, ends.width) == (16, 16)
    for make in runtimes():
        _, scores, maps = explain(make, data, noise)
        assert maps.shape == (6, 16, 16, 3)
        assert np.ptp(maps) > 1
        mean = maps.mean(axis=(1, 2)).clip(ends.mean_low, ends.mean_high)
        step = ends.mean_step / 4 + 1 / 256 if ends.mean_step else 1e-6
        np.testing.assert_allclose(expit(mean), scores, atol=step)


@pytest.mark.parametrize("name", FILES)
def test_no_weight_is_in_the_file_twice(name: str) -> None:
    before, after = plain(name), explained(plain(name))
    model = parse_model(after, name)
    check_explain(model, name)
    first, second = model.subgraphs
    assert stored_bytes(model, second, besides=first) == {}
    assert stored_bytes(model, first) == stored_bytes(parse_model(before, name), first)
    assert sum(stored_bytes(model, first).values()) > MOST_GROWTH / 2
    assert 0 < len(after) - len(before) < MOST_GROWTH


@pytest.mark.parametrize(
    ("name", "kind"),
    [("tiny_fp32", np.float32), ("tiny_int8_uint8", np.uint8), ("tiny_int8_int8", np.int8)],
)
def test_maps_have_the_element_type_of_the_scores(name: str, kind: Any) -> None:
    for make in runtimes():
        runner = make(model_content=explained(plain(name))).get_signature_runner("explain")
        ends = runner.get_output_details()
        assert ends["maps"]["dtype"] == ends["scores"]["dtype"] == kind


def test_the_same_model_gives_the_same_bytes() -> None:
    assert explained(plain("tiny_int8_uint8")) == explained(plain("tiny_int8_uint8"))


def test_taking_the_signature_out_gives_the_file_back() -> None:
    before = plain("tiny_int8_uint8")
    model = parse_model(explained(before), "explained")
    without_explain(model)
    assert pack_model(model) == before
    assert read_explain(model, "plain") is None


def test_what_is_counted_is_what_a_score_takes() -> None:
    before = parse_model(plain("tiny_int8_uint8"), "before")
    after = parse_model(explained(plain("tiny_int8_uint8")), "after")
    assert checks.count_operators(after) == checks.count_operators(before)
    assert checks.sparsity(after) == checks.sparsity(before)
    checks.check_full_integer(after, "after")


def test_an_operator_of_the_maps_alone_is_still_checked() -> None:
    model = parse_model(explained(plain("tiny_int8_uint8")), "explained")
    code = schema.OperatorCodeT()
    code.builtinCode, code.version = schema.BuiltinOperator.ABS, 1
    model.operatorCodes.append(code)
    model.subgraphs[1].operators[-1].opcodeIndex = len(model.operatorCodes) - 1
    used = ("CONV_2D", "LOGISTIC", "MEAN", "QUANTIZE")
    with pytest.raises(InputError, match="uses ABS"):
        checks.check_target_ops(model, used, "file")


def test_metadata_describe_both_graphs(info: ModelInfo, tmp_path: Path) -> None:
    path = tmp_path / "explained.tflite"
    path.write_bytes(attach(plain("tiny_int8_uint8"), info, explain=True))
    model = read_model(path)
    check_explain(model, path)
    assert own_description(path)[1] == info.vocabulary.names
    (entry,) = [e for e in model.metadata if e.name == b"TFLITE_METADATA"]
    graphs = decode(bytes(bytearray(model.buffers[entry.buffer].data)))["subgraph_metadata"]
    named = [[end["name"] for end in graph["output_tensor_metadata"]] for graph in graphs]
    assert named == [["scores"], ["scores", "maps"]]
    outputs = [[graph.tensors[i].name for i in graph.outputs] for graph in model.subgraphs]
    assert outputs == [[b"scores"], [b"scores", b"maps"]]


def test_scores_that_are_no_means_of_maps_are_refused() -> None:
    model = parse_model(plain("tiny_fp32"), "no sigmoid")
    graph = model.subgraphs[0]
    graph.operators.pop()
    graph.outputs = list(graph.operators[-1].outputs)
    with pytest.raises(InputError, match="not the sigmoid of the mean of maps"):
        add_explain(model, "no sigmoid")


def test_a_mean_over_other_axes_is_no_map() -> None:
    model = parse_model(plain("tiny_fp32"), "rows")
    graph = model.subgraphs[0]
    axes = graph.tensors[graph.operators[-2].inputs[1]]
    model.buffers[axes.buffer].data = np.frombuffer(np.array([1, 3], "<i4").tobytes(), np.uint8)
    with pytest.raises(InputError, match="not the sigmoid of the mean of maps"):
        add_explain(model, "rows")


def test_a_weight_of_the_second_graph_alone_is_refused() -> None:
    model = parse_model(explained(plain("tiny_fp32")), "copied")
    second = model.subgraphs[1]
    kernel = second.tensors[second.operators[0].inputs[1]]
    buffer = schema.BufferT()
    buffer.data = model.buffers[kernel.buffer].data
    kernel.buffer = len(model.buffers)
    model.buffers.append(buffer)
    with pytest.raises(InputError, match=r"2400 bytes of weights are of explain alone"):
        check_explain(model, "copied")


def test_scores_must_stay_the_first_graph() -> None:
    model = parse_model(explained(plain("tiny_fp32")), "swapped")
    for signature in model.signatureDefs:
        signature.subgraphIndex = 1 - signature.subgraphIndex
    with pytest.raises(InputError, match="its signatures are"):
        check_explain(model, "swapped")


def test_a_signature_of_a_graph_that_is_not_there_is_refused() -> None:
    model = parse_model(explained(plain("tiny_fp32")), "damaged")
    model.subgraphs.pop()
    with pytest.raises(InputError, match="a graph that is not there"):
        read_explain(model, "damaged")


TOLERANCE = {
    "fp32": 1e-4,
    "fp16": 0.05,
    "dynamic": 0.5,
    "int8": 1.0,
    "int8-qat": 1.0,
    "int16x8": 0.5,
}
"""Largest difference of a cell before the sigmoid; cells go from about -30 to 30."""


@pytest.mark.tensorflow
@pytest.mark.parametrize("variant", TOLERANCE)
def test_maps_of_every_variant_are_those_of_its_keras_model(
    variant: str, exported: Exported, tiny: Any, aware: Any, photos: Pixels, info: ModelInfo
) -> None:
    from edgetag.tf import keras

    model = aware if variant == "int8-qat" else tiny
    layer = model.get_layer("quant_cam" if variant == "int8-qat" else "cam")
    expected = keras.Model(model.input, layer.output)(scale(photos, info.contract)).numpy()
    before = exported(variant).read_bytes()
    data = attach(before, info, explain=True)
    check_explain(parse_model(data, variant), variant)
    for make in runtimes():
        assert np.array_equal(scores_of(make, data, photos), scores_of(make, before, photos))
        _, _, maps = explain(make, data, photos)
        assert np.ptp(expected) > 10 * TOLERANCE[variant]
        np.testing.assert_allclose(maps, expected, atol=TOLERANCE[variant])


@pytest.mark.tensorflow
@pytest.mark.parametrize("output", ["float32", "int8"])
def test_maps_follow_the_output_type_of_the_recipe(
    output: str, tiny: Any, photos: Pixels, contract: Preprocessing
) -> None:
    from edgetag.conversion.representative import with_full_range

    images = with_full_range(photos)
    data = explained(
        convert_model(tiny, "int8", contract, output_type=output, representative=images)
    )
    model = parse_model(data, output)
    check_explain(model, output)
    checks.check_full_integer(model, output)
    assert isinstance(read_explain(model, output), ExplainMaps)
    assert checks.has_float_scores(model) == (output == "float32")
    for make in runtimes():
        _, scores, maps = explain(make, data, photos)
        # Floats are the sigmoid of the mean of the very maps; integers are rounded three times.
        atol = 1e-6 if output == "float32" else 0.05
        np.testing.assert_allclose(expit(maps.mean(axis=(1, 2))), scores, atol=atol)
        if output == "float32":
            # A tflite-runtime that ran before TensorFlow was imported gives 1e-7 more or less.
            np.testing.assert_allclose(scores_of(make, data, photos), scores, atol=1e-6)
