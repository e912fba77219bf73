"""Packs and opens bundles: plain zip files whose bytes depend on their content alone.

A zip may hold bytes that no reader shows: before, between and after its files, in comments and
headers. So a bundle is packed again when it is opened, and every byte must be the same.

Nothing in a bundle is compressed. Model weights hardly shrink, an app stores the model
uncompressed anyway to map it into memory, the bytes do not depend on a zlib version, and an
archive that cannot be inflated cannot be a decompression bomb.
"""

import hashlib
import io
import re
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import IO

from edgetag.bundling.contents import MANIFEST
from edgetag.bundling.result import BundleFile, BundleManifest
from edgetag.errors import InputError, one_line
from edgetag.userfiles import Content, content_of_file, require_file
from edgetag.writing import atomic_write

MAX_FILES = 64
MAX_MANIFEST_BYTES = 1_000_000
MAX_BUNDLE_BYTES = 2_000_000_000

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)+")
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the zero of zip's clock
_ENCRYPTED = 0x1
_LOCAL_HEADER_BYTES = 30  # APPNOTE 4.3.7, without name and extra field
_IN_MEMORY_BYTES = 64_000_000
_BLOCK_BYTES = 1 << 20


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of files, the manifest first, then by name; equal files give equal bytes."""
    packed = io.BytesIO()
    _pack_into(packed, files, lambda name: io.BytesIO(files[name]))
    return packed.getvalue()


def described(files: Mapping[str, bytes]) -> tuple[BundleFile, ...]:
    """Return what a manifest says of files, by name."""
    return tuple(
        BundleFile(name=name, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        for name, data in sorted(files.items())
    )


def _pack_into(
    packed: IO[bytes], names: Iterable[str], content_of: Callable[[str], IO[bytes]]
) -> None:
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(names, key=lambda name: (name != MANIFEST, name)):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.create_system = 3  # Unix, wherever this runs
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            with content_of(name) as content, archive.open(entry, "w") as to:
                shutil.copyfileobj(content, to)


@dataclass(frozen=True)
class Archive:
    """An open bundle whose files are those that its manifest describes."""

    path: Path
    manifest: BundleManifest
    manifest_sha256: str
    _zip: zipfile.ZipFile
    _entries: Mapping[str, zipfile.ZipInfo]

    @property
    def names(self) -> tuple[str, ...]:
        """Every file, the manifest too, sorted."""
        return tuple(sorted(self._entries))

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return a file's bytes.

        Raises:
            InputError: There is no such file, it is larger, or it cannot be read.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise InputError(f"{self.path}: has no {name}; make the bundle again")
        if entry.file_size > most_bytes:
            raise InputError(f"{self.path}: {name} is over {most_bytes} bytes; this is refused")
        with _one_message(self.path):
            return self._zip.read(entry)

    def copy(self, name: str, to: Path) -> None:
        """Write a file elsewhere, atomically.

        Raises:
            InputError: It cannot be read or written.
        """
        with (
            _one_message(self.path),
            self._zip.open(self._entries[name]) as content,
            atomic_write(to) as file,
        ):
            shutil.copyfileobj(content, file)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a bundle after checking that it holds what its manifest says, and not a byte else.

    Nothing is unpacked to disk, and nothing is read before its size is known to be honest.

    Raises:
        InputError: It is no bundle, damaged, or built to do harm; the text says which file.
    """
    with _one_message(path):
        _refuse_another_kind(path)
        archive = zipfile.ZipFile(path)
    with archive:
        with _one_message(path):
            entries = _entries(archive, path)
            text = _manifest_bytes(archive, entries, path)
            manifest = BundleManifest.from_json(text.decode("utf-8"), f"{path}: {MANIFEST}")
            _compare(archive, entries, manifest, path)
            _refuse_other_bytes(archive, entries, manifest, path)
        yield Archive(path, manifest, hashlib.sha256(text).hexdigest(), archive, entries)


def check_bundle(path: Path) -> BundleManifest:
    """Check that a bundle is whole and holds what its manifest says, and nothing else.

    Raises:
        InputError: See `open_archive`.
    """
    with open_archive(path) as archive:
        return archive.manifest


