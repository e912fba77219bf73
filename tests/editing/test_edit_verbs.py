"""`heatmap`, `mosaic` and `crop`: full resolution, no GPS, nothing outside the folder."""

import io
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import ExifTags, Image
from PIL.ImageCms import ImageCmsProfile, createProfile
from PIL.PngImagePlugin import PngInfo
from skimage import data
from typer.testing import CliRunner, Result

from edgetag import Tagger
from edgetag.bundling.opening import open_bundle
from edgetag.cli.app import app
from edgetag.contract import Preprocessing
from edgetag.conversion.explain_signature import without_explain
from edgetag.conversion.flatfile import pack_model, parse_model
from edgetag.editing.batch import Edited
from edgetag.editing.drawing import cover, overlay
from edgetag.editing.edits import parse_shape
from edgetag.editing.regions import HeatMap, boxes_to_cover
from edgetag.editing.saving import encode, open_picture
from edgetag.errors import InputError
from edgetag.tagging.pictures import read_square
from tests.support.commands import refusal_of
from tests.support.paths import RELEASED
from tests.support.programs import captured


def shown(path: str) -> Image.Image:
    """Return a picture with its file closed."""
    with Image.open(path) as image:
        image.load()
        return image


GPS = {1: "N", 2: (35.0, 0.0, 0.0)}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Image.fromarray(data.chelsea()).save("cat.png")
    return tmp_path


def edit(verb: str, *arguments: object) -> Result:
    return CliRunner().invoke(app, [verb, str(RELEASED), *map(str, arguments)])


def photo(orientation: int = 6) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Camera"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(GPS)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = b"35.0 N"
    file = io.BytesIO()
    Image.fromarray(data.chelsea()).save(file, "JPEG", exif=exif, quality=95)
    return file.getvalue()


@pytest.mark.slow
def test_a_mosaic_covers_the_boxes_of_the_heat_and_nothing_else() -> None:
    with Tagger(RELEASED) as tagger, open_bundle(RELEASED) as bundle:
        face = next(file for file in bundle.pictures if tagger.tag(file)["face"].is_set)
        tagging = tagger.tag(face, maps=True)
    Path("face.png").write_bytes(face)
    options = ("--tag", "face", "--level", "0.9", "--how", "fill")
    done = edit("mosaic", "face.png", "-o", "out", *options)
    assert done.exit_code == 0, done.output
    before, after = np.array(shown("face.png")), np.array(shown("out/face.png"))
    height, width = before.shape[:2]
    boxes = boxes_to_cover(tagging, ["face"], (width, height), 0.9)
    expected = before.copy()
    for left, top, right, bottom in boxes:
        expected[top:bottom, left:right] = 0
    assert 0 < (expected == 0).all(axis=-1).mean() < 1
    np.testing.assert_array_equal(after, expected)


@pytest.mark.slow
def test_a_picture_without_the_tag_is_written_as_it_is() -> None:
    assert edit("mosaic", "cat.png", "-o", "out", "--tag", "comic").exit_code == 0
    np.testing.assert_array_equal(np.array(shown("out/cat.png")), data.chelsea())


@pytest.mark.slow
def test_without_a_tag_the_bundles_sensitive_ones_are_covered() -> None:
    with Tagger(RELEASED) as tagger:
        assert "nsfw" in tagger.model.sensitive
    assert edit("mosaic", "cat.png", "-o", "out").exit_code == 0


def test_tiles_have_their_mean_as_kotlins_have() -> None:
    pixels = (np.arange(40 * 30 * 3) * 31 % 256).astype(np.uint8).reshape(30, 40, 3)
    after = np.array(cover(Image.fromarray(pixels), [(5, 6, 25, 26)], "pixelate", 8))
    for top in range(6, 26, 8):
        for left in range(5, 25, 8):
            part = (slice(top, min(top + 8, 26)), slice(left, min(left + 8, 25)))
            mean = np.floor(pixels[part].reshape(-1, 3).mean(axis=0) + 0.5)
            assert (after[part] == mean).all()
    outside = np.ones((30, 40), bool)
    outside[6:26, 5:25] = False
    np.testing.assert_array_equal(after[outside], pixels[outside])


