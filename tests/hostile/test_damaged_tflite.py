"""Empty, truncated, random and altered `.tflite` files: one clear message, never a crash."""

from contextlib import suppress
from copy import copy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetag.conversion.classifier import own_description
from edgetag.conversion.flatfile import pack_model, parse_model, read_model
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


@pytest.mark.parametrize("part", ["tensors", "operators"])
def test_a_file_that_names_the_same_part_over_and_over_is_refused(part: str) -> None:
    model = handmade_model()
    graph = model.subgraphs[0]
    model.subgraphs = [graph, copy(graph)]  # `pack_model` writes once what several graphs hold
    if part == "tensors":
        graph.tensors[-1].name = b"long" * 10_000
        graph.tensors += [graph.tensors[-1]] * 2000
    else:
        graph.operators[-1].inputs = [0] * 10_000
        graph.operators += [graph.operators[-1]] * 2000
    data = pack_model(model)
    assert len(data) < 500_000
    with pytest.raises(InputError, match="unfolds to more than 4 times its size"):
        parse_model(data, "model.tflite")


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