def _refuse_another_kind(path: Path) -> None:
    """Refuse what is no zip file, and say where bundles are.

    Raises:
        InputError: It is none, or larger than a bundle.
        OSError: It may not be read.
    """
    if (path / "run.json").exists():
        bundles = sorted((path / "bundle").glob("*.zip"))
        where = str(bundles[0]) if bundles else f"make it with: edgetag bundle {quote(str(path))}"
        raise InputError(f"{path}: a run folder, not its bundle; {where}")
    try:
        require_file(path, "bundle", MAX_BUNDLE_BYTES)
    except FileNotFoundError:
        raise InputError(
            f"{path}: there is no such bundle; edgetag bundle RECIPE makes one, RUN/bundle/*.zip"
        ) from None
    content = content_of_file(path)
    if content is not Content.ZIP and not zipfile.is_zipfile(path):
        what = content or "no zip file"
        raise InputError(
            f"{path}: {what}, not a bundle, which is the zip file that edgetag bundle makes"
        )


@contextmanager
def _one_message(path: Path) -> Iterator[None]:
    """Turn what damaged archives raise into one message."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        raise InputError(
            f"{path}: not a whole bundle: {one_line(str(error))}; make it again"
        ) from None


def _refuse_other_bytes(
    archive: zipfile.ZipFile,
    entries: Mapping[str, zipfile.ZipInfo],
    manifest: BundleManifest,
    path: Path,
) -> None:
    """Refuse a zip that holds anything but its files, as `pack` would write them."""
    if "schema_version" not in manifest.model_fields_set:
        raise InputError(f"{path}: {MANIFEST}: schema is missing; make the bundle again")
    written = manifest.model_dump_json(by_alias=True, indent=2, exclude_unset=True) + "\n"
    if archive.read(entries[MANIFEST]) != written.encode():
        raise InputError(
            f"{path}: {MANIFEST} is not written as edgetag writes it; this is refused. Make the "
            "bundle again"
        )
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as packed, path.open("rb") as there:
        _pack_into(packed, entries, lambda name: archive.open(entries[name]))
        packed.seek(0)
        place = 0
        while block := packed.read(_BLOCK_BYTES):
            actual = there.read(len(block))
            if actual != block:
                place += next(
                    (at for at, (a, b) in enumerate(zip(actual, block, strict=False)) if a != b),
                    len(actual),
                )
                raise InputError(
                    f"{path}: from byte {place} on it is not packed as edgetag packs: it holds "
                    "bytes, comments or headers that belong to no file; this is refused. Get the "
                    "bundle from its maker again"
                )
            place += len(block)
        if more := len(there.read(_BLOCK_BYTES)):
            raise InputError(
                f"{path}: {more} bytes or more follow its end; this is refused. Get the bundle "
                "from its maker again"
            )


def _entries(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Return entries by name after refusing what no bundle has."""
    listed = archive.infolist()
    if len(listed) > MAX_FILES:
        raise InputError(f"{path}: {len(listed)} files, a bundle has at most {MAX_FILES}")
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in listed:
        shown = f"{path}: {entry.filename[:80]!r}"
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
    _refuse_overlap(listed, path)
    return entries


def _refuse_overlap(listed: Sequence[zipfile.ZipInfo], path: Path) -> None:
    """Refuse files that share bytes, or reach beyond the archive."""
    end = 0
    for entry in sorted(listed, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise InputError(f"{path}: {entry.filename!r} overlaps another file; this is refused")
        name = entry.filename.encode()
        end = entry.header_offset + _LOCAL_HEADER_BYTES + len(name) + entry.file_size
    if end > path.stat().st_size:
        raise InputError(f"{path}: its files are larger than the archive; this is refused")


def _manifest_bytes(
    archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], path: Path
) -> bytes:
    entry = entries.get(MANIFEST)
    if entry is None:
        raise InputError(f"{path}: has no {MANIFEST}; this is no bundle")
    if entry.file_size > MAX_MANIFEST_BYTES:
        raise InputError(f"{path}: {MANIFEST} is over {MAX_MANIFEST_BYTES} bytes")
    return archive.read(entry)


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
            raise InputError(f"{path}: {file.name!r} is missing; make the bundle again")
        with archive.open(entry) as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
        if entry.file_size != file.size_bytes or digest != file.sha256:
            raise InputError(
                f"{path}: {file.name} is not the file that {MANIFEST} describes "
                f"(SHA-256 {digest[:12]}…, expected {file.sha256[:12]}…); make the bundle again"
            )