@pytest.mark.parametrize("how", ["pixelate", "blur", "fill"])
def test_the_smallest_picture_is_covered_too(how: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    covered = np.array(cover(Image.fromarray(pixels), [(0, 0, 20, 20)], how))
    assert (covered == pixels).all(axis=-1).mean() < 0.1


@pytest.mark.parametrize("how", ["pixelate", "blur", "fill"])
def test_no_cover_lets_what_is_below_be_told_apart(how: str) -> None:
    def covered(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        image = cover(Image.fromarray(pixels), [(0, 0, 96, 96)], how, 32)  # type: ignore[arg-type]
        return np.array(image)

    one = np.zeros((96, 96, 4), np.uint8)
    one[::2, :, :] = 255
    other = np.zeros_like(one)
    other[:, ::2, :] = 255
    np.testing.assert_array_equal(covered(one), covered(other))
    assert (covered(one)[..., 3] == 255).all()


def test_an_overlay_shows_no_colour_that_transparency_hides() -> None:
    clear, white = np.zeros((8, 8, 4), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    clear[::2, :, 0] = 255
    heat = HeatMap(np.zeros((2, 2), np.float32), (8, 8), (0, 0, 8, 8), 8)
    over_clear, over_white = (overlay(Image.fromarray(each), heat) for each in (clear, white))
    np.testing.assert_array_equal(np.array(over_clear), np.array(over_white))


@pytest.mark.slow
def test_a_crop_has_its_shape_and_size() -> None:
    assert edit("crop", "cat.png", "-o", "a", "--tag", "face", "--shape", "1:1").exit_code == 0
    assert edit("crop", "cat.png", "-o", "b", "--tag", "face", "--shape", "80x60").exit_code == 0
    assert shown("a/cat.png").size == (300, 300)
    assert shown("b/cat.png").size == (80, 60)


@pytest.mark.slow
def test_many_shapes_come_from_one_look_at_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []
    tag = Tagger.tag

    def count(tagger: Tagger, picture: object, *, maps: bool) -> object:
        looks.append(picture)
        return tag(tagger, picture, maps=maps)  # type: ignore[arg-type]

    monkeypatch.setattr(Tagger, "tag", count)
    shapes = ("1:1", "16:9", "80x60")
    options = [part for shape in shapes for part in ("--shape", shape)]
    done = edit("crop", "cat.png", "-o", "out", "--tag", "face", *options)
    assert done.exit_code == 0, done.output
    assert "1 of 1 pictures written" in done.output
    sizes = [shown(f"out/{folder}/cat.png").size for folder in ("1-1", "16-9", "80x60")]
    assert sizes == [(300, 300), (451, 254), (80, 60)]
    assert len(looks) == 1


@pytest.mark.slow
def test_a_picture_decoded_once_gives_the_square_of_its_file() -> None:
    grey = (np.arange(4096, dtype=np.uint16) * 16).reshape(64, 64)
    rgba = np.dstack([data.chelsea(), np.tile(np.arange(451) % 256, (300, 1)).astype(np.uint8)])
    photos = {"PNG": Image.fromarray(rgba), "WEBP": Image.fromarray(rgba)}
    files = [photo(), photo(1)]
    for form, image in [
        *photos.items(),
        ("PNG", Image.fromarray(grey)),
        ("PNG", photos["PNG"].convert("LA")),
        ("GIF", photos["PNG"].convert("P")),
        ("BMP", photos["PNG"].convert("L")),
        ("JPEG", photos["PNG"].convert("CMYK")),
        ("PNG", photos["PNG"].convert("1")),
    ]:
        file = io.BytesIO()
        options = {"transparency": 0} if form == "GIF" or image.mode.startswith("I") else {}
        image.save(file, form, **options)
        files.append(file.getvalue())
    contract = Preprocessing(input_size=96)
    for file_bytes in files:
        whole = read_square(open_picture(file_bytes).image, contract)
        square = read_square(file_bytes, contract)
        np.testing.assert_array_equal(whole.pixels, square.pixels)
        assert (whole.size, whole.content) == (square.size, square.content)


@pytest.mark.slow
def test_an_overlay_is_as_large_as_its_picture() -> None:
    assert edit("heatmap", "cat.png", "-o", "out", "--tag", "face").exit_code == 0
    overlay = shown("out/cat.png")
    assert overlay.size == (451, 300)
    assert (np.array(overlay) != data.chelsea()).any()


@pytest.mark.slow
def test_pictures_are_upright_and_tell_no_place() -> None:
    Path("photo.jpg").write_bytes(photo())
    assert edit("mosaic", "photo.jpg", "-o", "out", "--tag", "comic").exit_code == 0
    made = shown("out/photo.jpg")
    assert made.size == (300, 451)
    exif = made.getexif()
    assert exif[ExifTags.Base.Make] == "Camera"
    assert ExifTags.Base.Orientation not in exif
    assert not exif.get_ifd(ExifTags.IFD.GPSInfo)
    assert b"35.0 N" not in Path("out/photo.jpg").read_bytes()


@pytest.mark.parametrize(("exif", "gps"), [("keep", True), ("strip", False)])
def test_exif_is_kept_or_stripped_as_asked(exif: str, gps: bool) -> None:
    opened = open_picture(photo())
    made = Image.open(io.BytesIO(encode(opened.image, opened, exif)))  # type: ignore[arg-type]
    assert bool(made.getexif().get_ifd(ExifTags.IFD.GPSInfo)) is gps
    assert (ExifTags.Base.Make in made.getexif()) is gps


def exif_of(tags: list[tuple[int, int, int, bytes]], after: bytes = b"") -> bytes:
    """Return EXIF of tags as they lie in the file: number, type, count, value or its offset."""
    entries = b"".join(struct.pack("<HHI4s", *tag) for tag in tags)
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags))
    return b"Exif\0\0" + head + entries + bytes(4) + after


def jpeg_with(exif: bytes) -> bytes:
    """Return a JPEG file with EXIF that no writer would write."""
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "JPEG")
    data = file.getvalue()
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]


