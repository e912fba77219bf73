"""Models from anywhere: damaged, blown up or full of tricks, each ends in one clear message."""

import io
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetag.conversion import metadata_schema
from edgetag.conversion.boundary import read_boundary
from edgetag.conversion.external import ExternalModel, read_external
from edgetag.conversion.flatfile import pack_model
from edgetag.conversion.labels import (
    MEMBER,
    MOST_LABEL_BYTES,
    MOST_ZIP_BYTES,
    labels_behind,
)
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.tags import Vocabulary
from tests.support.models_elsewhere import (
    TAGS,
    add_metadata,
    add_zip,
    described,
    label_file,
    metadata,
    model_elsewhere,
)
from tests.support.paths import MODELS

CONTRACT = Preprocessing(input_size=64)
GOOD = described()
PLENTY_BYTES = 24 << 20


def read(path: Path, data: bytes, labels: Path | None = None) -> ExternalModel:
    path.write_bytes(data)
    return read_external(path, CONTRACT, Vocabulary(TAGS), name="other", labels=labels)


@contextmanager
def little_time_and_memory() -> Iterator[None]:
    tracemalloc.start()
    started = time.process_time()  # which other programs do not lengthen
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < PLENTY_BYTES
        assert time.process_time() - started < 30
    finally:
        tracemalloc.stop()


def with_labels(content: bytes, name: str = "labels.txt", method: int = 8) -> bytes:
    model = add_metadata(model_elsewhere(), metadata(files=[label_file(name)]))
    return add_zip(pack_model(model), [(name, content)], method)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "lacks the mark TFL3"),
        (np.random.default_rng(1).bytes(5000), "lacks the mark TFL3"),
        (b"PK\x03\x04" + bytes(100), "lacks the mark TFL3"),
        (b"\x10\0\0\0TFL3" + np.random.default_rng(2).bytes(5000), "damaged or truncated"),
        (b"\xff\xff\xff\x7fTFL3", "damaged or truncated"),
        (GOOD[:8] + bytes(3000), "damaged or truncated"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=rf"other\.tflite: .*{message}"):
        read(tmp_path / "other.tflite", data)


