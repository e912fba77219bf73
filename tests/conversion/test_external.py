"""Models made by other tools are read for what they want, never loaded."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.explain_signature import add_explain
from edgetag.conversion.external import ExternalModel, read_external
from edgetag.conversion.flatfile import pack_model
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.tags import Vocabulary
from edgetag.workspace import digest_file
from tests.support.models_elsewhere import (
    IMAGE,
    LOGITS,
    MAPS,
    SCORES,
    TAGS,
    add_metadata,
    add_zip,
    described,
    label_file,
    metadata,
    model_elsewhere,
    normalization,
)

CONTRACT = Preprocessing(input_size=64, mean=127.0, std=128.0, fill=(1, 2, 3))
VOCABULARY = Vocabulary(TAGS)

Read = Callable[..., ExternalModel]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write bytes to a file and read it as a model from elsewhere."""

    def read_bytes(data: bytes, **options: object) -> ExternalModel:
        path = tmp_path / "other.tflite"
        path.write_bytes(data)
        return read_external(path, CONTRACT, VOCABULARY, **options)  # type: ignore[arg-type]

    return read_bytes


def test_metadata_gives_scaling_and_order(read: Read) -> None:
    found = read(described(("e", "a", "c", "b", "d")))
    assert (found.contract.mean, found.contract.std) == (0.0, 255.0)
    assert found.contract.fill == CONTRACT.fill
    assert found.columns == (1, 3, 2, 4, 0)
    assert "mean 0: from the file's metadata" in found.notes
    assert "order of tags: by the labels from labels.txt in the file" in found.notes


def test_the_file_is_named_measured_and_digested(read: Read) -> None:
    data = described()
    found = read(data)
    assert found.name == "other"
    assert found.size_bytes == len(data) == found.path.stat().st_size
    assert found.sha256 == digest_file(found.path)
    assert found.gzip_bytes == len(gzip.compress(data, 9, mtime=0))


def test_flags_override_metadata_one_by_one(read: Read, tmp_path: Path) -> None:
    labels = tmp_path / "names.txt"
    labels.write_text("b\na\nc\nd\ne\n\n", encoding="utf-8")
    found = read(described(), std=127.5, labels=labels, name="theirs")
    assert (found.contract.mean, found.contract.std) == (0.0, 127.5)
    assert found.columns == (1, 0, 2, 3, 4)
    assert found.name == "theirs"
    assert "mean 0: from the file's metadata" in found.notes
    assert "std 127.5: from --std" in found.notes
    assert f"order of tags: by the labels from {labels}" in found.notes


def test_without_metadata_the_recipe_is_assumed_and_said_so(read: Read) -> None:
    found = read(pack_model(model_elsewhere()))
    assert found.contract == CONTRACT
    assert found.columns == (0, 1, 2, 3, 4)
    assert [note for note in found.notes if "assumed" in note] == [
        "mean 127: assumed from the recipe",
        "std 128: assumed from the recipe",
        "how a picture is fitted into the square: assumed from the recipe",
        "order of tags: assumed to be the recipe's",
    ]


def test_metadata_without_normalization_leaves_the_recipes_scaling(read: Read) -> None:
    model = add_metadata(model_elsewhere(), metadata(files=[label_file()]))
    found = read(add_zip(pack_model(model), [("labels.txt", b"a\nb\nc\nd\ne")]))
    assert (found.contract.mean, found.contract.std) == (127.0, 128.0)


def test_labels_that_a_tool_dropped_leave_a_note(read: Read) -> None:
    data = described()
    without_zip = data[: data.index(b"PK\x03\x04")]
    found = read(without_zip)
    assert found.columns == (0, 1, 2, 3, 4)
    assert any("names labels.txt, which the file has lost" in note for note in found.notes)


def test_labels_without_a_language_come_before_translated_ones(read: Read) -> None:
    files = [label_file("labels_ja.txt", locale="ja"), label_file("labels.txt")]
    model = add_metadata(model_elsewhere(), metadata(files=files))
    members = [("labels_ja.txt", "猫\n犬\n".encode()), ("labels.txt", b"e\nd\nc\nb\na\n")]
    assert read(add_zip(pack_model(model), members)).columns == (4, 3, 2, 1, 0)


