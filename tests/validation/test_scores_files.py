from pathlib import Path

import numpy as np
import pytest

from edgetag.arrays import read_arrays, write_arrays
from edgetag.errors import InputError
from edgetag.validation.scores import (
    ReferenceMeta,
    ReferenceScores,
    digest_rows,
    read_reference,
    read_variant,
    write_reference,
    write_variant,
)
from tests.support.made_results import variant_meta

META = ReferenceMeta(
    engine="TensorFlow", device="cpu", versions={}, weights_sha256="w", preprocessing="p"
)
SCORES = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], dtype=np.float32)


def reference(**changes: object) -> ReferenceScores:
    fields: dict[str, object] = {
        "scores": SCORES,
        "identities": ("a", "b", "c"),
        "tags": ("cat", "猫"),
        "split": ("test", "test", "test_style"),
        "meta": META,
    }
    return ReferenceScores(**{**fields, **changes})  # type: ignore[arg-type]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "reference.npz"
    write_reference(path, reference())
    found = read_reference(path)
    assert np.array_equal(found.scores, SCORES)
    assert (found.identities, found.tags, found.split) == (
        ("a", "b", "c"),
        ("cat", "猫"),
        ("test", "test", "test_style"),
    )
    assert found.meta == META


def test_scores_are_matched_by_identity_and_tag_never_by_position() -> None:
    matched = reference().matched(["c", "a"], ["猫", "cat"], Path("r.npz"))
    assert np.array_equal(matched, np.array([[0.6, 0.5], [0.2, 0.1]], np.float32))


def test_missing_images_and_other_tags_are_named() -> None:
    with pytest.raises(InputError, match=r"r\.npz: .* lack 1 of 2 images, the first being z"):
        reference().matched(["a", "z"], ["cat", "猫"], Path("r.npz"))
    with pytest.raises(InputError, match="they lack dog and have 猫 besides"):
        reference().matched(["a"], ["cat", "dog"], Path("r.npz"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scores": SCORES.astype(np.float64)}, "scores are float64"),
        ({"scores": SCORES[:, :1]}, "expected float32 \\[3, 2\\]"),
        ({"scores": SCORES[:2]}, "scores are float32 \\[2, 2\\]"),
        ({"scores": np.where(SCORES > 0.5, np.nan, SCORES)}, "not between 0 and 1"),
        ({"scores": SCORES + 1}, "not between 0 and 1"),
        ({"split": ("test",)}, "one split per image"),
    ],
)
def test_scores_that_are_none_are_refused(
    changes: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "reference.npz"
    write_reference(path, reference(**changes))
    with pytest.raises(InputError, match=message):
        read_reference(path)


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "reference.npz"
    with pytest.raises(InputError, match="missing"):
        read_reference(path)
    path.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(InputError, match=r"not a readable \.npz"):
        read_reference(path)
    write_arrays(path, {"scores": SCORES})
    with pytest.raises(InputError, match="lacks identities, meta, split, tags"):
        read_reference(path)
    write_reference(path, reference())
    arrays = read_arrays(path)
    write_arrays(path, arrays | {"identities": np.arange(3)})
    with pytest.raises(InputError, match="names are not lists of text"):
        read_reference(path)
    write_arrays(path, arrays | {"meta": np.array('{"schema": "edgetag.other/1.0"}')})
    with pytest.raises(InputError, match=r"reference\.npz"):
        read_reference(path)


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "reference.npz"
    with path.open("wb") as file:
        np.savez(file, scores=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match=r"not a readable \.npz"):
        read_reference(path)


MADE = variant_meta(images_per_s=123.0)


def test_a_variants_scores_are_read_back_with_their_rate(tmp_path: Path) -> None:
    path = tmp_path / "int8.litert.npz"
    wanted = MADE.model_copy(update={"images_per_s": 0.0})
    assert read_variant(path, wanted, (3, 2)) is None
    write_variant(path, SCORES, MADE)
    kept = read_variant(path, wanted, (3, 2))
    assert kept is not None
    assert np.array_equal(kept[0], SCORES)
    assert kept[1].images_per_s == 123.0


@pytest.mark.parametrize(
    "change",
    [
        {"model_sha256": "other"},
        {"engine": "tflite-runtime"},
        {"version": "2.4.0"},
        {"device": "another"},
        {"cache": "another"},
        {"rows": "others"},
        {"contract": "another"},
        {"columns": (1, 0)},
        {"tags": "others"},
        {"made_with": "another numpy"},
    ],
)
def test_a_variants_scores_of_another_making_are_not_taken(
    change: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "int8.litert.npz"
    write_variant(path, SCORES, MADE)
    assert read_variant(path, MADE, (3, 2)) is not None
    assert read_variant(path, MADE.model_copy(update=change), (3, 2)) is None


def test_a_variants_scores_of_the_wrong_shape_or_damaged_count_as_none(tmp_path: Path) -> None:
    path = tmp_path / "int8.litert.npz"
    write_variant(path, SCORES, MADE)
    assert read_variant(path, MADE, (4, 2)) is None
    write_variant(path, SCORES.astype(np.float64), MADE)
    assert read_variant(path, MADE, (3, 2)) is None
    write_variant(path, SCORES, MADE)
    path.write_bytes(path.read_bytes()[:100])
    assert read_variant(path, MADE, (3, 2)) is None


def test_other_rows_have_another_digest() -> None:
    rows = np.arange(5, dtype=np.int64)
    assert digest_rows(rows) == digest_rows(rows.copy())
    assert digest_rows(np.arange(10, dtype=np.int64)[::2]) == digest_rows(rows * 2)
    assert len({digest_rows(rows), digest_rows(rows[::-1]), digest_rows(rows[:4])}) == 3