@pytest.mark.parametrize("kind", ["missing", "folder", "device"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = {"missing": tmp_path / "x.tflite", "folder": tmp_path, "device": Path("/dev/zero")}[kind]
    told = "there is no such file" if kind == "missing" else f"a {kind}, not a file"
    with pytest.raises(InputError, match=told):
        read_external(path, CONTRACT, Vocabulary(TAGS), name="x")
    path = tmp_path / "good.tflite"
    path.write_bytes(GOOD)
    with pytest.raises(InputError, match="a device, not a file; a file of labels is a file"):
        read_external(path, CONTRACT, Vocabulary(TAGS), labels=Path("/dev/zero"))


@pytest.mark.slow
@settings(max_examples=400)
@given(position=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(
    position: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = GOOD[:position] + bytes([byte]) + GOOD[position + 1 :]
    with suppress(InputError):
        read(tmp_path_factory.getbasetemp() / "altered.tflite", data)


@settings(max_examples=100)
@given(end=st.integers(0, len(GOOD) - 1))
def test_a_truncated_file_is_read_or_refused(
    end: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with suppress(InputError):
        read(tmp_path_factory.getbasetemp() / "short.tflite", GOOD[:end])


def test_a_file_cut_within_its_zip_of_labels_is_refused(tmp_path: Path) -> None:
    model = pack_model(add_metadata(model_elsewhere(), metadata(files=[label_file("labels.txt")])))
    whole = add_zip(model, [("labels.txt", b"a\nb\nc\nd\ne\n")])
    assert whole.startswith(model)
    read(tmp_path / "other.tflite", whole)
    read(tmp_path / "other.tflite", model)  # a tool may drop the zip as a whole
    for end in range(len(model) + 4, len(whole)):
        with pytest.raises(InputError, match=r"cut off|damaged"):
            read(tmp_path / "other.tflite", whole[:end])
    labels = tmp_path / "labels.txt"
    labels.write_text("a\nb\nc\nd\ne\n", encoding="utf-8")
    read(tmp_path / "other.tflite", whole[:-1], labels)


@pytest.mark.slow
def test_beginnings_of_a_zip_without_number_take_little_time() -> None:
    with little_time_and_memory():
        assert labels_behind(MEMBER * (MOST_ZIP_BYTES // 4 - 25) + bytes(100), "a", "x") is None


@pytest.mark.parametrize("name", ["fp32", "int16x8", "int8_int8", "explain_fp32"])
def test_a_converter_s_file_that_lacks_any_bytes_at_its_end_is_refused(name: str) -> None:
    data = (MODELS / f"tiny_{name}.tflite").read_bytes()
    read_boundary(data, "whole")
    for missing in range(1, len(data) // 2):
        with pytest.raises(InputError, match="damaged or truncated"):
            read_boundary(data[:-missing], "cut")


def test_buffers_that_are_one_and_the_same_over_and_over_are_refused(tmp_path: Path) -> None:
    model = model_elsewhere()
    big = schema.BufferT()
    big.data = np.zeros(1 << 20, np.uint8)
    model.buffers.append(big)
    data = pack_model(model)
    root = schema.Model.GetRootAs(data, 0)
    vector = root._tab.Vector(root._tab.Offset(12))
    last = vector + 4 * (root.BuffersLength() - 1)
    target = last + int.from_bytes(data[last : last + 4], "little")
    same = bytearray(data)
    for place in range(vector, last, 4):
        same[place : place + 4] = (target - place).to_bytes(4, "little")
    with pytest.raises(InputError, match="bytes of stored values, expected at most"):
        read(tmp_path / "other.tflite", bytes(same))


@pytest.mark.parametrize(
    "data",
    [b"no flatbuffer", b"\xff\xff\xff\x7fM001", b"\x08\0\0\0M001" + b"\xee" * 200],
    ids=["other bytes", "root outside", "noise"],
)
def test_damaged_metadata_is_refused(tmp_path: Path, data: bytes) -> None:
    model = pack_model(add_metadata(model_elsewhere(), data))
    with pytest.raises(InputError, match="damaged TFLite metadata"):
        read(tmp_path / "other.tflite", model)


def test_huge_metadata_is_refused(tmp_path: Path) -> None:
    model = add_metadata(model_elsewhere(), b"")
    model.buffers[-1].data = np.zeros(2 << 20, np.uint8)
    with pytest.raises(InputError, match="2097152 bytes of metadata, expected at most"):
        read(tmp_path / "other.tflite", pack_model(model))


def nested_bomb(width: int = 3000) -> bytes:
    """Return metadata of `width` graphs that are one and the same, of `width` inputs, likewise."""
    builder = flatbuffers.Builder(1024)
    text = builder.CreateString("x" * 1000)

    def table(slots: int, filled: dict[int, int]) -> int:
        builder.StartObject(slots)
        for slot, offset in filled.items():
            builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
        return int(builder.EndObject())

    def same(offset: int) -> int:
        builder.StartVector(4, width, 4)
        for _ in range(width):
            builder.PrependUOffsetTRelative(offset)
        return int(builder.EndVector())

    tensor = table(8, {0: text})
    graph = table(4, {2: same(tensor)})
    builder.Finish(table(8, {3: same(graph)}), metadata_schema.IDENTIFIER)
    return bytes(builder.Output())


def test_metadata_that_names_its_parts_over_and_over_is_refused(tmp_path: Path) -> None:
    bomb = nested_bomb()
    assert len(bomb) < 30_000
    model = pack_model(add_metadata(model_elsewhere(), bomb))
    with little_time_and_memory(), pytest.raises(InputError, match="unfolds to more than"):
        read(tmp_path / "other.tflite", model)


@pytest.mark.slow
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_bomb_is_refused(tmp_path: Path, method: int) -> None:
    data = with_labels(bytes(40 << 20), method=method)
    assert len(data) < 1 << 20
    message = "over 1048576 bytes" if method == zipfile.ZIP_DEFLATED else "in an unusual way"
    with little_time_and_memory(), pytest.raises(InputError, match=message):
        read(tmp_path / "other.tflite", data)


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    data = bytearray(with_labels(bytes(40 << 20)))
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    with little_time_and_memory(), pytest.raises(InputError, match=r"labels.*(damaged|lists no)"):
        read(tmp_path / "other.tflite", bytes(data))


@pytest.mark.slow
def test_many_labels_are_counted_not_printed(tmp_path: Path) -> None:
    text = "".join(f"{number}\n" for number in range(150_000)).encode()
    assert len(text) < MOST_LABEL_BYTES
    with little_time_and_memory(), pytest.raises(InputError, match=r"and 149.990 more") as raised:
        read(tmp_path / "other.tflite", with_labels(text))
    assert len(str(raised.value)) < 1000


@pytest.mark.parametrize(
    "name", ["../../escaped.txt", "/escaped.txt", "a/../../../escaped.txt", "C:\\escaped.txt"]
)
def test_a_path_in_the_zip_leads_nowhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    found = read(folder / "other.tflite", with_labels(b"e\nd\nc\nb\na\n", name))
    assert sorted(found.columns) == [0, 1, 2, 3, 4]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["other.tflite"]


def test_labels_that_are_in_the_zip_twice_are_refused(tmp_path: Path) -> None:
    model = add_metadata(model_elsewhere(), metadata(files=[label_file()]))
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = add_zip(pack_model(model), [("labels.txt", b"a\n"), ("labels.txt", b"b\n")])
    with pytest.raises(InputError, match=r"labels\.txt is in it 2 times"):
        read(tmp_path / "other.tflite", data)


def test_encrypted_labels_are_refused(tmp_path: Path) -> None:
    data = bytearray(with_labels(b"a\nb\nc\nd\ne\n"))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InputError, match=r"labels\.txt is encrypted"):
        read(tmp_path / "other.tflite", bytes(data))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\xff\xfe\x00bad", "not a text of labels in UTF-8"),
        (b"", "lists no labels"),
        (b"\n\n\n", "lists no labels"),
        (b"a\nb\nc\nd\n\x1b[2Jevil\n", r"besides \?\[2Jevil"),
        ("a\nb\nc\nd\n\u202eevil\n".encode(), r"besides \?evil"),
        (b"a\nb\nc\nd\n" + b"x" * 5000, "besides x{59}…"),
    ],
)
def test_labels_that_are_none_are_refused_in_print(
    tmp_path: Path, text: bytes, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path / "other.tflite", with_labels(text))
    labels = tmp_path / "labels.txt"
    labels.write_bytes(text)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "other.tflite", GOOD, labels)


def test_a_damaged_zip_can_be_passed_over_with_the_flag(tmp_path: Path) -> None:
    whole = with_labels(b"a\nb\nc\nd\ne\n", method=zipfile.ZIP_STORED)
    data = bytearray(whole)
    data[whole.rindex(b"a\nb\nc\n")] ^= 0xFF  # the checksum no longer fits
    with pytest.raises(InputError, match=r"zip of labels at its end is damaged.*--labels FILE"):
        read(tmp_path / "other.tflite", bytes(data))
    labels = tmp_path / "labels.txt"
    labels.write_text("a\nb\nc\nd\ne\n", encoding="utf-8")
    assert read(tmp_path / "other.tflite", bytes(data), labels).columns == (0, 1, 2, 3, 4)


def test_a_zip_that_is_not_at_the_end_is_no_zip_of_labels(tmp_path: Path) -> None:
    far = with_labels(b"a\nb\nc\nd\ne\n") + bytes(5 << 20)
    found = read(tmp_path / "other.tflite", far)
    assert any("which the file has lost" in note for note in found.notes)
    assert not zipfile.is_zipfile(io.BytesIO(far))
