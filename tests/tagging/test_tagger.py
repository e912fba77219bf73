"""A `Tagger` gives the scores that validation gives, for a picture in any shape, in order."""

import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import edgetag
from edgetag import BundleError, PictureError, Tagger, Tagging, VocabularyError
from edgetag.bundling.opening import open_bundle
from edgetag.errors import InputError
from edgetag.preprocess import preprocess
from edgetag.progress import SilentTask
from edgetag.runtimes import ScoreRun, engines, score
from edgetag.runtimes.maps import MapRun, explain
from edgetag.tagging.pictures import Picture
from edgetag.temporary_images import images_on_disk
from tests.support.made_bundle import resealed, unpack, with_json
from tests.support.paths import RELEASED

LITERT = engines.get("litert")


@pytest.fixture(scope="module")
def model(tagger: Tagger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "demo-int8.tflite"
    path.write_bytes(tagger.model.data)
    return path


def tagged(outcome: Tagging | PictureError) -> Tagging:
    assert isinstance(outcome, Tagging)
    return outcome


@pytest.mark.slow
def test_scores_are_those_of_validation_bit_for_bit(
    tagger: Tagger, pictures: tuple[bytes, ...], model: Path
) -> None:
    contract = tagger.model.contract
    squares = [preprocess(picture, contract) for picture in pictures]
    with images_on_disk(squares, contract.input_size) as images:
        rows = np.arange(len(squares))
        run = score(LITERT, model, images, rows, contract, 1, SilentTask())
        maps = explain(LITERT, model, images, rows, contract, SilentTask())
    assert isinstance(run, ScoreRun)
    assert isinstance(maps, MapRun)
    for number, outcome in enumerate(tagger.tag_all(pictures)):
        np.testing.assert_array_equal(tagged(outcome).scores, run.scores[number])
    for number, outcome in enumerate(tagger.tag_all(pictures, maps=True)):
        heat = tagged(outcome).maps
        assert heat is not None
        np.testing.assert_array_equal(tagged(outcome).scores, maps.scores[number])
        np.testing.assert_array_equal(heat.values, 1 / (1 + np.exp(-maps.maps[number])))


@pytest.mark.slow
def test_a_picture_has_the_same_scores_in_any_shape(
    tagger: Tagger, pictures: tuple[bytes, ...], tmp_path: Path
) -> None:
    path = tmp_path / "picture"
    path.write_bytes(pictures[0])
    image = Image.open(io.BytesIO(pictures[0]))
    expected = tagger.tag(pictures[0]).scores
    rgb = np.asarray(image.convert("RGB"))
    shapes: list[Picture] = [path, str(path), image, *([rgb] if image.mode == "RGB" else [])]
    for shape in shapes:
        np.testing.assert_array_equal(tagger.tag(shape).scores, expected)


def test_grey_and_transparent_arrays_are_pictures(tagger: Tagger) -> None:
    grey = np.full((40, 60), 200, np.uint8)
    rgb = np.repeat(grey[..., None], 3, axis=2)
    opaque = np.dstack([rgb, np.full_like(grey, 255)])
    expected = tagger.tag(rgb).scores
    np.testing.assert_array_equal(tagger.tag(grey).scores, expected)
    np.testing.assert_array_equal(tagger.tag(opaque).scores, expected)


def test_decisions_are_those_of_the_bundles_thresholds(
    tagger: Tagger, pictures: tuple[bytes, ...]
) -> None:
    with open_bundle(RELEASED) as bundle:
        thresholds = bundle.thresholds.thresholds[tagger.model.variant]
    result = tagger.tag(pictures[0])
    assert [row.tag for row in result.all] == list(tagger.tags)
    wanted = {tag for tag in tagger.tags if result[tag].score >= np.float32(thresholds[tag])}
    assert {row.tag for row in result.tags} == wanted
    assert [row.score for row in result.tags] == sorted(
        (row.score for row in result.tags), reverse=True
    )


def test_many_pictures_keep_their_order_and_a_bad_one_ends_nothing(
    tagger: Tagger, pictures: tuple[bytes, ...]
) -> None:
    alone = [tagger.tag(picture).scores for picture in pictures]
    given = [*pictures, b"no picture", *pictures] * 3
    outcomes = list(tagger.tag_all(given))
    bad = len(pictures)
    for number, outcome in enumerate(outcomes):
        place = number % (2 * bad + 1)
        if place == bad:
            assert isinstance(outcome, PictureError)
            assert outcome.reason == "unreadable"
        else:
            expected = alone[place if place < bad else place - bad - 1]
            np.testing.assert_array_equal(tagged(outcome).scores, expected)


@pytest.mark.parametrize("given", ["cat.jpg", b"cat"])
def test_the_letters_of_one_path_are_not_taken_for_pictures(
    tagger: Tagger, given: str | bytes
) -> None:
    with pytest.raises(TypeError, match="give a list, or one to tag"):
        list(tagger.tag_all(given))  # type: ignore[arg-type]


def test_pictures_are_taken_only_as_they_are_needed(
    tagger: Tagger, pictures: tuple[bytes, ...]
) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        for picture in itertools.cycle(pictures):
            taken += 1
            yield picture

    for _ in itertools.islice(tagger.tag_all(endless()), 10):
        pass
    assert taken <= 10 + 4 * 4 + 1


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"GIF89a",
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        "no/such/file.png",
        "zero\0byte.png",
    ],
    ids=str,
)
def test_what_is_no_picture_is_a_picture_error(tagger: Tagger, picture: object) -> None:
    with pytest.raises(PictureError):
        tagger.tag(picture)  # type: ignore[arg-type]


