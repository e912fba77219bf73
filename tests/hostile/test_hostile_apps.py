"""APKs built to do harm: each is refused with one line or judged, and little is read of it."""

import os
import random
import struct
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from edgetag.bundling.apk.checking import check_app
from edgetag.bundling.contents import MANIFEST
from edgetag.errors import InputError
from tests.support.made_app import (
    ASSETS,
    CONTENT,
    MAPPED_XML,
    MODEL,
    app_files,
    library,
    manifest_of,
    packed_app,
)

LIBRARY = "lib/arm64-v8a/libengine.so"


@pytest.fixture(autouse=True)
def _without_apksigner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "demo.apk"


def added(write: Callable[[zipfile.ZipFile], object]) -> bytes:
    packed = BytesIO(packed_app(app_files(), schemes=()))
    with zipfile.ZipFile(packed, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the duplicate that the test wants
        write(archive)
    return packed.getvalue()


def end_with(packed: bytes, form: str, place: int, value: int) -> bytes:
    """Return a zip with another value in its last record."""
    changed = bytearray(packed)
    struct.pack_into(form, changed, len(packed) - 22 + place, value)
    return bytes(changed)


def encrypted(packed: bytes) -> bytes:
    changed = bytearray(packed)
    changed[packed.rindex(b"PK\1\2") + 8] |= 1
    return bytes(changed)


def sharing_bytes(packed: bytes) -> bytes:
    """Return a zip whose last two files are one and the same place."""
    changed = bytearray(packed)
    last = packed.rindex(b"PK\1\2")
    before = packed.rindex(b"PK\1\2", 0, last)
    changed[last + 42 : last + 46] = changed[before + 42 : before + 46]
    return bytes(changed)


WHOLE = packed_app(app_files())


DISHONEST: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no APK"),
    "an end alone": (b"PK\x05\x06", "no APK"),
    "cut": (WHOLE[:-1], "its end is missing"),
    "followed": (WHOLE + b"more", "bytes follow its end"),
    "moved": (WHOLE[1:], "central directory is not where"),
    "a far directory": (end_with(WHOLE, "<I", 16, 2**32 - 1), "central directory is not where"),
    "a large directory": (end_with(WHOLE, "<I", 12, 2**32 - 1), "central directory is not where"),
    "too many": (end_with(WHOLE, "<H", 10, 2**16 - 1), "ZIP64"),
    "too few": (end_with(WHOLE, "<H", 10, 3), "two central directories"),
    "another end": (WHOLE[:-22] + b"PK\x06\x07" + bytes(16) + WHOLE[-22:], "ZIP64"),
    "encrypted": (encrypted(WHOLE), "encrypted"),
    "overlapping": (sharing_bytes(WHOLE), "overlaps"),
    "above": (added(lambda archive: archive.writestr("../../x", "")), "leads out"),
    "absolute": (added(lambda archive: archive.writestr("/etc/x", "")), "leads out"),
    "backslash": (added(lambda archive: archive.writestr("a\\b", "")), "leads out"),
    "twice": (added(lambda archive: archive.writestr(f"{ASSETS}/{MODEL}", "")), "twice"),
    "lzma": (
        added(lambda archive: archive.writestr("x", "x", zipfile.ZIP_LZMA)),
        "compressed in a",
    ),
}