@pytest.mark.parametrize("exif", ["no-gps", "keep"])
def test_text_in_exif_keeps_its_letters(exif: Any) -> None:
    artist, owner = "Jürgen 写真".encode(), "Ökonom".encode()
    inner = 8 + 2 + 2 * 12 + 4
    after = struct.pack("<HHHII", 1, 0xA430, 2, len(owner) + 1, inner + 18 + len(artist) + 1)
    tags = [
        (0x013B, 2, len(artist) + 1, struct.pack("<I", inner + 18)),
        (0x8769, 4, 1, struct.pack("<I", inner)),
    ]
    after += bytes(4) + artist + b"\0" + owner + b"\0"
    opened = open_picture(jpeg_with(exif_of(tags, after)))
    made = encode(opened.image, opened, exif)
    assert artist + b"\0" in made
    assert owner + b"\0" in made


def test_what_may_repeat_the_place_is_not_kept_with_exif() -> None:
    places = {0x02BC: b"<x>35.0 N</x>", 0x83BB: b"\x1c\x02\x5a\0\x05Kyoto", 0x8649: b"8BIM Kyoto"}
    start, tags, after = 8 + 2 + 12 * len(places) + 4, [], b""
    for number, value in places.items():
        tags.append((number, 7, len(value), struct.pack("<I", start + len(after))))
        after += value
    opened = open_picture(jpeg_with(exif_of(tags, after)))
    assert all(value in encode(opened.image, opened, "keep") for value in places.values())
    made = encode(opened.image, opened)
    assert b"Kyoto" not in made
    assert b"35.0 N" not in made


@pytest.mark.parametrize("exif", ["no-gps", "keep", "strip"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_crop_takes_along_nothing_that_was_said_beside_the_pixels(form: str, exif: Any) -> None:
    said = PngInfo()
    said.add_text("Comment", "Kyoto")
    options: dict[str, Any] = {"pnginfo": said} if form == "PNG" else {"xmp": b"<x>Kyoto</x>"}
    if form == "JPEG":
        options["comment"] = b"Kyoto"
    profile = ImageCmsProfile(createProfile("sRGB")).tobytes()
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, form, icc_profile=profile, **options)
    opened = open_picture(file.getvalue())
    made = encode(opened.image.crop((0, 0, 20, 20)), opened, exif)
    assert b"Kyoto" not in made
    with Image.open(io.BytesIO(made)) as image:
        assert image.info.get("icc_profile") == (None if exif == "strip" else profile)


@pytest.mark.parametrize(("form", "most"), [("JPEG", 65_500), ("WEBP", 16_383)])
def test_what_a_format_cannot_hold_is_refused(form: str, most: int) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, form)
    opened = open_picture(file.getvalue())
    assert encode(Image.new("RGB", (most, 1)), opened)
    with pytest.raises(InputError, match=f"{most + 1}x1: a side of {form} has at most {most}"):
        encode(Image.new("RGB", (most + 1, 1)), opened)


