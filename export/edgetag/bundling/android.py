"""Places a bundle in an Android project: assets, `Tags.kt`, and a list of what was written.

Nothing is overwritten or deleted that was not written here, or was changed since. The list is
written before the first file, with the digests of both what is replaced and what replaces it, so
that a command that was killed can be given again.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from edgetag.bundling.archive import MAX_BUNDLE_BYTES
from edgetag.bundling.checking import check
from edgetag.bundling.kotlin import tags_source
from edgetag.bundling.opening import Bundle, open_bundle
from edgetag.bundling.result import Sha256
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.records import Record, Result
from edgetag.workspace import digest_file, write_bytes, write_text

ASSETS = "app/src/main/assets/edgetag"
SOURCES = "app/src/main/kotlin"
WRITTEN = f"{ASSETS}/written.json"
BUILD_FILES = ("app/build.gradle.kts", "app/build.gradle")
MAX_TEXT_BYTES = 1_000_000

_OURS = re.compile(
    rf"{re.escape(ASSETS)}/[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)+"
    rf"|{re.escape(SOURCES)}/([a-z][a-z0-9_]*/)+Tags\.kt"
)


class WrittenFile(Record):
    """A file in the project: its path there and the digest of what was written."""

    path: str
    sha256: Sha256


class WrittenFiles(Result):
    """`written.json`: what lies in a project because of a bundle.

    Attributes:
        name: The bundle's name.
        version: Its version.
        manifest_sha256: Digest of its manifest.
        files: What was written.
        replaced: What may still lie there from before; empty once everything is written.
    """

    SCHEMA: ClassVar[str] = "edgetag.android-files/1.0"
    name: str
    version: str
    manifest_sha256: Sha256
    files: Annotated[tuple[WrittenFile, ...], Field(max_length=1000)]
    replaced: Annotated[tuple[WrittenFile, ...], Field(max_length=1000)] = ()


class Placed(Result):
    """What `edgetag bundle android` did.

    Attributes:
        project: The project's folder, as it was given.
        written: Files that are new or other than before, relative to the project.
        unchanged: Files that were there already.
        removed: Files of the bundle before, which this one has not.
    """

    SCHEMA: ClassVar[str] = "edgetag.android-placed/2.0"
    project: str
    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


def place(path: Path, project: Path, package: str) -> Placed:
    """Check a bundle and place it in a project.

    The project's folder has the module `app`; the package is that of `Tags.kt`.

    Raises:
        InputError: The bundle is damaged or does not hold what it says, this is no Android
            project, or a file is in the way.
    """
    checked = check(path, (), SilentProgress())
    if not checked.passed:
        raise InputError(
            f"{path}: its pictures do not give its golden inputs; see: edgetag bundle check "
            f"{path.name}"
        )
    _require_build_file(project)
    with open_bundle(path) as bundle:
        files = _files(bundle, package)
        written = WrittenFiles(
            name=bundle.manifest.name,
            version=bundle.manifest.version,
            manifest_sha256=bundle.archive.manifest_sha256,
            files=tuple(
                WrittenFile(path=name, sha256=hashlib.sha256(data).hexdigest())
                for name, data in sorted(files.items())
            ),
        )
    return Placed(project=str(project), **_write(project, files, written))


def _files(bundle: Bundle, package: str) -> dict[str, bytes]:
    """Return every file by its path in the project."""
    archive = bundle.archive
    source = tags_source(bundle.manifest, bundle.labels.labels, archive.manifest_sha256, package)
    return {
        **{f"{ASSETS}/{name}": archive.read(name, MAX_BUNDLE_BYTES) for name in archive.names},
        f"{SOURCES}/{package.replace('.', '/')}/Tags.kt": source.encode(),
    }


def _write(
    project: Path, files: Mapping[str, bytes], written: WrittenFiles
) -> dict[str, tuple[str, ...]]:
    before = _known(project)
    now = {file.path: file.sha256 for file in written.files}
    present = {path: _digest(project, path) for path in {*now, *before}}
    for path, digest in sorted(present.items()):
        if digest is not None and digest not in (*before.get(path, ()), now.get(path)):
            raise InputError(_in_the_way(project / path, path in before))
    old = tuple(
        WrittenFile(path=path, sha256=digest)
        for path, digest in sorted(present.items())
        if digest is not None and digest != now.get(path)
    )
    changed = [path for path in sorted(now) if present[path] != now[path]]
    removed = [file.path for file in old if file.path not in now]
    write_text(project / WRITTEN, written.model_copy(update={"replaced": old}).to_json())
    for path in changed:
        write_bytes(project / path, files[path])
    for path in removed:
        (project / path).unlink(missing_ok=True)
    _sweep(project, now)
    write_text(project / WRITTEN, written.to_json())
    return {
        "written": tuple(changed),
        "unchanged": tuple(path for path in sorted(now) if path not in changed),
        "removed": tuple(removed),
    }


def _known(project: Path) -> dict[str, tuple[str, ...]]:
    """Return which digests each file may have that was written here before."""
    path = project / WRITTEN
    _refuse_links(project, WRITTEN)
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise InputError(f"{path}: over {MAX_TEXT_BYTES} bytes; edgetag did not write this")
        listed = WrittenFiles.from_json(path.read_text(encoding="utf-8"), path)
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8; edgetag did not write this") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    known: dict[str, tuple[str, ...]] = {}
    for file in (*listed.files, *listed.replaced):
        if not _OURS.fullmatch(file.path):
            raise InputError(f"{path}: names {file.path[:120]!r}, which edgetag never writes")
        known[file.path] = (*known.get(file.path, ()), file.sha256)
    return known


def _digest(project: Path, path: str) -> str | None:
    """Return the digest of what lies at a path, None where nothing does."""
    _refuse_links(project, path)
    file = project / path
    if not file.exists():
        return None
    try:
        if not file.is_file():
            raise InputError(f"{file}: is no file, but the bundle has one there; move it away")
        return digest_file(file)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None


def _refuse_links(project: Path, path: str) -> None:
    """Refuse a path that leads anywhere but where its name says, in the project."""
    file = project
    for part in path.split("/"):
        file = file / part
        if file.is_symlink():
            raise InputError(f"{file}: a link; nothing is written through links")


def _in_the_way(file: Path, ours: bool) -> str:
    what = "was changed since edgetag wrote it" if ours else "was not written by edgetag"
    return f"{file}: {what}, and is not overwritten; move it away, or delete it"


def _sweep(project: Path, paths: Mapping[str, str]) -> None:
    """Delete what a killed command has left half-written, by the names that only edgetag gives."""
    for path in (*paths, WRITTEN):
        file = project / path
        for left in file.parent.glob(f".{file.name}.*.tmp"):
            left.unlink(missing_ok=True)


def _require_build_file(project: Path) -> None:
    if not any((project / name).is_file() for name in BUILD_FILES):
        raise InputError(
            f"{project}: has no {BUILD_FILES[0]}; --project takes the folder of an Android project "
            "whose module is called app"
        )
