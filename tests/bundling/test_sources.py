"""Golden pictures: which are chosen, and which are refused."""

import io
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from edgetag.bundling import sources, stage
from edgetag.bundling.pictures import Source, read_folder, read_source, tells_place
from edgetag.bundling.selection import Candidate, edge_covers, pick, shape_covers
from edgetag.bundling.sources import golden_sources, inputs_fingerprint
from edgetag.dataset import open_dataset
from edgetag.dataset.attribution import read_attribution
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.workspace import Workspace
from tests.support.made_bundle import RICH, THRESHOLDS, recipe_in
from tests.support.raw_pictures import bmp, png
from tests.support.run_folders import score

CONTRACT = Preprocessing(input_size=64)


def chosen(root: Path) -> tuple[Source, ...]:
    workspace = Workspace(root / "run")
    model = workspace.export / "int8.tflite"
    return golden_sources(recipe_in(root), workspace, model, THRESHOLDS)


@pytest.mark.slow
def test_a_picture_that_is_too_large_is_replaced(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [p.stat().st_size for p in (root / "data").glob("*.png")]
    limit = sorted(sizes)[len(sizes) * 2 // 3]
    monkeypatch.setattr(sources, "MOST_PICTURE_BYTES", limit)
    found = chosen(root)
    assert max(sizes) > limit
    assert found
    assert all(len(source.data) <= limit for source in found)


@pytest.mark.slow
def test_where_every_picture_is_too_large_smaller_copies_are_shipped(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_PICTURE_BYTES", 10)
    monkeypatch.setattr(sources, "SMALLER", 50)
    found = chosen(root)
    assert len(found) == 16
    assert {max(source.width, source.height) for source in found} == {30, 50}
    assert all(source.lossless for source in found)


def test_a_format_that_decoders_read_in_several_ways_is_not_lossless() -> None:
    assert read_source(png((13, 9), 8, 2), CONTRACT).lossless
    assert not read_source(bmp((13, 9), 16), CONTRACT).lossless


@pytest.mark.slow
def test_no_picture_of_the_data_tells_everybody_where_it_was_taken(root: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (35.0, 0.0, 0.0)})
    segment = exif.tobytes()
    for path in (root / "data").glob("*.jpg"):
        data = path.read_bytes()
        head = b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment
        path.write_bytes(data[:2] + head + data[2:])
    assert {source.suffix for source in chosen(root)} == {"png", "bmp"}
    for path in (root / "data").iterdir():
        if path.suffix in (".png", ".bmp", ".gif"):
            path.unlink()
    copies = chosen(root)
    assert copies
    assert {source.suffix for source in copies} == {"png"}
    assert not any(segment[6:] in source.data for source in copies)


def told_in_packed_text() -> bytes:
    told = PngImagePlugin.PngInfo()
    told.add_itxt("XML:com.adobe.xmp", '<a exif:GPSLatitude="48,51.5N"/>', zip=True)
    return saved("PNG", pnginfo=told)


def told_in_a_raw_profile() -> bytes:
    told = PngImagePlugin.PngInfo()
    xmp = b'<a exif:GPSLatitude="48,51.5N"/>'.hex()
    told.add_text("Raw profile type xmp", f"\nxmp\n{len(xmp) // 2}\n{xmp[:31]}\n{xmp[31:]}\n", True)
    return saved("PNG", pnginfo=told)


def told_behind_the_pixels() -> bytes:
    whole = told_in_packed_text()
    at = whole.index(b"iTXt") - 4
    end = at + 12 + struct.unpack(">I", whole[at : at + 4])[0]
    return whole[:at] + whole[end:-12] + whole[at:end] + whole[-12:]


def told_of_the_second_picture() -> bytes:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (35.0, 0.0, 0.0)})
    second = Image.new("RGB", (40, 30), "red")
    second.encoderinfo = {"exif": exif}
    return saved("MPO", save_all=True, append_images=[second])


def saved(kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(written, kind, **options)
    return written.getvalue()


@pytest.mark.parametrize(
    "made",
    [
        told_in_packed_text,
        told_in_a_raw_profile,
        told_behind_the_pixels,
        told_of_the_second_picture,
        lambda: saved("JPEG", xmp='<a exif:GPSLatitude="48,51.5N"/>'.encode("utf-16")),
    ],
)
def test_a_place_is_noticed_wherever_a_file_tells_it(made: Callable[[], bytes]) -> None:
    assert tells_place(made())
    assert not any(tells_place(saved(kind)) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP"))


@pytest.mark.slow
def test_a_picture_that_apps_would_cover_is_not_shipped_however_near_the_threshold(
    root: Path,
) -> None:
    workspace, recipe = Workspace(root / "run"), recipe_in(root, RICH)
    model, data = workspace.export / "int8.tflite", open_dataset(workspace)
    highest = float(score(model, data.images(data.rows("test")), recipe)[:, 0].max())
    # Apps hold scores against thresholds in float32, in which this one is reached.
    thresholds = {**THRESHOLDS, "cat": float(np.nextafter(highest, 1))}
    assert np.float32(thresholds["cat"]) == highest
    shipped = golden_sources(recipe, workspace, model, thresholds)
    pixels = np.stack([source.pixels for source in shipped])
    assert score(model, pixels, recipe)[:, 0].max() < highest


@pytest.mark.slow
def test_data_that_is_gone_is_told_with_what_to_do(root: Path) -> None:
    for picture in (root / "data").iterdir():
        if picture.suffix != ".csv":
            picture.unlink()
    with pytest.raises(InputError, match=r"set data\.root .* bundle\.golden_pictures"):
        chosen(root)


@pytest.mark.slow
def test_a_picture_that_changed_since_the_data_were_built_is_not_shipped(root: Path) -> None:
    for picture in (root / "data").glob("*.png"):
        Image.new("RGB", (50, 50), "green").save(picture)
    assert {source.suffix for source in chosen(root)} == {"bmp", "jpg"}


def test_the_users_own_pictures_are_taken_in_the_order_of_their_names(root: Path) -> None:
    own = root / "own"
    own.mkdir()
    shutil.copy(root / "data" / "03.jpg", own / "b.jpg")
    shutil.copy(root / "data" / "01.png", own / "a.png")
    (own / ".hidden").write_text("passed over")
    found = read_folder(own, CONTRACT)
    assert [source.suffix for source in found] == ["png", "jpg"]
    assert [source.lossless for source in found] == [True, False]
    assert found[0].data == (root / "data" / "01.png").read_bytes()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([], "0 files"),
        ([f"{n}.png" for n in range(17)], "17 files"),
        (["note.txt"], r"note\.txt.*every file in this folder must be a picture"),
        (["large.png"], "over 2000000 bytes"),
    ],
)
def test_a_folder_of_pictures_that_cannot_be_shipped_is_refused(
    tmp_path: Path, names: list[str], told: str
) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"text" if name != "large.png" else bytes(2_000_001))
    with pytest.raises(InputError, match=told):
        read_folder(tmp_path, CONTRACT)


