"""The preprocessing contract, property by property, over generated pictures and real photos."""

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from edgetag.preprocess import (
    ImageRejectedError,
    Preprocessing,
    Rejection,
    content_box,
    letterbox,
    preprocess,
    read_image,
    scale,
)
from tests.support.golden_exif import write_exif
from tests.support.header_only import header_only
from tests.support.png import chunk, file_of, header
from tests.support.raw_pictures import gif, png

CONTRACT = Preprocessing(input_size=64)
sides = st.integers(1, 400)
contracts = st.builds(
    Preprocessing,
    input_size=st.integers(32, 100),
    anchor=st.sampled_from(["center", "top_left"]),
    fill=st.tuples(*[st.integers(0, 255)] * 3),
    filter=st.sampled_from(["bilinear", "bicubic", "box", "lanczos", "nearest"]),
)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def rejection(data: bytes, max_pixels: int = 10**6) -> Rejection:
    with pytest.raises(ImageRejectedError) as caught:
        read_image(data, CONTRACT, max_pixels)
    assert caught.value.detail
    return caught.value.reason


@settings(max_examples=100)
@given(sides, sides, contracts)
def test_the_longer_side_fills_the_square_and_the_aspect_is_kept(
    width: int, height: int, contract: Preprocessing
) -> None:
    left, top, right, bottom = content_box((width, height), contract)
    size = contract.input_size
    assert max(right - left, bottom - top) == size
    assert 0 <= left < right <= size
    assert 0 <= top < bottom <= size
    longer = max(width, height)
    for side, scaled in ((width, right - left), (height, bottom - top)):
        assert scaled == 1 or abs(scaled - side * size / longer) <= 0.5
    if contract.anchor == "top_left":
        assert (left, top) == (0, 0)
    else:
        assert abs(left - (size - right)) <= 1
        assert abs(top - (size - bottom)) <= 1


@settings(max_examples=60)
@given(sides, sides, contracts)
def test_bars_have_the_fill_and_a_plain_picture_keeps_its_colour(
    width: int, height: int, contract: Preprocessing
) -> None:
    color = tuple(255 - value for value in contract.fill)
    square = letterbox(Image.new("RGB", (width, height), color), contract)
    assert square.shape == (contract.input_size, contract.input_size, 3)
    assert square.dtype == np.uint8
    left, top, right, bottom = content_box((width, height), contract)
    inside = np.zeros(square.shape[:2], dtype=bool)
    inside[top:bottom, left:right] = True
    assert (square[inside] == color).all()
    assert (square[~inside] == contract.fill).all()


def test_a_picture_of_the_right_size_is_not_resampled() -> None:
    photo = skimage.data.astronaut()[:64, 100:164]
    np.testing.assert_array_equal(letterbox(Image.fromarray(photo), CONTRACT), photo)


@settings(max_examples=50)
@given(st.floats(-50, 200), st.floats(0.5, 300))
def test_scaling_can_be_undone(mean: float, std: float) -> None:
    contract = Preprocessing(input_size=32, mean=mean, std=std)
    pixels = np.arange(256, dtype=np.uint8)
    scaled = scale(pixels, contract)
    assert scaled.dtype == np.float32
    back = scaled.astype(np.float64) * std + mean
    np.testing.assert_array_equal(np.rint(back).astype(np.uint8), pixels)


def test_scaling_maps_the_networks_ranges() -> None:
    ends = np.array([0, 127, 255], dtype=np.uint8)
    contract = Preprocessing(input_size=32, mean=127.0, std=128.0)
    np.testing.assert_array_equal(scale(ends, contract), np.array([-127 / 128, 0, 1], np.float32))