@pytest.mark.parametrize("trick", DISHONEST)
def test_an_app_that_is_no_honest_zip_is_refused(path: Path, trick: str) -> None:
    packed, said = DISHONEST[trick]
    path.write_bytes(packed)
    with pytest.raises(InputError, match=said):
        check_app(path)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no bundle is in it"),
        ({f"{ASSETS}/{MANIFEST}": b"\xff\xfe"}, "not UTF-8"),
        ({f"{ASSETS}/{MANIFEST}": b"{}"}, "Field required"),
        ({f"{ASSETS}/{MANIFEST}": b"[" * 100_000}, "edgetag bundle android"),
        ({f"{ASSETS}/{MANIFEST}": b" " * 2_000_000}, "over 1000000 bytes"),
        (app_files() | {"AndroidManifest.xml": b""}, "no compiled AndroidManifest"),
        (app_files() | {"AndroidManifest.xml": MAPPED_XML[:700]}, "wrong size"),
        (app_files() | {f"lib/x86_64/lib{n}.so": b"" for n in range(1001)}, "native libraries"),
    ],
)
def test_an_app_whose_manifests_are_none_is_refused(
    path: Path, files: dict[str, bytes], said: str
) -> None:
    path.write_bytes(packed_app(files, compressed=[*files]))
    with pytest.raises(InputError, match=said):
        check_app(path)


def test_a_manifest_that_claims_more_than_a_bundle_has_is_refused(path: Path) -> None:
    manifest = manifest_of(CONTENT)
    huge = tuple(file.replace(size_bytes=2**31 - 1) for file in manifest.files)
    files = app_files()
    files[f"{ASSETS}/{MANIFEST}"] = manifest.replace(files=huge).to_json().encode()
    path.write_bytes(packed_app(files))
    with pytest.raises(InputError, match="lists over"):
        check_app(path)


@pytest.mark.slow
def test_a_bomb_is_not_unpacked(path: Path) -> None:
    files = app_files() | {f"{ASSETS}/{MODEL}": bytes(200_000_000)}
    path.write_bytes(packed_app(files, compressed=[f"{ASSETS}/{MODEL}"]))
    tracemalloc.start()
    result = check_app(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000
    assert "other bytes" in next(file.reason for file in result.files if file.kind == "model")


def header(offset: int, count: int, entry_bytes: int = 56) -> bytes:
    made = bytearray(library())
    struct.pack_into("<Q", made, 32, offset)
    struct.pack_into("<HH", made, 54, entry_bytes, count)
    return bytes(made)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x7fELF",
        b"\x7fELF\3\1" + bytes(100),
        b"\x7fELF\2\2" + bytes(100),
        header(2**63, 2),
        header(64, 0xFFFF),
        header(64, 0),
        header(64, 2, entry_bytes=0),
        library(0),
        library(24),
        library()[:100],
    ],
)
def test_a_library_with_absurd_headers_fails_in_one_line(path: Path, content: bytes) -> None:
    path.write_bytes(packed_app({**app_files(), LIBRARY: content}))
    (reason,) = [file.reason for file in check_app(path).files if file.verdict == "fail"]
    assert "Android cannot load it" in reason
    assert "\n" not in reason


def test_a_signing_block_of_absurd_size_is_refused(path: Path) -> None:
    changed = bytearray(WHOLE)
    struct.pack_into("<Q", changed, WHOLE.rindex(b"APK Sig Block 42") - 8, 2**63)
    path.write_bytes(changed)
    with pytest.raises(InputError, match="signing block claims"):
        check_app(path)


def test_names_cannot_steer_a_terminal(path: Path) -> None:
    path.write_bytes(packed_app({**app_files(), "lib/x86_64/\x1b[2J.so": b""}))
    assert all(file.file.isprintable() for file in check_app(path).files)


@pytest.mark.parametrize("seed", range(8))
def test_an_app_damaged_anywhere_is_refused_or_judged(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    small = packed_app(app_files(), compressed=list(app_files()))
    for _ in range(60):
        changed = bytearray(small)
        for _ in range(chance.randrange(1, 6)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        path.write_bytes(changed[: chance.choice([None, chance.randrange(len(changed))])])
        try:
            check_app(path)
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017 -- either is right


@pytest.mark.parametrize("kind", ["a folder", "a named pipe"])
def test_what_is_no_file_is_not_opened(path: Path, kind: str) -> None:
    path.mkdir() if kind == "a folder" else os.mkfifo(path)
    with pytest.raises(InputError, match=kind):
        check_app(path)
    with pytest.raises(InputError, match="No such file"):
        check_app(path.with_name("none.apk"))
