"""Places a bundle in an Android project: assets, `Tags.kt`, and a list of what was written.

The assets are what a phone reads, and what a licence asks for: no verdict, no model card, no source
pictures. The manifest among them lists just these files, and `Tags.kt` has that manifest's digest.

Nothing is overwritten or deleted that was not written here, or was changed since. The list is
written before the first file, with the digests of both what is replaced and what replaces it, so
that a command that was killed can be given again.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from edgetag.bundling import contents
from edgetag.bundling.archive import MAX_BUNDLE_BYTES
from edgetag.bundling.checking import require_pictures
from edgetag.bundling.kotlin import tags_source
from edgetag.bundling.opening import Bundle, open_bundle
from edgetag.bundling.result import Sha256
from edgetag.errors import InputError
from edgetag.records import Record, Result
from edgetag.workspace import digest_file
from edgetag.writing import write_bytes

MAX_TEXT_BYTES = 1_000_000

_MODULE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_SOURCE_SET = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class SourceSet:
    """Where in an Android project a bundle goes.

    Attributes:
        module: The module's folder in the project, such as `app` or `feature/tagging`.
        name: `main`, a flavour's name or a build type's.
    """

    module: str = "app"
    name: str = "main"

    @classmethod
    def parse(cls, module: str, name: str) -> "SourceSet":
        """Return the source set of a module that is named by its folder or as Gradle does.

        Raises:
            InputError: Such names no module or no source set has.
        """
        folder = module.removeprefix(":").replace(":", "/")
        if not _MODULE.fullmatch(folder):
            raise InputError(f"--module {module!r} names no module; give one such as app or :app")
        if not _SOURCE_SET.fullmatch(name):
            raise InputError(
                f"--source-set {name!r} names no source set; give main, a flavour or a build type"
            )
        return cls(folder, name)

    @property
    def folder(self) -> str:
        """The source set's folder, relative to the project."""
        return f"{self.module}/src/{self.name}"

    @property
    def assets(self) -> str:
        """Where the bundle's files go."""
        return f"{self.folder}/assets/edgetag"

    @property
    def sources(self) -> str:
        """Where packages of Kotlin begin."""
        return f"{self.folder}/kotlin"

    @property
    def written(self) -> str:
        """The list of what was written; Gradle packs nothing that lies there."""
        return f"{self.folder}/edgetag-files.json"

    @property
    def build_files(self) -> tuple[str, str]:
        """One of these a module of Android has."""
        return f"{self.module}/build.gradle.kts", f"{self.module}/build.gradle"

    def has(self, path: str) -> bool:
        """Return whether a path is one that edgetag writes there."""
        asset = rf"{re.escape(self.assets)}/[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)+"
        tags = rf"{re.escape(self.sources)}/([a-z][a-z0-9_]*/)+Tags\.kt"
        return re.fullmatch(rf"{asset}|{tags}", path) is not None


MAIN = SourceSet()


class WrittenFile(Record):
    """A file in the project: its path there and the digest of what was written."""

    path: str
    sha256: Sha256


class WrittenFiles(Result):
    """`edgetag-files.json`: what lies in a source set because of a bundle.

    Attributes:
        name: The bundle's name.
        version: Its version.
        manifest_sha256: Digest of its manifest, from which the one among the files was cut.
        files: What was written.
        replaced: What may still lie there from before; empty once everything is written.
    """

    SCHEMA: ClassVar[str] = "edgetag.android-files/2.0"
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


def place(
    path: Path,
    project: Path,
    package: str,
    where: SourceSet = MAIN,
    variants: Sequence[str] = (),
) -> Placed:
    """Check a bundle and place it in a project.

    Args:
        path: The bundle.
        project: The project's folder.
        package: That of `Tags.kt`.
        where: The module and source set.
        variants: Which model files, the first the one that the app takes; default: all.

    Raises:
        InputError: The bundle is damaged, does not hold what it says or has no such variant, this
            is no Android project, or a file is in the way.
    """
    require_pictures(path)
    _require_build_file(project, where)
    with open_bundle(path) as bundle:
        files = _files(bundle, package, where, variants)
        written = WrittenFiles(
            name=bundle.manifest.name,
            version=bundle.manifest.version,
            manifest_sha256=bundle.archive.manifest_sha256,
            files=tuple(
                WrittenFile(path=name, sha256=hashlib.sha256(data).hexdigest())
                for name, data in sorted(files.items())
            ),
        )
    return Placed(project=str(project), **_write(project, where, files, written))


def _files(
    bundle: Bundle, package: str, where: SourceSet, variants: Sequence[str]
) -> dict[str, bytes]:
    """Return every file by its path in the project."""
    archive = bundle.archive
    manifest = bundle.cut(variants)
    text = manifest.to_json().encode()
    digest = hashlib.sha256(text).hexdigest()
    source = tags_source(manifest, bundle.labels.labels, digest, package)
    return {
        f"{where.assets}/{contents.MANIFEST}": text,
        **{
            f"{where.assets}/{file.name}": archive.read(file.name, MAX_BUNDLE_BYTES)
            for file in manifest.files
        },
        f"{where.sources}/{package.replace('.', '/')}/Tags.kt": source.encode(),
    }


def _write(
    project: Path, where: SourceSet, files: Mapping[str, bytes], written: WrittenFiles
) -> dict[str, tuple[str, ...]]:
    before = _known(project, where)
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
    written.replace(replaced=old).write(project / where.written)
    for path in changed:
        write_bytes(project / path, files[path])
    for path in removed:
        (project / path).unlink(missing_ok=True)
    _sweep(project, (*now, where.written))
    written.write(project / where.written)
    return {
        "written": tuple(changed),
        "unchanged": tuple(path for path in sorted(now) if path not in changed),
        "removed": tuple(removed),
    }


def _known(project: Path, where: SourceSet) -> dict[str, tuple[str, ...]]:
    """Return which digests each file may have that was written here before."""
    path = project / where.written
    _refuse_links(project, where.written)
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
        if not where.has(file.path):
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


def _sweep(project: Path, paths: Sequence[str]) -> None:
    """Delete what a killed command has left half-written, by the names that only edgetag gives."""
    for path in paths:
        file = project / path
        for left in file.parent.glob(f".{file.name}.*.tmp"):
            left.unlink(missing_ok=True)


def _require_build_file(project: Path, where: SourceSet) -> None:
    if not any((project / name).is_file() for name in where.build_files):
        raise InputError(
            f"{project}: has no {where.build_files[0]}; --project takes the folder of an Android "
            "project, --module the name of its module, if that is not app"
        )