def test_a_turned_picture_keeps_its_transparency() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([200, 200, 200, 0, 0, 0])
    image.putpixel((1, 0), 1)
    exif = Image.Exif()
    exif[0x0112] = 6
    contract = Preprocessing(input_size=32, background=(1, 2, 3))
    read = np.asarray(read_image(encoded(image, transparency=1, exif=exif), contract))
    assert read[:, 0].tolist() == [[200, 200, 200], [1, 2, 3]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_turned_upright(orientation: int) -> None:
    """Eight files that show the same picture give the same pixels."""
    upright = Image.fromarray(skimage.data.astronaut()[:40, 200:260])
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    read = read_image(encoded(stored, exif=exif), CONTRACT)
    np.testing.assert_array_equal(np.asarray(read), np.asarray(upright))


@pytest.mark.parametrize(
    "exif",
    [b"Exif\x00\x00garbage", b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff", b"\x00" * 40],
)
def test_damaged_metadata_is_not_damage_to_the_picture(exif: bytes) -> None:
    photo = Image.fromarray(skimage.data.astronaut()[:64, :64])
    for kind in ("JPEG", "PNG", "WEBP"):
        assert read_image(encoded(photo, kind, exif=exif), CONTRACT).size == (64, 64)


def test_an_orientation_counts_where_it_is_a_whole_number(tmp_path: Path) -> None:
    write_exif(tmp_path)
    for path in (tmp_path / "exif").iterdir():
        sideways = int(path.name[0]) > 4
        assert read_image(path, CONTRACT).size == ((3, 2) if sideways else (2, 3)), path.name


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_an_orientation_that_is_not_in_the_exif_turns_nothing(kind: str) -> None:
    # Neither apps nor browsers look there, and Pillow's getexif does.
    text = PngInfo()
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    options: dict[str, object] = {"pnginfo": text} if kind == "PNG" else {"xmp": XMP}
    assert read_image(encoded(Image.new("RGB", (20, 10)), kind, **options), CONTRACT).size == (
        20,
        10,
    )


def test_sixteen_bit_grey_keeps_its_high_byte() -> None:
    values = np.array([[0, 255, 256, 32768, 65535]], dtype=np.uint16)
    read = read_image(encoded(Image.fromarray(values)), CONTRACT)
    assert np.asarray(read)[0, :, 0].tolist() == [0, 0, 1, 128, 255]
    assert read.mode == "RGB"


@pytest.mark.parametrize(("color_type", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_every_sixteen_bit_picture_keeps_its_high_bytes_as_the_contract_says(
    color_type: int, channels: int
) -> None:
    samples = [*[0x12FF] * (channels - 1), 0xFFFF] if channels in (2, 4) else [0x12FF] * channels
    row = b"\0" + struct.pack(f">{channels}H", *samples)
    data = file_of((header(1, 1, 16, color_type), chunk(b"IDAT", zlib.compress(row))))
    assert np.asarray(read_image(data, CONTRACT))[0, 0].tolist() == [0x12] * 3


def test_sixteen_bit_grey_lies_over_the_background_where_it_is_transparent() -> None:
    values = np.array([[0, 40000]], dtype=np.uint16)
    data = encoded(Image.fromarray(values))
    head, tail = data[:33], data[33:]  # after signature and IHDR
    key = chunk(b"tRNS", struct.pack(">H", 40000))
    contract = Preprocessing(input_size=32, background=(1, 2, 3))
    read = np.asarray(read_image(head + key + tail, contract))
    assert read[0].tolist() == [[0, 0, 0], [1, 2, 3]]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA", "RGB-key", "L-key"])
def test_transparent_pixels_show_the_background_and_opaque_ones_do_not(mode: str) -> None:
    contract = Preprocessing(input_size=32, background=(10, 20, 30))
    if mode == "P":
        image = Image.new("P", (2, 1))
        image.putpalette([200, 200, 200, 0, 0, 0])
        image.putpixel((1, 0), 1)
        data = encoded(image, "GIF", transparency=1)
    elif mode == "PA":
        image = Image.new("P", (2, 1))
        image.putpalette([200, 200, 200, 0, 0, 0])
        image.putpixel((1, 0), 1)
        data = encoded(image, transparency=bytes([255, 0]))
    elif mode == "RGB-key":
        image = Image.new("RGB", (2, 1), (200, 200, 200))
        image.putpixel((1, 0), (0, 0, 0))
        data = encoded(image, transparency=(0, 0, 0))
    elif mode == "L-key":
        image = Image.new("L", (2, 1), 200)
        image.putpixel((1, 0), 0)
        data = encoded(image, transparency=0)
    else:
        image = Image.new("RGBA", (2, 1), (200, 200, 200, 255))
        image.putpixel((1, 0), (0, 0, 0, 0))
        data = encoded(image.convert(mode))
    read = np.asarray(read_image(data, contract))
    assert read[0].tolist() == [[200, 200, 200], [10, 20, 30]]


def test_half_transparent_pixels_are_mixed_with_the_background() -> None:
    image = Image.new("RGBA", (1, 1), (255, 0, 0, 128))
    contract = Preprocessing(input_size=32, background=(255, 255, 255))
    assert np.asarray(read_image(encoded(image), contract))[0, 0].tolist() == [255, 127, 127]


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "P"])
def test_other_modes_become_rgb(mode: str) -> None:
    photo = Image.fromarray(skimage.data.chelsea()[:50, :60]).convert(mode)
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert read_image(encoded(photo, kind), CONTRACT).mode == "RGB"


def test_the_first_frame_of_an_animation_counts() -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "lime")]
    for kind in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
        assert np.asarray(read_image(data, CONTRACT))[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("frame", [(3, 2, 11, 7), (10, 8, 11, 7)])
def test_around_a_gif_s_first_frame_the_background_shows(frame: tuple[int, int, int, int]) -> None:
    left, top, width, height = frame
    contract = Preprocessing(input_size=64, background=(10, 200, 30))
    pixels = np.asarray(read_image(gif((16, 12), frame), contract))
    assert pixels.shape == (max(12, top + height), max(16, left + width), 3)
    inside = np.zeros(pixels.shape[:2], dtype=bool)
    inside[top : top + height, left : left + width] = True
    assert (pixels[~inside] == contract.background).all()
    alone = read_image(gif((width, height), (0, 0, width, height)), contract)
    assert (pixels[inside] == np.asarray(alone).reshape(-1, 3)).all()


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_the_transparent_grey_of_a_png_is_one_of_its_own_bits(depth: int) -> None:
    plain = np.asarray(read_image(png((13, 9), depth, 0), CONTRACT))
    key = chunk(b"tRNS", b"\0\1")
    contract = Preprocessing(input_size=64, background=(10, 200, 30))
    pixels = np.asarray(read_image(png((13, 9), depth, 0, [key]), contract))
    is_key = plain[..., 0] == 255 // (2**depth - 1)
    assert (pixels[is_key] == contract.background).all()
    assert (pixels[~is_key] == plain[~is_key]).all()
    assert is_key.any() or depth == 8


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_picture_is_rejected_in_every_format(kind: str, share: float) -> None:
    data = encoded(Image.fromarray(skimage.data.astronaut()[:200, :200]), kind)
    reason = rejection(data[: int(len(data) * share)])
    assert reason in (Rejection.TRUNCATED, Rejection.UNREADABLE)
    if kind in ("JPEG", "PNG"):
        assert reason is Rejection.TRUNCATED


@pytest.mark.slow
@settings(max_examples=150)
@given(st.data())
def test_damaged_bytes_are_read_or_rejected_but_never_crash(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP"]))
    raw = bytearray(encoded(Image.fromarray(skimage.data.chelsea()[:40, :40]), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ImageRejectedError):
        assert read_image(bytes(raw), CONTRACT, 10**6).mode == "RGB"


@pytest.mark.parametrize("size", [(1001, 1000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    assert rejection(header_only(*size), 10**6) is Rejection.TOO_LARGE


@pytest.mark.slow
def test_a_bomb_in_the_metadata_is_harmless() -> None:
    info = PngInfo()
    info.add_text("comment", "x" * 100_000_000, zip=True)
    data = encoded(Image.new("RGB", (8, 8)), pnginfo=info)
    assert len(data) < 200_000
    assert rejection(data) in (Rejection.UNREADABLE, Rejection.TOO_LARGE)


def test_a_picture_at_the_limit_is_read() -> None:
    assert read_image(encoded(Image.new("RGB", (100, 100))), CONTRACT, 10_000).size == (100, 100)


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"\0" * 999]
)
def test_what_is_no_picture_is_unreadable(data: bytes) -> None:
    assert rejection(data) is Rejection.UNREADABLE


def test_formats_that_phones_lack_are_unreadable() -> None:
    data = encoded(Image.new("RGB", (8, 8)), "TIFF")
    assert rejection(data) is Rejection.UNREADABLE


def test_a_missing_file_is_missing_and_a_folder_unreadable(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "no.png", "missing"), (tmp_path, "unreadable")):
        with pytest.raises(ImageRejectedError) as caught:
            read_image(path, CONTRACT)
        assert caught.value.reason == reason


def test_a_real_photo_keeps_its_look(tmp_path: Path) -> None:
    photo = Image.fromarray(skimage.data.coffee())
    path = tmp_path / "coffee.jpg"
    photo.save(path, quality=95)
    square = preprocess(path, Preprocessing(input_size=96))
    expected = np.asarray(photo.resize((96, 64), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(square[16:80].astype(int) - expected).mean() < 3
    assert (square[:16] == 0).all()
    assert (square[80:] == 0).all()


def test_the_digest_follows_every_part_of_the_contract() -> None:
    other = {
        "input_size": 65,
        "anchor": "top_left",
        "fill": (1, 0, 0),
        "background": (0, 0, 0),
        "filter": "box",
        "mean": 1.0,
        "std": 1.0,
    }
    digests = {CONTRACT.replace(**{key: value}).digest() for key, value in other.items()}
    assert len(digests | {CONTRACT.digest()}) == len(other) + 1
    assert Preprocessing.model_validate_json(CONTRACT.model_dump_json()) == CONTRACT
