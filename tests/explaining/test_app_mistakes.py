"""What each mistake does to pictures, and to which."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from edgetag.explaining.mistakes import Case, DrawnMistake, drawn_mistakes, scaled_mistakes
from edgetag.explaining.pictures import Picture, PictureSource
from edgetag.explaining.resampling import place, plain_bilinear, through_jpeg
from edgetag.preprocess import ImageRejectedError, Pixels, Preprocessing, letterbox
from edgetag.recipe import DataSection
from edgetag.runtimes.encoding import encode, encoding_table
from edgetag.runtimes.session import Tensor
from edgetag.workspace import digest_file
from tests.support.color_run import ColorRun

CONTRACT = Preprocessing(input_size=64)
ALL = {mistake.name: mistake for mistake in drawn_mistakes("uint8", True)}


def noise(width: int, height: int, seed: int = 1) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    return Image.fromarray(pixels.astype(np.uint8))


def case(image: Image.Image) -> Case:
    return Case(Picture(image, None, None), letterbox(image, CONTRACT), CONTRACT)


def changed(image: Image.Image) -> set[str]:
    one = case(image)
    return {name for name, m in ALL.items() if not np.array_equal(m.draw(one), one.right)}


def read(file: Path) -> Picture:
    source = PictureSource(file.parent, DataSection(source=file.parent), CONTRACT)
    return source.read(file.name, digest_file(file), None)


SHAPE_MISTAKES = {"stretch", "centre_crop", "top_left", "bar_colour"}
FILE_MISTAKES = {"exif_ignored", "black_background", "scaled_jpeg"}


def test_square_opaque_upright_pictures_survive_mistakes_of_shape() -> None:
    assert changed(noise(150, 150)) == set(ALL) - SHAPE_MISTAKES - FILE_MISTAKES


def test_long_pictures_suffer_every_mistake_of_shape() -> None:
    assert changed(noise(200, 120)) == set(ALL) - FILE_MISTAKES


def test_plain_colour_survives_all_but_mistakes_of_colour() -> None:
    survived = set(ALL) - changed(Image.new("RGB", (100, 100), (200, 40, 40)))
    assert survived >= SHAPE_MISTAKES | {"rotated_90", "no_antialiasing", "nearest"}
    assert not survived & {"bgr", "signed_bytes", "cast_fractions"}


@settings(max_examples=30)
@given(width=st.integers(1, 300), height=st.integers(1, 300))
def test_every_mistake_gives_a_square_of_bytes(width: int, height: int) -> None:
    one = case(noise(width, height))
    before = one.right.copy()
    for mistake in ALL.values():
        drawn = mistake.draw(one)
        assert (drawn.shape, drawn.dtype) == ((64, 64, 3), np.dtype("u1"))
    np.testing.assert_array_equal(one.right, before)


@settings(max_examples=50)
@given(width=st.integers(1, 300), height=st.integers(1, 300))
def test_what_is_cut_from_a_letterbox_goes_back_in(width: int, height: int) -> None:
    for anchor in ("center", "top_left"):
        contract = CONTRACT.replace(anchor=anchor, fill=(9, 8, 7))
        image = noise(width, height)
        one = Case(Picture(image, None, None), letterbox(image, contract), contract)
        np.testing.assert_array_equal(place(one.content, contract), one.right)


def test_enlarging_without_antialiasing_is_bilinear_as_everywhere() -> None:
    image = noise(20, 30)
    ours = plain_bilinear(image, 77, 64).astype(int)
    pillow = np.asarray(image.resize((77, 64), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(ours - pillow).max() <= 1


def test_shrinking_without_antialiasing_looks_at_four_pixels() -> None:
    image = noise(90, 60)
    source = np.asarray(image).astype(float)
    np.testing.assert_array_equal(plain_bilinear(image, 30, 20), source[1::3, 1::3])
    four = (
        source[1::4, 1:88:4] + source[1::4, 2::4] + source[2::4, 1:88:4] + source[2::4, 2::4]
    ) / 4
    np.testing.assert_array_equal(
        plain_bilinear(image.crop((0, 0, 88, 60)), 22, 15), np.floor(four[:, :22] + 0.5)
    )


def test_lower_quality_is_farther_from_the_picture() -> None:
    pixels = np.asarray(noise(64, 64))
    error = [np.abs(through_jpeg(pixels, q).astype(int) - pixels).mean() for q in (95, 75, 50)]
    assert error == sorted(error)
    assert error[0] > 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_ignored_orientation_is_the_picture_as_stored(tmp_path: Path, orientation: int) -> None:
    image = noise(90, 60)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    file = tmp_path / "photo.png"
    image.save(file, exif=exif)
    picture = read(file)
    if orientation == 1:
        assert picture.stored is None
        return
    one = Case(picture, letterbox(picture.image, CONTRACT), CONTRACT)
    np.testing.assert_array_equal(ALL["exif_ignored"].draw(one), letterbox(image, CONTRACT))


def test_only_large_jpeg_files_are_decoded_at_a_fraction(tmp_path: Path) -> None:
    smooth = Image.effect_noise((300, 200), 40).convert("RGB")
    differing = {}
    for name in ("large.jpg", "small.jpg", "large.png"):
        smooth.resize((100, 66) if "small" in name else smooth.size).save(tmp_path / name)
        picture = read(tmp_path / name)
        one = Case(picture, letterbox(picture.image, CONTRACT), CONTRACT)
        differing[name] = np.abs(ALL["scaled_jpeg"].draw(one).astype(int) - one.right).max()
    assert differing["large.jpg"] > 0
    assert (differing["small.jpg"], differing["large.png"]) == (0, 0)


def test_only_transparent_pictures_have_another_background(tmp_path: Path) -> None:
    file = tmp_path / "sticker.png"
    Image.new("RGBA", (80, 80), (255, 0, 0, 0)).save(file)
    picture = read(file)
    one = Case(picture, letterbox(picture.image, CONTRACT), CONTRACT)
    assert (one.right == 255).all()
    assert (ALL["black_background"].draw(one) == 0).all()
    noise(80, 80).save(file)
    assert read(file).on_black is None


@pytest.mark.parametrize(("dtype", "zero"), [("uint8", 127), ("int8", -1)])
def test_mistakes_with_bytes_feed_exactly_the_wrong_bytes(dtype: str, zero: int) -> None:
    table = encoding_table(CONTRACT, Tensor("in", (1, 64, 64, 3), dtype, 1 / 128, zero))
    found = {mistake.name: mistake for mistake in drawn_mistakes(dtype, True)}
    image = noise(64, 64)
    original = np.asarray(image)

    def fed(mistake: DrawnMistake) -> Pixels:
        return encode(mistake.draw(case(image)), table)

    other = np.int8 if dtype == "uint8" else np.uint8
    as_other = (original.astype(int) - (128 if dtype == "uint8" else 0)).astype(other)
    np.testing.assert_array_equal(fed(found["signed_bytes"]), as_other.view(dtype))
    np.testing.assert_array_equal(fed(found["cast_fractions"]), (original / 255).astype(dtype))


def test_mistakes_with_bytes_are_only_for_files_that_take_bytes() -> None:
    for names in (drawn_mistakes("float32", False), drawn_mistakes("uint8", False)):
        assert {mistake.name for mistake in names} == set(ALL) - {"signed_bytes", "cast_fractions"}


def test_names_are_unique_and_sentences_end() -> None:
    for kind in ("float32", "uint8", "int8", "int16"):
        found = [*drawn_mistakes(kind, True), *scaled_mistakes(kind)]
        assert len({mistake.name for mistake in found}) == len(found)
        assert all(m.what.endswith(".") and m.sign.endswith(".") for m in found)


@pytest.mark.slow
def test_pictures_read_again_are_those_of_the_cache(pristine: ColorRun) -> None:
    dataset, recipe = pristine.dataset, pristine.recipe
    contract = recipe.network.preprocessing()
    source = PictureSource(recipe.data.image_root, recipe.data, contract)
    rows = dataset.rows("test")
    table = dataset.manifest[rows]
    for row, path, digest in zip(rows, table["path"], table["digest"], strict=True):
        picture = source.read(path, digest, None)
        np.testing.assert_array_equal(
            letterbox(picture.image, contract), dataset.images(np.array([row]))[0]
        )


def test_a_region_is_cut_out(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    image = noise(100, 80)
    image.save(file)
    source = PictureSource(tmp_path, DataSection(source=tmp_path), CONTRACT)
    cut = source.read("a.png", digest_file(file), (10, 20, 500, 70)).image
    np.testing.assert_array_equal(np.asarray(cut), np.asarray(image)[20:70, 10:])


def test_pictures_that_are_not_what_they_were_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    noise(50, 50).save(root / "a.png")
    noise(50, 50, seed=2).save(tmp_path / "outside.png")
    (root / "link.png").symlink_to(tmp_path / "outside.png")
    (root / "folder.png").mkdir()
    buffer = io.BytesIO()
    noise(50, 50).save(buffer, "PNG")
    (root / "half.png").write_bytes(buffer.getvalue()[:2000])
    source = PictureSource(root, DataSection(source=root), CONTRACT)
    for name, digest, reason in (
        ("a.png", "0" * 64, "changed since"),
        ("b.png", "", "missing"),
        ("../outside.png", "", "outside"),
        ("link.png", digest_file(root / "link.png"), "outside"),
        ("folder.png", "", "not a regular file"),
        ("half.png", digest_file(root / "half.png"), "truncated"),
    ):
        with pytest.raises(ImageRejectedError, match=reason):
            source.read(name, digest, None)