def test_a_softmax_is_noted(read: Read) -> None:
    assert any("softmax" in note for note in read(described(last="SOFTMAX")).notes)
    assert not any("softmax" in note for note in read(described()).notes)


def test_asked_for_calibration_is_noted(read: Read) -> None:
    units = {"process_units": [normalization([0], [1])]}
    model = add_metadata(model_elsewhere(), metadata(scores=units))
    assert any("asks to calibrate or cut" in note for note in read(pack_model(model)).notes)


def test_scores_may_keep_their_axes(read: Read) -> None:
    assert read(pack_model(model_elsewhere(keep_dims=True))).columns == (0, 1, 2, 3, 4)


def test_equal_values_for_each_channel_count_as_one(read: Read) -> None:
    found = read(described(mean=(127.5,) * 3, std=(127.5,) * 3))
    assert (found.contract.mean, found.contract.std) == (127.5, 127.5)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("a", "b", "c", "d", "f"), "it lacks e; it has besides f"),
        (("a", "b", "c", "d"), "it lacks e"),
        (("background", *TAGS), "it has besides background"),
        (("a", "b", "c", "d", "d"), "it lacks e; twice d"),
        (("A", "b", "c", "d", "e"), "it lacks a; it has besides A"),
        (tuple(f"x{i}" for i in range(30)), r"x9 and 20 more"),
    ],
)
def test_other_labels_are_listed(read: Read, labels: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=rf"other\.tflite: its labels.*{message}"):
        read(described(labels))


def test_the_flag_names_labels_that_the_file_lacks(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"from .*labels\.txt, are not .* it lacks c, d, e"):
        read(pack_model(model_elsewhere()), labels=file)


def shaped(tensor: int, shape: list[int]) -> bytes:
    model = model_elsewhere()
    model.subgraphs[0].tensors[tensor].shape = shape
    return pack_model(model)


def typed(tensor: int, kind: str) -> bytes:
    model = model_elsewhere()
    model.subgraphs[0].tensors[tensor].type = getattr(schema.TensorType, kind)
    return pack_model(model)


