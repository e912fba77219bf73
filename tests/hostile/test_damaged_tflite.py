"""Empty, truncated, random and altered `.tflite` files: one clear message, never a crash."""

from collections.abc import Callable
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetag.conversion.classifier import own_description
from edgetag.conversion.flatfile import MOST_TABLES, pack_model, parse_model, read_model
from edgetag.conversion.metadata import ModelInfo, attach
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.tags import Vocabulary
from tests.support.handmade_model import handmade_file, handmade_model

INFO = ModelInfo(
    "m", "", "", "", Vocabulary(("a", "b", "c", "d", "e")), Preprocessing(input_size=64)
)
GOOD = attach(handmade_file(), INFO)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"TFL3", "lacks the mark"),
        (np.random.default_rng(1).bytes(5000), "lacks the mark"),
        (b"\x10\0\0\0TFL3" + np.random.default_rng(2).bytes(5000), "damaged or truncated"),
        (b"\xff\xff\xff\x7fTFL3", "damaged or truncated"),
    ],
)
def test_other_bytes_get_one_clear_message(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    with pytest.raises(InputError, match=rf"model\.tflite: .*{message}"):
        read_model(path)


def test_a_missing_file_names_the_verb_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing; run: edgetag export"):
        read_model(tmp_path / "model.tflite")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_model(tmp_path)


class PackedOnce:
    """A table that a file holds once, however often it is named."""

    def __init__(self, table: Any) -> None:
        self.table, self.place = table, -1

    def Pack(self, builder: Any) -> int:  # noqa: N802 (stands in for generated code)
        if self.place < 0:
            self.place = self.table.Pack(builder)
        return self.place


LONG = b"long" * 10_000


def long_name(graph: Any) -> None:
    graph.tensors[-1].name = LONG
    graph.tensors += [graph.tensors[-1]] * 500


def long_inputs(graph: Any) -> None:
    graph.operators[-1].inputs = [0] * 10_000
    graph.operators += [graph.operators[-1]] * 500


def long_options(graph: Any) -> None:
    graph.operators[-1].customOptions = np.frombuffer(LONG, np.uint8)
    graph.operators += [graph.operators[-1]] * 500


def long_text_in_options(graph: Any) -> None:
    options = schema.VarHandleOptionsT()
    options.container = LONG
    graph.operators[-1].builtinOptionsType = schema.BuiltinOptions.VarHandleOptions
    graph.operators[-1].builtinOptions = options
    graph.operators += [graph.operators[-1]] * 500


def long_scales(graph: Any) -> None:
    graph.tensors[-1].quantization = schema.QuantizationParametersT()
    graph.tensors[-1].quantization.scale = np.ones(10_000, np.float32)
    graph.tensors += [graph.tensors[-1]] * 500


@pytest.mark.parametrize(
    "repeat", [long_name, long_inputs, long_options, long_text_in_options, long_scales]
)
def test_a_file_that_names_the_same_part_over_and_over_is_refused(
    repeat: Callable[[Any], None],
) -> None:
    model = handmade_model()
    graph = model.subgraphs[0]
    model.subgraphs = [graph, copy(graph)]  # `pack_model` writes once what several graphs hold
    repeat(graph)
    data = pack_model(model)
    assert len(data) < 500_000
    with pytest.raises(InputError, match="unfolds to more than 4 times its size"):
        parse_model(data, "model.tflite")


def test_a_file_whose_signature_repeats_a_name_is_refused() -> None:
    model = handmade_model()
    end, signature = schema.TensorMapT(), schema.SignatureDefT()
    end.name, end.tensorIndex = LONG, 0
    signature.signatureKey, signature.subgraphIndex = b"serving_default", 0
    signature.inputs, signature.outputs = [PackedOnce(end)] * 500, []
    model.signatureDefs = [signature]
    with pytest.raises(InputError, match="unfolds to more than 4 times its size"):
        parse_model(pack_model(model), "model.tflite")


def test_a_file_whose_stored_values_overlap_is_refused() -> None:
    model = handmade_model()
    before = len(pack_model(model))
    for _ in range(500):
        buffer = schema.BufferT()
        buffer.offset, buffer.size = 8, before - 8
        model.buffers.append(buffer)
    builder = flatbuffers.Builder(before)
    builder.Finish(model.Pack(builder), b"TFL3")
    with pytest.raises(InputError, match="unfolds to more than 4 times its size"):
        parse_model(bytes(builder.Output()), "model.tflite")


@pytest.mark.parametrize(
    ("more", "refused"), [pytest.param(0, False, marks=pytest.mark.slow), (1, True)]
)
def test_a_file_of_more_tables_than_any_network_has_is_refused(more: int, refused: bool) -> None:
    model = handmade_model()
    graph = model.subgraphs[0]
    own = len(model.operatorCodes) + len(model.buffers) + 1 + len(graph.operators)
    empty = PackedOnce(schema.BufferT())
    named = own + len(graph.tensors)
    builder = flatbuffers.Builder(1 << 20)
    model.buffers += [empty] * (MOST_TABLES - named + more)
    builder.Finish(model.Pack(builder), b"TFL3")
    data = bytes(builder.Output())
    if refused:
        with pytest.raises(InputError, match="names more than 200,000 tables"):
            parse_model(data, "model.tflite")
    else:
        assert len(parse_model(data, "model.tflite").buffers) > MOST_TABLES - named


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.99])
def test_a_truncated_file_never_reads_as_whole(tmp_path: Path, share: float) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(GOOD[: int(len(GOOD) * share)])
    with suppress(InputError):
        assert own_description(path)[1] is None


@pytest.mark.slow
@settings(max_examples=300)
@given(position=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(
    position: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = GOOD[:position] + bytes([byte]) + GOOD[position + 1 :]
    path = tmp_path_factory.getbasetemp() / "altered.tflite"
    path.write_bytes(data)
    for read in (read_model, own_description):
        with suppress(InputError):
            read(path)


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_random_bytes_behind_the_mark_are_refused(tail: bytes) -> None:
    for start in (b"\x08\0\0\0TFL3", b"\x18\0\0\0TFL3"):
        with pytest.raises(InputError):
            parse_model(start + tail, "random")