def test_a_changed_file_outside_the_run_makes_the_stage_run_again(root: Path) -> None:
    own = root / "own"
    own.mkdir()
    recipe = recipe_in(root, 'variants = ["int8"]\ngolden_pictures = "own"')
    seen = [inputs_fingerprint(recipe)]
    shutil.copy(root / "data" / "01.png", own / "a.png")
    seen.append(inputs_fingerprint(recipe))
    (root / "data" / "ATTRIBUTION.md").write_text("Others.\n")
    seen.append(inputs_fingerprint(recipe))
    assert len(set(seen)) == 3
    assert inputs_fingerprint(recipe) == seen[-1]


@pytest.mark.parametrize(("content", "told"), [(b"\xff", "not UTF-8"), (bytes(10**6 + 1), "over")])
def test_an_attribution_that_is_none_is_refused(root: Path, content: bytes, told: str) -> None:
    (root / "data" / "ATTRIBUTION.md").write_bytes(content)
    with pytest.raises(InputError, match=told):
        read_attribution(recipe_in(root))


def test_an_attribution_that_is_named_must_be_there(root: Path) -> None:
    with pytest.raises(InputError, match=r"bundle\.attribution names a file"):
        read_attribution(recipe_in(root, 'variants = ["int8"]\nattribution = "none.md"'))


def test_a_missing_folder_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names a folder"):
        read_folder(tmp_path / "none", CONTRACT)


def test_a_jpeg_with_more_pictures_behind_it_is_shipped_as_it_is(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 30), "red")
    picture.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[picture])
    (source,) = read_folder(tmp_path, CONTRACT)
    assert source.named(0).file == "golden-00.jpg"
    assert source.data == (tmp_path / "a.jpg").read_bytes()


def test_pictures_with_a_colour_profile_or_16_bits_count_as_lossy(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.new("RGB", (20, 20), "red")
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.png", icc_profile=profile)
    Image.fromarray(np.full((9, 9), 40_000, np.uint16)).save(tmp_path / "c.png")
    found = read_folder(tmp_path, CONTRACT)
    assert [source.lossless for source in found] == [True, False, False]


def test_the_nearest_scores_on_each_side_of_a_threshold_cover_it() -> None:
    scores = np.linspace(0, 1, 101, dtype=np.float32)[:, None]
    covers = edge_covers(scores, np.array([0.505]), ["cat"])
    assert [i for i, found in enumerate(covers) if "above cat" in found] == [51, 52, 53, 54, 55]
    assert [i for i, found in enumerate(covers) if "below cat" in found] == [46, 47, 48, 49, 50]


@pytest.mark.parametrize(
    ("size", "covers"),
    [
        ((400, 300), {"wide"}),
        ((300, 400), {"tall"}),
        ((399, 300), {"square"}),
        ((20, 63), {"tall", "enlarged"}),
        ((64, 64), {"square"}),
    ],
)
def test_shapes_are_told_apart(size: tuple[int, int], covers: set[str]) -> None:
    assert shape_covers(size, 64) == covers


def test_what_adds_most_is_chosen_first_and_what_cannot_be_read_is_replaced() -> None:
    candidates = [
        Candidate(0, "d", frozenset("ab")),
        Candidate(1, "c", frozenset("abc")),
        Candidate(2, "b", frozenset("d")),
        Candidate(3, "a", frozenset()),
    ]
    read = {0: "first", 1: None, 2: "third", 3: "fourth"}
    assert pick(candidates, lambda one: read[one.place], 2) == ["first", "third"]
    assert pick(candidates, lambda one: read[one.place], 9) == ["first", "third", "fourth"]
    assert pick(candidates[::-1], lambda one: read[one.place], 2) == ["first", "third"]


@pytest.mark.parametrize("key", ["attribution", "golden_pictures"])
def test_files_that_a_bundle_would_lack_are_refused_before_any_stage(
    tmp_path: Path, key: str
) -> None:
    recipe = recipe_in(tmp_path)
    stage.require(recipe)
    section = recipe.bundle.replace(**{key: tmp_path / "none"})
    with pytest.raises(InputError, match=rf"none: .*bundle\.{key} names a f"):
        stage.require(recipe.replace(bundle=section))
