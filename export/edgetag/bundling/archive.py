"""Packs and opens bundles: plain zip files whose bytes depend on their content alone.

Nothing in a bundle is compressed. Model weights hardly shrink, an app stores the model
uncompressed anyway to map it into memory, the bytes do not depend on a zlib version, and an
archive that cannot be inflated cannot be a decompression bomb.
"""

import hashlib
import io
import re
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

from edgetag.bundling.result import BundleManifest
from edgetag.errors import InputError

MANIFEST = "manifest.json"
MAX_FILES = 64
MAX_MANIFEST_BYTES = 1_000_000
MAX_BUNDLE_BYTES = 2_000_000_000

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)+")
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the zero of zip's clock
_ENCRYPTED = 0x1


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of files, the manifest first, then by name; equal files give equal bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files, key=lambda name: (name != MANIFEST, name)):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.create_system = 3  # Unix, wherever this runs
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, files[name])
    return packed.getvalue()


def check_bundle(path: Path) -> BundleManifest:
    """Check that a bundle is whole and holds what its manifest says, and nothing else.

    Nothing is unpacked to disk, and nothing is read before its size is known to be honest.

    Raises:
        InputError: It is no bundle, damaged, or built to do harm; the text says which file.
    """
    try:
        if path.stat().st_size > MAX_BUNDLE_BYTES:
            raise InputError(f"{path}: over {MAX_BUNDLE_BYTES} bytes; this is no bundle")
        with zipfile.ZipFile(path) as archive:
            entries = _entries(archive, path)
            manifest = _manifest(archive, entries, path)
            _compare(archive, entries, manifest, path)
            return manifest
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        raise InputError(f"{path}: not a whole bundle: {error}; make it again") from None


def _entries(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Return entries by name after refusing what no bundle has."""
    listed = archive.infolist()
    if len(listed) > MAX_FILES:
        raise InputError(f"{path}: {len(listed)} files, a bundle has at most {MAX_FILES}")
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in listed:
        shown = f"{path}: {entry.filename!r}"
        mode = entry.external_attr >> 16
        if not _NAME.fullmatch(entry.filename):
            raise InputError(f"{shown} is not a name of a file in a bundle; this is refused")
        if entry.filename in entries:
            raise InputError(f"{shown} is there twice; this is refused")
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise InputError(f"{shown} is not a regular file; this is refused")
        if entry.flag_bits & _ENCRYPTED:
            raise InputError(f"{shown} is encrypted; this is refused")
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise InputError(f"{shown} is compressed, which no bundle is; this is refused")
        entries[entry.filename] = entry
    # Uncompressed files cannot take more room than the archive, unless they overlap.
    if sum(entry.file_size for entry in listed) > path.stat().st_size:
        raise InputError(f"{path}: its files are larger than the archive; this is refused")
    return entries


def _manifest(
    archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], path: Path
) -> BundleManifest:
    entry = entries.get(MANIFEST)
    if entry is None:
        raise InputError(f"{path}: has no {MANIFEST}; this is no bundle")
    if entry.file_size > MAX_MANIFEST_BYTES:
        raise InputError(f"{path}: {MANIFEST} is over {MAX_MANIFEST_BYTES} bytes")
    text = archive.read(entry).decode("utf-8")
    return BundleManifest.from_json(text, f"{path}: {MANIFEST}")


def _compare(
    archive: zipfile.ZipFile,
    entries: Mapping[str, zipfile.ZipInfo],
    manifest: BundleManifest,
    path: Path,
) -> None:
    names = [file.name for file in manifest.files]
    if len(set(names)) != len(names):
        raise InputError(f"{path}: {MANIFEST} lists a file twice; this is refused")
    if extra := sorted(set(entries) - set(names) - {MANIFEST}):
        raise InputError(f"{path}: {extra[0]} is not in {MANIFEST}; this is refused")
    for file in manifest.files:
        entry = entries.get(file.name)
        if entry is None:
            raise InputError(f"{path}: {file.name} is missing; make the bundle again")
        with archive.open(entry) as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
        if entry.file_size != file.size_bytes or digest != file.sha256:
            raise InputError(
                f"{path}: {file.name} is not the file that {MANIFEST} describes "
                f"(SHA-256 {digest[:12]}…, expected {file.sha256[:12]}…); make the bundle again"
            )