def test_a_picture_over_the_limit_is_refused_before_it_is_decoded() -> None:
    with (
        Tagger(RELEASED, max_pixels=99) as small,
        pytest.raises(PictureError, match="10x10 is over 99 pixels"),
    ):
        small.tag(np.zeros((10, 10, 3), np.uint8))


def test_a_model_is_proved_once(tagger: Tagger, proved: Path) -> None:
    kept = {path: path.stat().st_mtime_ns for path in proved.iterdir()}
    with Tagger(RELEASED):
        pass
    assert {path: path.stat().st_mtime_ns for path in proved.iterdir()} == kept


@pytest.mark.slow
def test_other_golden_scores_than_the_models_are_refused(tmp_path: Path) -> None:
    def shift(golden: dict[str, Any]) -> None:
        for known in golden["expected"]:
            known["scores"] = [[abs(value - 0.3) for value in row] for row in known["scores"]]

    other = tmp_path / "other.zip"
    other.write_bytes(with_json(unpack(RELEASED), "golden.json", shift))
    with pytest.raises(BundleError, match="does not give its golden scores on this machine"):
        Tagger(other)


@pytest.mark.slow
def test_turned_heat_maps_are_refused_though_the_scores_are_the_models(
    two_variants: Path, tmp_path: Path
) -> None:
    files = unpack(two_variants)
    known = np.frombuffer(files["golden-maps.bin"], np.float32).reshape(-1, 16, 16, 16, 3)
    turned = known.transpose(0, 1, 3, 2, 4).tobytes()
    other = tmp_path / "other.zip"
    other.write_bytes(resealed({**files, "golden-maps.bin": turned}))
    with pytest.raises(BundleError, match="does not give its golden heat maps on this machine"):
        Tagger(other)


@pytest.mark.parametrize("cut", [10, 1000, 100_000])
def test_a_damaged_bundle_is_a_bundle_error(tmp_path: Path, cut: int) -> None:
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(RELEASED.read_bytes()[:-cut])
    with pytest.raises(BundleError):
        Tagger(damaged)


@pytest.mark.parametrize("name", ["none.zip", ".", "empty"])
def test_what_is_no_model_is_a_bundle_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(BundleError):
        Tagger(tmp_path / name)


def test_another_vocabulary_is_refused_and_told_apart(tagger: Tagger) -> None:
    lacking = [*tagger.tags[1:], "bird"]
    with pytest.raises(VocabularyError, match="it lacks bird; it has besides original_art"):
        Tagger(RELEASED, tags=lacking)
    with pytest.raises(VocabularyError, match="another order"):
        Tagger(RELEASED, tags=tagger.tags[::-1])
    with Tagger(RELEASED, tags=tagger.tags) as same:
        assert same.tags == tagger.tags


@pytest.mark.parametrize("wrong", [{"bird": 0.5}, {"cat": 1.5}, {"cat": float("nan")}, -1.0])
def test_thresholds_that_are_none_are_refused(wrong: dict[str, float] | float) -> None:
    with pytest.raises(InputError, match="threshold of"):
        Tagger(RELEASED, thresholds=wrong)


def test_a_threshold_of_the_callers_comes_before_the_bundles(
    tagger: Tagger, pictures: tuple[bytes, ...]
) -> None:
    with Tagger(RELEASED, thresholds={"cat": 0.0}) as eager:
        assert "cat" in {row.tag for row in eager.tag(pictures[0]).tags}
        assert eager.model.thresholds[1:5].tolist() == tagger.model.thresholds[1:5].tolist()


@pytest.mark.slow
def test_a_model_file_gives_the_same_scores_by_its_metadata(
    tagger: Tagger, pictures: tuple[bytes, ...], model: Path
) -> None:
    with Tagger(model) as plain:
        assert plain.tags == tagger.tags
        assert set(plain.model.thresholds.tolist()) == {0.5}
        result = plain.tag(pictures[0], maps=True)
        np.testing.assert_array_equal(result.scores, tagger.tag(pictures[0], maps=True).scores)
        assert result.maps is not None


@pytest.mark.slow
def test_a_model_file_without_labels_needs_the_callers_tags(tagger: Tagger, tmp_path: Path) -> None:
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(tagger.model.data[: tagger.model.data.rindex(b"PK\x03\x04")])
    with pytest.raises(VocabularyError, match="no labels"):
        Tagger(bare)
    with Tagger(bare, tags=tagger.tags) as named:
        assert named.tags == tagger.tags


def test_a_variant_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"no variant 'int4'; it has: int8"):
        Tagger(RELEASED, variant="int4")


def test_a_tagging_reads_as_the_tags_that_are_set() -> None:
    with Tagger(RELEASED, thresholds=1.0) as strict:
        assert str(strict.tag(np.zeros((8, 8, 3), np.uint8))) == "no tag"
    with Tagger(RELEASED, thresholds=dict.fromkeys(strict.tags, 1.0) | {"cat": 0.0}) as eager:
        result = eager.tag(np.zeros((8, 8, 3), np.uint8))
        assert str(result) == f"cat {result['cat'].score:.2f}"


def test_every_public_name_can_be_imported() -> None:
    for name in edgetag.__all__:
        assert getattr(edgetag, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Taggers'"):
        _ = edgetag.Taggers
