"""Files as flatbuffers: packing, metadata, labels. No TensorFlow here."""

import zipfile
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from edgetag.conversion import metadata_schema
from edgetag.conversion.boundary import read_boundary
from edgetag.conversion.classifier import own_description
from edgetag.conversion.flatfile import pack_model, parse_model
from edgetag.conversion.metadata import ModelInfo, attach, describe
from edgetag.errors import InputError
from tests.support.handmade_model import KERNEL, handmade_file, handmade_model


def invoke(data: bytes, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    interpreter = Interpreter(model_content=data)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))


def test_a_packed_model_computes_what_was_written() -> None:
    image = np.random.default_rng(1).normal(size=(1, 4, 4, 3)).astype(np.float32)
    expected = 1 / (1 + np.exp(-image.mean(axis=(1, 2)) @ KERNEL.T))
    np.testing.assert_allclose(invoke(handmade_file(), image), expected, rtol=1e-5)


def test_every_buffer_starts_at_a_multiple_of_16_bytes(info: ModelInfo) -> None:
    data = attach(handmade_file(), info)
    model = schema.Model.GetRootAs(data, 0)
    starts = []
    for position in range(model.BuffersLength()):
        table = model.Buffers(position)._tab
        if table.Offset(4):
            starts.append(table.Vector(table.Offset(4)))
    assert len(starts) == 4  # kernel, bias, axes, metadata
    assert [start % 16 for start in starts] == [0] * 4


def test_packing_again_changes_no_byte() -> None:
    data = handmade_file()
    assert pack_model(parse_model(data, "again")) == data


def packed_as_it_is(model: Any) -> bytes:
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def values_behind(end: int = 0) -> bytes:
    """Return the file by hand with its values behind the flatbuffer, cut off at `end` if given."""
    model = handmade_model()
    stored = [bytes(buffer.data) for buffer in model.buffers[1:]]
    for buffer, values in zip(model.buffers[1:], stored, strict=True):
        buffer.data, buffer.offset, buffer.size = None, 2, len(values)
    start = len(packed_as_it_is(model))
    for buffer in model.buffers[1:]:
        start = -(-start // 16) * 16
        buffer.offset, start = start, start + buffer.size
    data = packed_as_it_is(model)
    for buffer, values in zip(model.buffers[1:], stored, strict=True):
        data = data.ljust(buffer.offset, b"\0") + values
    return data[: end or None]


def test_values_that_lie_behind_the_flatbuffer_are_read_with_it() -> None:
    image = np.random.default_rng(1).normal(size=(1, 4, 4, 3)).astype(np.float32)
    behind = values_behind()
    np.testing.assert_array_equal(invoke(behind, image), invoke(handmade_file(), image))
    assert pack_model(parse_model(behind, "behind")) == handmade_file()


def test_values_cut_off_behind_the_flatbuffer_are_refused() -> None:
    with pytest.raises(InputError, match="stored values are missing at its end"):
        parse_model(values_behind(end=-1), "short")


def test_metadata_leaves_the_scores_alone_and_names_the_ends(info: ModelInfo) -> None:
    image = np.random.default_rng(2).normal(size=(1, 4, 4, 3)).astype(np.float32)
    plain, described = handmade_file(), attach(handmade_file(), info)
    np.testing.assert_array_equal(invoke(plain, image), invoke(described, image))
    graph = parse_model(described, "described").subgraphs[0]
    assert graph.tensors[graph.inputs[0]].name == b"image"
    assert graph.tensors[graph.outputs[0]].name == b"scores"


def test_metadata_can_be_read_back(tmp_path: Path, info: ModelInfo) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(attach(handmade_file(), info))
    assert own_description(path) == (4, info.vocabulary.names)
    metadata = read_boundary(path.read_bytes(), path).metadata
    assert metadata is not None
    read = metadata_schema.decode(metadata)
    assert (read["name"], read["author"], read["license"]) == ("tiny", "edgetag", "Apache-2.0")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["labels.txt"]


def test_attaching_twice_gives_the_same_bytes_as_once(info: ModelInfo) -> None:
    once = attach(handmade_file(), info)
    assert attach(once, info) == once == attach(handmade_file(), info)


def test_the_description_follows_the_public_schema(info: ModelInfo) -> None:
    data = describe(info)
    assert data[4:8] == b"M001"
    fields = metadata_schema.decode(data)
    graph = fields["subgraph_metadata"][0]
    image, scores = graph["input_tensor_metadata"][0], graph["output_tensor_metadata"][0]
    kind, properties = image["content"]["content_properties"]
    assert (kind, properties["color_space"]) == ("ImageProperties", metadata_schema.COLOR_SPACE_RGB)
    assert properties["default_size"] == {"width": 64, "height": 64}
    assert image["process_units"][0]["options"] == (
        "NormalizationOptions",
        {"mean": [127.0], "std": [128.0]},
    )
    assert scores["associated_files"][0]["type"] == metadata_schema.TENSOR_AXIS_LABELS
    assert fields["min_parser_version"] == "1.0.0"


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValueError, match="ModelMetadata has no field colour"):
        metadata_schema.encode({"colour": "red"})
