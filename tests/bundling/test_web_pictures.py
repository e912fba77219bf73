"""The page's pixels are Python's, and what Python refuses it refuses, in a real browser."""

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edgetag.bundling import web
from edgetag.preprocess import ImageRejectedError, Pixels, read_image
from edgetag.runtimes.browser.devtools import ORIGIN, Files, open_tab
from tests.support.chromium import open_chromium
from tests.support.golden_exif import write_exif
from tests.support.golden_pictures import CONTRACT, DIFFERS, READS, REFUSES, write_pictures
from tests.support.golden_whole import write_whole

FUNCTION = """(async () => {
  const {decode} = await import('/preprocess.mjs');
  window.decoded = async (text, background) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    try {
      const {width, height, rgb} = await decode(new File([bytes], 'it'), background);
      let data = '';
      for (let i = 0; i < rgb.length; i += 8192) {
        data += String.fromCharCode(...rgb.subarray(i, i + 8192));
      }
      return {shape: [height, width, 3], data: btoa(data)};
    } catch (error) {
      return {message: error.message};
    }
  };
})()"""

Decode = Callable[[bytes], Pixels | str]
"""Gives the pixels of a picture's file over the contract's background, or why there are none."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def decode(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decode]:
    """What the page decodes pictures with, without the rest of the page."""
    chromium = open_chromium(tmp_path_factory.mktemp("profile"))
    scripts = (Path(web.__file__).parent / "web").glob("*.mjs")
    files: Files = {
        "/": ("text/html", lambda: b"<!doctype html>"),
        **{f"/{path.name}": ("text/javascript", partial(path.read_bytes)) for path in scripts},
    }
    with open_tab(chromium.program, chromium.profile, files=files) as tab:
        tab.open(f"{ORIGIN}/")
        tab.value(FUNCTION)

        def decoded(data: bytes) -> Pixels | str:
            text = base64.b64encode(data).decode("ascii")
            answer = tab.value(f"decoded('{text}', {list(CONTRACT.background)})")
            if "message" in answer:
                return str(answer["message"])
            flat = np.frombuffer(base64.b64decode(answer["data"]), dtype=np.uint8)
            return flat.reshape(answer["shape"])

        yield decoded


def in_python(data: bytes) -> Pixels | None:
    try:
        return np.asarray(read_image(data, CONTRACT))
    except ImageRejectedError:
        return None


def compared(expected: Pixels | None, given: Pixels | str) -> str | None:
    """Return how a reader differs from Python, in the words of the list of pictures."""
    if isinstance(given, str):
        return None if expected is None else REFUSES
    if expected is None:
        return READS
    return None if np.array_equal(expected, given) else DIFFERS


def test_pages_read_and_refuse_the_pictures_that_python_does(
    decode: Decode, tmp_path: Path
) -> None:
    write_pictures(tmp_path)
    folder = tmp_path / "pictures"
    listed = json.loads((folder / "pictures.json").read_text("utf-8"))
    for name, says in listed.items():
        data = (folder / name).read_bytes()
        assert compared(in_python(data), decode(data)) == says.get("web"), name


def test_pages_turn_pictures_upright_as_python_does(decode: Decode, tmp_path: Path) -> None:
    write_exif(tmp_path)
    for path in (tmp_path / "exif").iterdir():
        assert compared(in_python(path.read_bytes()), decode(path.read_bytes())) is None, path.name


def test_pages_refuse_a_picture_that_was_cut_off_anywhere(decode: Decode, tmp_path: Path) -> None:
    write_whole(tmp_path)
    folder = tmp_path / "whole"
    for name, least in json.loads((folder / "whole.json").read_text("utf-8")).items():
        data = (folder / name).read_bytes()
        for size in (*range(1, least, 19), *range(least - 16, least)):
            assert isinstance(decode(data[:size]), str), f"{name}, {size} bytes"
        for size in range(least, len(data) + 1):
            assert compared(in_python(data), decode(data[:size])) is None, f"{name}, {size} bytes"


def test_pages_refuse_what_is_too_large_by_its_header(decode: Decode, tmp_path: Path) -> None:
    """Where a picture is small enough when it is packed, decoding it would take all memory."""
    write_pictures(tmp_path)
    claims = sorted((tmp_path / "pictures").glob("claim*"))
    assert {path.suffix for path in claims} == {".bmp", ".gif", ".jpg", ".png", ".webp"}
    for path in claims:
        assert str(decode(path.read_bytes())).endswith("is over 50 million pixels"), path.name