def ended(inputs: list[int], outputs: list[int]) -> bytes:
    model = model_elsewhere()
    model.subgraphs[0].inputs, model.subgraphs[0].outputs = inputs, outputs
    return pack_model(model)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (shaped(IMAGE, [1, 3, 64, 64]), r"\[1, 3, 64, 64\], channels first .* \[1, 64, 64, 3\]"),
        (shaped(IMAGE, [1, 96, 64, 3]), "takes images of 64 x 96, expected .*input_size, 64"),
        (shaped(IMAGE, [8, 64, 64, 3]), r"\[8, 64, 64, 3\]; convert it for one image"),
        (shaped(IMAGE, [1, 64, 64, 1]), r"\[1, 64, 64, 1\], expected an image"),
        (shaped(IMAGE, [1, 12288]), r"\[1, 12288\], expected an image \[1, 64, 64, 3\]"),
        (shaped(IMAGE, []), r"its input is \[\], expected an image"),
        (shaped(SCORES, [1, 4]), "gives 4 scores, but the recipe has 5 tags"),
        (shaped(SCORES, [5]), r"its output is \[5\], expected scores"),
        (shaped(SCORES, [1, 2, 2, 5]), r"its output is \[1, 2, 2, 5\], expected scores"),
        (shaped(SCORES, []), r"its output is \[\], expected scores"),
        (typed(IMAGE, "FLOAT64"), "its input is float64, expected one of float32, uint8"),
        (typed(IMAGE, "UINT8"), "its input is uint8 but has no scale"),
        (typed(SCORES, "INT64"), "its output is int64, expected one of"),
        (typed(SCORES, "INT8"), "its output is int8 but has no scale"),
        (ended([IMAGE, MAPS], [SCORES]), "has 2 inputs, expected one image"),
        (ended([], [SCORES]), "has 0 inputs, expected one image"),
        (ended([IMAGE], [SCORES, LOGITS]), "has 2 outputs, expected one list of scores"),
        (ended([IMAGE], []), "has 0 outputs, expected one list of scores"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_model_of_another_kind_is_refused(read: Read, data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=rf"other\.tflite: .*{message}"):
        read(data)


def test_labels_and_scores_must_be_as_many(read: Read) -> None:
    model = add_metadata(model_elsewhere(), metadata(files=[label_file()]))
    model.subgraphs[0].tensors[SCORES].shape = [1, 6]
    data = add_zip(pack_model(model), [("labels.txt", b"a\nb\nc\nd\ne\n")])
    with pytest.raises(InputError, match="gives 6 scores, but there are 5 labels"):
        read(data)


def test_channels_of_their_own_scaling_are_refused_unless_a_flag_decides(read: Read) -> None:
    data = described(mean=(123.7, 116.3, 103.5), std=(58.4, 57.1, 57.4))
    with pytest.raises(InputError, match=r"its own mean \(123.7, 116.3, 103.5\)"):
        read(data)
    found = read(data, mean=114.5, std=57.6)
    assert (found.contract.mean, found.contract.std) == (114.5, 57.6)


@pytest.mark.parametrize(
    ("mean", "std", "message"),
    [
        (np.nan, 1.0, "mean nan, from the file's metadata, must be a number"),
        (0.0, 0.0, "std 0, from the file's metadata, must be a number above 0"),
        (0.0, np.inf, "std inf, .* must be a number above 0"),
        (0.0, -1.0, "std -1, .* must be a number above 0"),
    ],
)
def test_scaling_that_is_none_is_refused(read: Read, mean: float, std: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(described(mean=(mean,), std=(std,)))
    plain = pack_model(model_elsewhere())
    with pytest.raises(InputError, match=message.replace("the file's metadata", "--(mean|std)")):
        read(plain, mean=mean, std=std)


def test_grey_pictures_are_refused(read: Read) -> None:
    image = {"content": {"content_properties": ("ImageProperties", {"color_space": 2})}}
    model = add_metadata(model_elsewhere(), metadata(image=image))
    with pytest.raises(InputError, match="takes grey pictures, expected RGB"):
        read(pack_model(model))


@pytest.mark.parametrize(
    "name", ["", "Other", "-v", "..", ".hidden", "a/b", "a b", "ä", "a" * 65, "a\n"]
)
def test_names_that_are_no_safe_file_names_are_refused(read: Read, name: str) -> None:
    with pytest.raises(InputError, match=r"cannot be its name; give one of .*: NAME=FILE"):
        read(described(), name=name)


def test_a_name_that_is_taken_is_refused(read: Read) -> None:
    with pytest.raises(InputError, match="the name int8 is taken; give another: NAME=FILE"):
        read(described(), name="int8", taken=("fp32", "int8"))


def two_signatures() -> Any:
    """Return a model with the signature `scores` and, made from it, `explain`."""
    model = model_elsewhere()
    only = schema.SignatureDefT()
    only.signatureKey, only.subgraphIndex = b"scores", 0
    ends = []
    for name, position in ((b"image", IMAGE), (b"scores", SCORES)):
        end = schema.TensorMapT()
        end.name, end.tensorIndex = name, position
        ends.append([end])
    only.inputs, only.outputs = ends
    model.signatureDefs = [only]
    add_explain(model, "two")
    return model


def test_of_two_signatures_the_scores_are_read_and_the_maps_are_known_of(read: Read) -> None:
    assert read(pack_model(two_signatures())).explains
    assert not read(described()).explains


def test_where_the_first_signature_does_not_fit_the_one_that_does_is_named(read: Read) -> None:
    model = two_signatures()
    model.subgraphs = model.subgraphs[::-1]
    for signature in model.signatureDefs:
        signature.subgraphIndex = 1 - signature.subgraphIndex
    with pytest.raises(InputError, match=r"2 outputs.*of the signature explain.*scores would fit"):
        read(pack_model(model))
