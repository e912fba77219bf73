"""A bundle is canonical, byte for byte, or refused: nothing hides between its files."""

import io
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
from tests.support.forged_bundles import MANIFEST_WRITTEN_OTHERWISE, PACKED_OTHERWISE, after
from tests.support.made_bundle import make_run, recipe_in, unpack
from tests.support.paths import RELEASED


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    root = tmp_path_factory.mktemp("made")
    workspace = make_run(root)
    made = stage.run(recipe_in(root), workspace, SilentProgress())
    return (workspace.root / made.file).read_bytes()


@pytest.mark.parametrize("tamper", PACKED_OTHERWISE)
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


@pytest.mark.slow
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
    "rewrite", MANIFEST_WRITTEN_OTHERWISE.values(), ids=MANIFEST_WRITTEN_OTHERWISE
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