@pytest.mark.slow
def test_a_crop_too_large_for_its_format_costs_no_other_picture() -> None:
    Image.fromarray(data.chelsea()).save("cat.webp")
    options = ("--tag", "cat", "--shape", "16400x10")
    done = edit("crop", "cat.webp", "cat.png", "-o", "out", *options)
    assert done.exit_code == 1, done.output
    assert "1 of 2 pictures written" in done.output


@pytest.mark.parametrize("exif", ["no-gps", "keep"])
def test_no_small_copy_of_the_picture_and_no_former_size_stays_in_exif(exif: Any) -> None:
    small = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(small, "JPEG")
    given = Image.Exif()
    given[ExifTags.Base.Make] = "Camera"
    given[0x501B] = small.getvalue()  # GDI+ calls it ThumbnailData
    given[ExifTags.Base.ImageWidth] = 4000
    inner = given.get_ifd(ExifTags.IFD.Exif)
    inner[ExifTags.Base.MakerNote] = b"Camera\0" + small.getvalue()
    inner[ExifTags.Base.ExifImageWidth] = 4000
    opened = open_picture(jpeg_with(b"Exif\0\0" + given.tobytes().removeprefix(b"Exif\0\0")))
    assert small.getvalue() in opened.exif.tobytes()
    made = encode(opened.image, opened, exif)
    assert small.getvalue() not in made
    with Image.open(io.BytesIO(made)) as image:
        read = image.getexif()
        assert read[ExifTags.Base.Make] == "Camera"
        assert 4000 not in [*read.values(), *read.get_ifd(ExifTags.IFD.Exif).values()]


@pytest.mark.parametrize(("mode", "space"), [("CMYK", b"CMYK"), ("L", b"GRAY")])
def test_a_profile_of_other_colours_than_those_written_is_left_out(mode: str, space: bytes) -> None:
    profile = ImageCmsProfile(createProfile("sRGB")).tobytes()
    file = io.BytesIO()
    Image.new(mode, (40, 30)).save(file, "JPEG", icc_profile=profile[:16] + space + profile[20:])
    opened = open_picture(file.getvalue())
    with Image.open(io.BytesIO(encode(opened.image, opened))) as made:
        assert (made.mode, made.info.get("icc_profile")) == ("RGB", None)


def packed_tightly(tags: int = 1950) -> bytes:
    """Return EXIF that is too large for JPEG where each value begins on an even byte."""
    start = 8 + 2 + 12 * tags + 4
    entries = [(0xD000 + n, 7, 21, struct.pack("<I", start + 21 * n)) for n in range(tags)]
    return exif_of(entries, bytes(21 * tags))


@pytest.mark.parametrize("exif", ["no-gps", "keep"])
@pytest.mark.parametrize(
    "damaged",
    [
        packed_tightly(),
        exif_of([(0x0112, 2, 4, b"abc\0")]),
        exif_of([(0x011A, 2, 4, b"abc\0")]),
    ],
    ids=["too large", "an orientation that is text", "a ratio that is text"],
)
def test_exif_that_cannot_be_written_anew_costs_no_picture(damaged: bytes, exif: Any) -> None:
    opened = open_picture(jpeg_with(damaged))
    made = Image.open(io.BytesIO(encode(opened.image, opened, exif)))
    assert (made.format, made.size) == ("JPEG", (40, 30))


def test_a_jpeg_with_more_behind_it_stays_a_jpeg() -> None:
    file = io.BytesIO()
    picture = Image.new("RGB", (40, 30), "red")
    picture.save(file, "MPO", save_all=True, append_images=[picture])
    assert open_picture(file.getvalue()).format == "JPEG"


@pytest.mark.slow
def test_long_names_are_written_and_what_cannot_be_is_told() -> None:
    name = "写" * 83 + ".png"  # 253 bytes
    for picture in (name, "taken.png"):
        Image.fromarray(data.chelsea()).save(picture)
    Path("out/taken.png").mkdir(parents=True)
    done = edit("mosaic", "taken.png", name, "cat.png", "-o", "out", "--tag", "comic", "--json")
    assert done.exit_code == 1
    result = Edited.from_json(done.stdout, "stdout")
    assert result.written == 2
    assert [picture for picture, _ in result.failed] == ["taken.png"]
    assert shown(f"out/{name}").size == shown(name).size


