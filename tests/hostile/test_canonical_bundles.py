"""A bundle is canonical, byte for byte, or refused: nothing hides between its files."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from edgetag.bundling import archive, stage
from edgetag.bundling.archive import open_archive, pack
from edgetag.bundling.contents import MANIFEST
from edgetag.bundling.opening import read_bundle
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from tests.support.made_bundle import make_run, recipe_in, unpack
from tests.support.paths import ROOT

RELEASED = next((ROOT / "models" / "demo").glob("demo-*.zip"))
LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    root = tmp_path_factory.mktemp("made")
    workspace = make_run(root)
    made = stage.run(recipe_in(root), workspace, SilentProgress())
    return (workspace.root / made.file).read_bytes()


def moved(packed: bytes, at: int, inserted: bytes) -> bytes:
    """Insert bytes and mend every offset behind them, as a careful forger would."""
    changed = bytearray(packed[:at] + inserted + packed[at:])
    end = changed.rindex(END)
    (directory,) = struct.unpack_from("<I", changed, end + 16)
    if directory >= at:
        directory += len(inserted)
        struct.pack_into("<I", changed, end + 16, directory)
    place = directory
    while changed[place : place + 4] == CENTRAL:
        (header,) = struct.unpack_from("<I", changed, place + 42)
        if header >= at:
            struct.pack_into("<I", changed, place + 42, header + len(inserted))
        place += 46 + sum(struct.unpack_from("<HHH", changed, place + 28))
    return bytes(changed)


def before(packed: bytes) -> bytes:
    return b"#!/bin/sh\n" + packed


def before_with_offsets_mended(packed: bytes) -> bytes:
    return moved(packed, 0, b"#!/bin/sh\n")


def between(packed: bytes) -> bytes:
    return moved(packed, packed.index(LOCAL, 4), b"hidden")


def before_the_directory(packed: bytes) -> bytes:
    return moved(packed, packed.index(CENTRAL), b"hidden")


def after(packed: bytes) -> bytes:
    return packed + b"\n"


def comment(packed: bytes) -> bytes:
    return packed[:-2] + struct.pack("<H", 6) + b"hidden"


def comment_of_a_file(packed: bytes) -> bytes:
    changed = bytearray(packed)
    place = changed.index(CENTRAL)
    struct.pack_into("<H", changed, place + 32, 6)
    at = place + 46 + struct.unpack_from("<H", changed, place + 28)[0]
    changed[at:at] = b"hidden"
    end = changed.rindex(END)
    (size,) = struct.unpack_from("<I", changed, end + 12)
    struct.pack_into("<I", changed, end + 12, size + 6)
    return bytes(changed)


def extra_field(packed: bytes) -> bytes:
    field = struct.pack("<HH", 0xCAFE, 6) + b"hidden"
    (name,) = struct.unpack_from("<H", packed, 26)
    changed = bytearray(moved(packed, 30 + name, field))
    struct.pack_into("<H", changed, 28, len(field))
    return bytes(changed)


def time_of_day(packed: bytes) -> bytes:
    changed = bytearray(packed)
    for sign, place in ((LOCAL, 10), (CENTRAL, 12)):
        struct.pack_into("<H", changed, changed.index(sign) + place, 0x6000)
    return bytes(changed)


def flag_of_the_local_header(packed: bytes) -> bytes:
    changed = bytearray(packed)
    changed[7] |= 0x08  # the name is UTF-8
    return bytes(changed)


def attribute(packed: bytes) -> bytes:
    changed = bytearray(packed)
    changed[changed.index(CENTRAL) + 36] ^= 1  # internal attributes: text
    return bytes(changed)


def other_mode(packed: bytes) -> bytes:
    changed = bytearray(packed)
    changed[changed.index(CENTRAL) + 40] ^= 0x49  # executable
    return bytes(changed)


def rezipped(packed: bytes, names: Callable[[list[str]], list[str]]) -> bytes:
    to = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(to, "w") as new:
        for name in names(old.namelist()):
            entry = old.getinfo(name)
            new.writestr(zipfile.ZipInfo(name, entry.date_time), old.read(name))
    return to.getvalue()


def other_order(packed: bytes) -> bytes:
    return rezipped(packed, lambda names: [names[0], *reversed(names[1:])])


def packed_by_another_tool(packed: bytes) -> bytes:
    return rezipped(packed, list)


def twice(packed: bytes) -> bytes:
    return packed + packed


@pytest.mark.parametrize(
    "tamper",
    [
        before,
        before_with_offsets_mended,
        between,
        before_the_directory,
        after,
        comment,
        comment_of_a_file,
        extra_field,
        time_of_day,
        flag_of_the_local_header,
        attribute,
        other_mode,
        other_order,
        packed_by_another_tool,
        twice,
    ],
)
def test_whatever_belongs_to_no_file_is_refused_though_every_file_is_whole(
    original: bytes, tmp_path: Path, tamper: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(tamper(original))
    assert path.read_bytes() != original
    with zipfile.ZipFile(path) as whole:
        assert whole.testzip() is None
    with pytest.raises(InputError, match=r"not packed as edgetag packs|follow its end"):
        read_bundle(path)


def test_every_flipped_byte_outside_of_the_files_is_refused(
    original: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(io.BytesIO(original)) as whole:
        first = whole.infolist()[0]
        header = range(30 + len(first.filename))
        directory = range(whole.start_dir, len(original))
    for place in (*header, *directory[:120], *directory[-60:]):
        changed = bytearray(original)
        changed[place] ^= 0x04
        path.write_bytes(changed)
        with pytest.raises(InputError), open_archive(path):
            pass


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: json.dumps(json.loads(text)),
        lambda text: text + " ",
        lambda text: text.replace('"name": "bundle-test"', '"name": "x", "name": "bundle-test"'),
        lambda text: json.dumps(dict(reversed(json.loads(text).items())), indent=2) + "\n",
    ],
    ids=["one line", "a space", "a key twice", "another order"],
)
def test_a_manifest_written_otherwise_is_refused(
    original: bytes, tmp_path: Path, rewrite: Callable[[str], str]
) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(original)
    files = unpack(path)
    path.write_bytes(pack({**files, MANIFEST: rewrite(files[MANIFEST].decode()).encode()}))
    with pytest.raises(InputError, match="not written as edgetag writes it"):
        read_bundle(path)


def test_a_bundle_larger_than_memory_allows_is_compared_in_blocks(
    original: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_IN_MEMORY_BYTES", 1000)
    monkeypatch.setattr(archive, "_BLOCK_BYTES", 100)
    path = tmp_path / "b.zip"
    path.write_bytes(original)
    assert read_bundle(path).name == "bundle-test"
    path.write_bytes(after(original))
    with pytest.raises(InputError, match="follow its end"):
        read_bundle(path)


def test_the_released_bundle_is_canonical() -> None:
    assert read_bundle(RELEASED).name == "demo"
