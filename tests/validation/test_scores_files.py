from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from edgetag.arrays import read_arrays, write_arrays
from edgetag.errors import InputError
from edgetag.validation.scores import (
    KnownPictures,
    ReferenceMaps,
    ReferenceMeta,
    ReferenceScores,
    digest_in_order,
    digest_rows,
    images_digest,
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


def test_of_other_tags_only_what_differs_is_named() -> None:
    with pytest.raises(InputError, match="they lack dog; compute"):
        reference().columns(["cat", "猫", "dog"], Path("r.npz"))
    with pytest.raises(InputError, match="they have 猫 besides; compute"):
        reference().columns(["cat"], Path("r.npz"))


LABELS = np.array([[1, 0], [0, -1], [-1, 1]], dtype=np.int8)
GROUPS = np.array([0, 0, 2], np.int32)
PICTURES = KnownPictures(LABELS, ("a.png", "b.png", "ç.png"), GROUPS)
MAPS = np.arange(2 * 3 * 4 * 2, dtype=np.float32).reshape(2, 3, 4, 2)


def test_labels_paths_and_maps_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "reference.npz"
    write_reference(path, reference(known=PICTURES, maps=ReferenceMaps(MAPS, ("c", "a"))))
    kept = read_reference(path)
    assert kept.known is not None
    assert kept.known.paths == PICTURES.paths
    assert kept.known.labels.tolist() == LABELS.tolist()
    assert kept.known.groups is not None
    assert kept.known.groups.tolist() == GROUPS.tolist()
    assert kept.maps is not None
    assert kept.maps.identities == ("c", "a")
    assert np.array_equal(kept.maps.maps, MAPS)
    write_reference(path, reference())
    assert (read_reference(path).known, read_reference(path).maps) == (None, None)


def test_maps_are_matched_by_identity_and_tag_never_by_position() -> None:
    stored = reference(maps=ReferenceMaps(MAPS, ("c", "a")))
    matched = stored.matched_maps(["a", "c"], ["猫", "cat"])
    assert matched is not None
    assert np.array_equal(matched, MAPS[::-1, :, :, ::-1])
    assert stored.matched_maps(["a", "b"], ["cat", "猫"]) is None
    assert reference().matched_maps(["a"], ["cat", "猫"]) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": LABELS.astype(np.int16)}, "labels do not fit"),
        ({"labels": LABELS[:2]}, "labels do not fit"),
        ({"labels": LABELS[:, :1]}, "labels do not fit"),
        ({"labels": LABELS * 2}, "labels do not fit"),
        ({"labels": LABELS - 1}, "labels do not fit"),
        ({"paths": np.frombuffer(b'["a.png", "b.png"]', np.uint8)}, "one path per image"),
        ({"paths": np.frombuffer(b"no JSON", np.uint8)}, "one path per image"),
        ({"groups": GROUPS[:2]}, "groups do not fit"),
        ({"groups": GROUPS.astype(np.int64)}, "groups do not fit"),
        ({"groups": GROUPS + 1}, "groups do not fit"),
        ({"groups": GROUPS - 1}, "groups do not fit"),
        ({"maps": MAPS.astype(np.float64)}, "maps do not fit"),
        ({"maps": MAPS[..., :1]}, "maps do not fit"),
        ({"maps": MAPS[:1]}, "maps do not fit"),
        ({"maps": MAPS[:, 0]}, "maps do not fit"),
        ({"map_identities": np.array(["c", "a"])}, "maps do not fit"),
        ({"map_identities": np.array([[b"c"], [b"a"]])}, "maps do not fit"),
        ({"maps": MAPS[:, :0]}, "empty or no numbers"),
        ({"maps": np.where(MAPS == 7, np.inf, MAPS).astype(np.float32)}, "empty or no numbers"),
        ({"identities": np.array([[b"a", b"b", b"c"]])}, "names are not lists of text"),
        ({"tags": np.array([b"cat", b"dog"])}, "names are not lists of text"),
    ],
)
def test_labels_paths_and_maps_that_fit_no_scores_are_refused(
    change: dict[str, npt.NDArray[Any]], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "reference.npz"
    write_reference(path, reference(known=PICTURES, maps=ReferenceMaps(MAPS, ("c", "a"))))
    write_arrays(path, read_arrays(path) | change)
    with pytest.raises(InputError, match=message):
        read_reference(path)


def test_scores_from_0_to_1_are_scores(tmp_path: Path) -> None:
    path = tmp_path / "reference.npz"
    ends = np.array([[0.0, 1.0]] * 3, dtype=np.float32)
    write_reference(path, reference(scores=ends))
    assert np.array_equal(read_reference(path).scores, ends)


@pytest.mark.parametrize(
    "change",
    [
        {"identities": ("a", "b", "d")},
        {"tags": ("cat", "dog")},
        {"split": ("test", "test", "test")},
        {"meta": META.replace(batch=4)},
        {"known": None},
        {"known": KnownPictures(LABELS, ("a.png", "b.png", "c.png"), GROUPS)},
        {"known": KnownPictures(np.abs(LABELS), PICTURES.paths, GROUPS)},
        {"known": KnownPictures(LABELS, PICTURES.paths)},
        {"known": KnownPictures(LABELS, PICTURES.paths, GROUPS[::-1])},
    ],
)
def test_references_are_the_same_where_all_but_scores_is(change: dict[str, object]) -> None:
    stored = reference(known=PICTURES)
    copied = KnownPictures(LABELS.copy(), tuple(PICTURES.paths), GROUPS.copy())
    assert stored.same(reference(known=copied))
    assert reference().same(reference())
    other = reference(**({"known": PICTURES} | change))
    assert not stored.same(other)
    assert not other.same(stored)


@pytest.mark.parametrize(
    ("field", "least"), [("fp32_size_bytes", 1), ("batch", 1), ("thresholds", {"cat": 0.0})]
)
def test_what_made_a_reference_has_sizes_above_0_and_thresholds_from_0_to_1(
    field: str, least: object
) -> None:
    def made(value: object) -> None:
        ReferenceMeta.model_validate(META.model_dump(by_alias=True) | {field: value})

    made(least)
    made({"cat": 1.0} if field == "thresholds" else None)
    for wrong in ({"cat": -0.01}, {"cat": 1.01}) if field == "thresholds" else (0, -1):
        with pytest.raises(ValidationError):
            made(wrong)


def test_a_rate_may_be_0_and_not_less() -> None:
    assert variant_meta(images_per_s=0).images_per_s == 0
    with pytest.raises(ValidationError):
        variant_meta(images_per_s=-0.5)


def test_a_digest_of_images_goes_by_order_only_where_it_says_so() -> None:
    assert images_digest(["b", "a"]) == images_digest(["a", "b"]) == digest_in_order(["a", "b"])
    assert digest_in_order(["b", "a"]) != digest_in_order(["a", "b"])


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
    wanted = MADE.replace(images_per_s=0.0)
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
    assert read_variant(path, MADE.replace(**change), (3, 2)) is None


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