@pytest.mark.slow
def test_two_pictures_are_never_written_to_one_place() -> None:
    Path("sub").mkdir()
    for name in ("old.gif", "sub/old.gif.png"):
        Image.fromarray(data.chelsea()).save(name)
    Path("sub/../old.gif.png").write_bytes(Path("sub/old.gif.png").read_bytes())
    done = edit("mosaic", "old.gif", "old.gif.png", "-o", "out", "--tag", "comic")
    assert done.exit_code == 1
    assert "out/old.gif.png was made of old.gif" in done.output
    before = Path("old.gif.png").read_bytes()
    done = edit("mosaic", "old.gif", "sub/old.gif.png", "old.gif.png", "-o", ".", "--tag", "comic")
    assert "another picture that was named" in done.output
    assert Path("old.gif.png").read_bytes() == before


def test_a_folder_without_pictures_is_told() -> None:
    Path("none").mkdir()
    done = edit("mosaic", "none", "-o", "out", "--tag", "face")
    assert "no picture was named" in refusal_of(done)


@pytest.mark.slow
def test_alpha_stays_and_other_formats_become_png() -> None:
    rgba = np.dstack([data.chelsea(), np.full((300, 451), 99, np.uint8)])
    Image.fromarray(rgba).save("clear.webp", lossless=True)
    Image.fromarray(data.chelsea()).save("old.bmp")
    done = edit("mosaic", "clear.webp", "old.bmp", "-o", "out", "--tag", "comic")
    assert done.exit_code == 0, done.output
    assert np.array(shown("out/clear.webp"))[..., 3].max() == 99
    assert shown("out/old.bmp.png").format == "PNG"


@pytest.mark.slow
def test_what_cannot_be_read_is_told_and_the_others_are_written() -> None:
    Path("bad.png").write_bytes(b"none")
    done = edit("mosaic", "bad.png", "cat.png", "-o", "out", "--tag", "face")
    assert done.exit_code == 1
    assert "1 of 2 pictures written" in done.output
    told = edit("mosaic", "bad.png", "cat.png", "-o", "out", "--tag", "face", "--json")
    assert told.exit_code == 1
    result = Edited.from_json(told.stdout, "stdout")
    assert (result.out, result.written, result.nothing) == ("out", 1, 0)
    assert [name for name, _ in result.failed] == ["bad.png"]
    assert "unreadable: not one of" in done.output


@pytest.mark.slow
def test_no_name_leads_out_of_the_folder(place: Path) -> None:
    (place / "in").mkdir()
    done = edit("mosaic", "in/../cat.png", place / "cat.png", "-o", "out", "--tag", "comic")
    assert done.exit_code == 0, done.output
    assert Path("out/in/cat.png").is_file()
    assert (Path("out") / str(place).lstrip("/") / "cat.png").is_file()


@pytest.mark.slow
def test_a_picture_never_replaces_itself() -> None:
    before = Path("cat.png").read_bytes()
    done = edit("mosaic", "cat.png", "-o", ".", "--tag", "face")
    assert done.exit_code == 1
    assert "it would replace itself" in done.output
    assert Path("cat.png").read_bytes() == before


@pytest.mark.parametrize(
    "shape", ["", "16", "0:1", "1:0", "0x5", "axb", "1:1:1", "999999x1", "nan:1"]
)
def test_what_is_no_shape_is_refused(shape: str) -> None:
    with pytest.raises(InputError, match="is no shape"):
        parse_shape(shape)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("heatmap", "cat.png", "-o", "o", "--tag", "bird"), "the model has no tag 'bird'"),
        (("crop", "cat.png", "-o", "o", "--shape", "1:1"), "give --tag"),
        (("mosaic", "none.png", "-o", "o"), "there is no such file"),
        (("mosaic", "cat.png", "-o", "o", "--tile", "1"), "a tile of 1 pixel hides nothing"),
        (
            ("crop", "cat.png", "-o", "o", "--tag", "cat", "--shape", "9000x9000"),
            "9000x9000 is over 50000000 pixels",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...], reason: str) -> None:
    assert reason in str(edit(*arguments).exception)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("crop", "cat.png", "--tag", "bird", "--shape", "1:1"),
        ("mosaic", "cache", "--tag", "cat"),
    ],
    ids=["no such tag", "no picture"],
)
def test_what_is_refused_makes_no_folder(arguments: tuple[str, ...], place: Path) -> None:
    verb, *rest = arguments
    (place / "cache").mkdir()
    # As a command of its own, which gives up all folders but this one before it runs the model.
    command = [sys.executable, "-m", "edgetag", verb, str(RELEASED), *rest, "-o", "out"]
    assert captured(command).returncode == 2
    assert not (place / "out").exists()


