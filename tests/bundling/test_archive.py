"""Bundles: the same bytes for the same content, and every damage or trick noticed."""

import hashlib
import io
import json
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from edgetag.bundling.archive import check_bundle, pack
from edgetag.bundling.contents import MANIFEST
from edgetag.bundling.result import BundledVariant, BundleFile, BundleManifest
from edgetag.errors import InputError

CONTENT = {"model.tflite": bytes(range(256)) * 40, "labels.txt": b"cat\ndog\n"}


def manifest_of(files: dict[str, bytes]) -> bytes:
    model = files["model.tflite"]
    digest = hashlib.sha256(model).hexdigest()
    variant = BundledVariant(
        variant="int8",
        file="model.tflite",
        sha256=digest,
        size_bytes=len(model),
        input_type="uint8",
        output_type="uint8",
        min_runtime_version="2.5.0",
        verdict="pass",
        explain=None,
    )
    manifest = BundleManifest(
        name="demo",
        version="0.1.0",
        tags=("cat", "dog"),
        input_size=64,
        variants=(variant,),
        recipe_sha256="0",
        versions={"edgetag": "0.1.0"},
        files=tuple(
            BundleFile(name=n, sha256=hashlib.sha256(b).hexdigest(), size_bytes=len(b))
            for n, b in sorted(files.items())
        ),
    )
    return manifest.to_json().encode()


def whole() -> dict[str, bytes]:
    return {MANIFEST: manifest_of(CONTENT), **CONTENT}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "demo-0.1.0.zip"
    path.write_bytes(pack(whole()))
    return path


def test_a_whole_bundle_is_accepted(bundle: Path) -> None:
    assert [file.name for file in check_bundle(bundle).files] == ["labels.txt", "model.tflite"]


def test_a_bundle_without_limits_is_read_and_written_again_as_it_was(tmp_path: Path) -> None:
    manifest = json.loads(manifest_of(CONTENT)) | {"schema": "edgetag.manifest/2.1"}
    text = json.dumps(manifest, indent=2) + "\n"
    path = tmp_path / "older.zip"
    path.write_bytes(pack({MANIFEST: text.encode(), **CONTENT}))
    read = check_bundle(path)
    assert read.variants[0].limits is None
    assert read.to_json() == text


def test_equal_files_give_equal_bytes_in_any_order() -> None:
    assert pack(dict(reversed(whole().items()))) == pack(whole())


def test_the_manifest_comes_first(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        assert archive.namelist() == [MANIFEST, "labels.txt", "model.tflite"]


def test_every_changed_bit_of_the_model_is_noticed(bundle: Path) -> None:
    packed = bytearray(bundle.read_bytes())
    start = packed.index(CONTENT["model.tflite"])
    for offset in range(0, len(CONTENT["model.tflite"]), 997):
        packed[start + offset] ^= 0x10
        bundle.write_bytes(packed)
        with pytest.raises(InputError):
            check_bundle(bundle)
        packed[start + offset] ^= 0x10


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_bundle_is_refused(bundle: Path, share: float) -> None:
    packed = bundle.read_bytes()
    bundle.write_bytes(packed[: int(len(packed) * share)])
    with pytest.raises(InputError, match=r"not a whole bundle|an empty file, not a bundle"):
        check_bundle(bundle)


def test_a_missing_bundle_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such bundle"):
        check_bundle(tmp_path / "none.zip")


def test_a_file_beside_the_manifest_is_refused(bundle: Path) -> None:
    bundle.write_bytes(pack({**whole(), "extra.txt": b"x"}))
    with pytest.raises(InputError, match=r"extra\.txt is not in manifest"):
        check_bundle(bundle)


def test_a_file_that_only_the_manifest_has_is_missed(bundle: Path) -> None:
    files = whole()
    del files["labels.txt"]
    bundle.write_bytes(pack(files))
    with pytest.raises(InputError, match=r"labels\.txt' is missing"):
        check_bundle(bundle)


def test_a_zip_without_manifest_is_no_bundle(bundle: Path) -> None:
    bundle.write_bytes(pack(CONTENT))
    with pytest.raises(InputError, match="no bundle"):
        check_bundle(bundle)


def test_a_manifest_of_another_schema_is_refused(bundle: Path) -> None:
    manifest = json.loads(manifest_of(CONTENT)) | {"schema": "edgetag.manifest/1.0"}
    bundle.write_bytes(pack({**whole(), MANIFEST: json.dumps(manifest).encode()}))
    with pytest.raises(InputError, match="schema"):
        check_bundle(bundle)


def test_a_manifest_that_is_not_text_is_refused(bundle: Path) -> None:
    bundle.write_bytes(pack({**whole(), MANIFEST: b"\xff\xfe\x00"}))
    with pytest.raises(InputError):
        check_bundle(bundle)


def zip_of(write: Callable[[zipfile.ZipFile], None]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the duplicate that the test wants
        for name, content in whole().items():
            archive.writestr(name, content)
        write(archive)
    return packed.getvalue()


def a_link(archive: zipfile.ZipFile) -> None:
    entry = zipfile.ZipInfo("link.txt")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(entry, "/etc/passwd")


def a_bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("bomb.txt", bytes(50_000_000), zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize(
    ("trick", "told"),
    [
        (lambda archive: archive.writestr("../evil.txt", "x"), "not a name"),
        (lambda archive: archive.writestr("/etc/evil.txt", "x"), "not a name"),
        (lambda archive: archive.writestr("C:\\evil.txt", "x"), "not a name"),
        (lambda archive: archive.writestr("folder/", ""), "not a name"),
        (lambda archive: archive.writestr("Labels.txt", "x"), "not a name"),
        (lambda archive: archive.writestr("labels.txt", "x"), "twice"),
        (a_link, "not a regular file"),
        (a_bomb, "compressed"),
        (lambda archive: [archive.writestr(f"f{n}.txt", "") for n in range(99)], "at most"),
    ],
)
def test_tricks_are_refused(
    tmp_path: Path, trick: Callable[[zipfile.ZipFile], None], told: str
) -> None:
    path = tmp_path / "trick.zip"
    path.write_bytes(zip_of(trick))
    with pytest.raises(InputError, match=told):
        check_bundle(path)


def test_a_size_that_lies_is_refused(bundle: Path) -> None:
    packed = bundle.read_bytes()
    size = len(CONTENT["model.tflite"]).to_bytes(4, "little")
    bundle.write_bytes(packed.replace(size, (1 << 30).to_bytes(4, "little")))
    with pytest.raises(InputError):
        check_bundle(bundle)


def test_files_that_share_bytes_are_refused(bundle: Path) -> None:
    packed = bytearray(bundle.read_bytes())
    names = [packed.index(name, packed.index(b"PK\x01\x02")) for name in (b"labels.txt",)]
    offset = names[0] - 4  # of the local header, before the name in the central directory
    packed[offset : offset + 4] = (10).to_bytes(4, "little")
    bundle.write_bytes(packed)
    with pytest.raises(InputError, match="overlaps another file"):
        check_bundle(bundle)