@pytest.mark.slow
def test_a_model_without_maps_is_refused_with_what_to_do() -> None:
    with Tagger(RELEASED) as tagger:
        model = parse_model(tagger.model.data, "the demo's")
        labels = tagger.model.data[tagger.model.data.rindex(b"PK\x03\x04") :]
    without_explain(model)
    with zipfile.ZipFile(io.BytesIO(labels)) as packed:
        names = packed.read("labels.txt")
    Path("plain.tflite").write_bytes(pack_model(model))
    with zipfile.ZipFile("plain.tflite", "a") as packed:
        packed.writestr("labels.txt", names)
    done = CliRunner().invoke(app, ["mosaic", "plain.tflite", "cat.png", "-o", "o", "--tag", "cat"])
    assert "makes no heat maps" in str(done.exception)


@pytest.mark.slow
def test_a_picture_decoded_to_be_edited_has_the_scores_of_its_file(place: Path) -> None:
    photo_pixels = data.chelsea()
    rgba = np.dstack([photo_pixels, np.full(photo_pixels.shape[:2], 99, np.uint8)])
    Image.fromarray(rgba).save("clear.webp", lossless=True)
    Image.fromarray(photo_pixels).convert("CMYK").save("inks.jpg")
    Image.fromarray(photo_pixels).quantize(64).save("few.gif", transparency=3)
    Image.fromarray(photo_pixels[..., 0].astype(np.uint16) * 150).save("deep.png")
    Path("turned.jpg").write_bytes(photo(5))
    with Tagger(RELEASED) as tagger:
        for name in ("clear.webp", "inks.jpg", "few.gif", "deep.png", "turned.jpg"):
            data_of_file = Path(name).read_bytes()
            expected = tagger.tag(data_of_file, maps=True)
            tagging = tagger.tag(open_picture(data_of_file).image, maps=True)
            np.testing.assert_array_equal(tagging.scores, expected.scores, name)
            assert tagging.maps is not None
            assert expected.maps is not None
            np.testing.assert_array_equal(tagging.maps.values, expected.maps.values, name)


def test_a_jpeg_decoded_small_is_upright_and_no_smaller_than_is_wanted() -> None:
    for orientation, least, size in (
        (1, (200, 150), (226, 150)),
        (1, (226, 151), (451, 300)),
        (6, (150, 200), (150, 226)),
        (6, (151, 200), (300, 451)),
        (1, (1, 1), (57, 38)),
    ):
        image = open_picture(photo(orientation), least_size=least).image
        assert image.size == size, (orientation, least)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("heatmap", "--tag", "cat"),
        ("mosaic", "--tag", "cat"),
        ("crop", "--tag", "cat", "--shape", "1:1"),
    ],
)
def test_linked_folders_and_files_that_are_no_pictures_are_told(
    words: tuple[str, ...], place: Path
) -> None:
    (place / "in" / "deeper").mkdir(parents=True)
    (place / "cat.png").rename(place / "in" / "cat.png")
    (place / "in" / "notes.txt").touch()
    (place / "in" / "again").symlink_to(place / "in" / "deeper")
    verb, *options = words
    said = edit(verb, "in", "-o", "out", *options).output
    assert "not looked into: 1 linked folder; name what they lead to" in said
    assert "passed over, no pictures by their names: 1 file" in said


def test_a_file_in_the_place_of_the_folder_is_refused_before_any_picture(place: Path) -> None:
    (place / "taken").touch()
    refused = edit("mosaic", "cat.png", "-o", "taken", "--tag", "cat").exception
    assert isinstance(refused, InputError)
    assert str(refused).startswith("taken: a file, not a folder")
