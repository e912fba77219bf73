"""What of a bundle is in an app, and whether a phone can map it; libraries, signatures."""

import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgetag.bundling.apk.binary_manifest import MOST_BYTES as MOST_ANDROID_MANIFEST_BYTES
from edgetag.bundling.apk.binary_manifest import extracts_native_libraries
from edgetag.bundling.apk.elf import HEAD_BYTES, NotElfError, segment_alignment
from edgetag.bundling.apk.opening import App, open_app
from edgetag.bundling.apk.result import AppCheck, AppFile, Kind
from edgetag.bundling.apk.signatures import signatures
from edgetag.bundling.archive import MAX_BUNDLE_BYTES, MAX_FILES, MAX_MANIFEST_BYTES, check_bundle
from edgetag.bundling.contents import MANIFEST, MODEL_SUFFIX, NOT_IN_ALL, ON_DEVICES
from edgetag.bundling.result import BundleFile, BundleManifest
from edgetag.errors import InputError
from edgetag.tables.text import printable, shorten
from edgetag.workspace import digest_file

PAGE_BYTES = 16_384
"""Pages of phones with 64 bits from Android 15 on; Google Play requires libraries to fit them."""

SMALL_PAGE_BYTES = 4_096
"""Pages of phones with 32 bits."""

MODEL_ALIGNMENT = 4
"""TensorFlow Lite refuses a buffer that begins elsewhere, on 32-bit ARM (its `allocation.cc`)."""

MOST_LIBRARIES = 1_000
MOST_CODE_BYTES = 1_000_000_000

PLACE_AGAIN = "place the bundle again: edgetag bundle android"

_ASSETS = "assets/edgetag"
_BUNDLE_CONFIG = "BundleConfig.pb"
_MANIFEST = f"{_ASSETS}/{MANIFEST}"
_MANIFEST_IN_MODULE = re.compile(rf"[^/]+/{re.escape(_MANIFEST)}")
_LIBRARY = re.compile(r"(?:[^/]+/)?lib/([^/]+)/[^/]+\.so")
_CODE = re.compile(r"(?:[^/]+/dex/)?classes\d*\.dex")
_WIDE = ("arm64-v8a", "x86_64", "riscv64")


def check_app(path: Path, bundle: Path | None = None) -> AppCheck:
    """Check an APK or an app bundle (`.aab`) that has a bundle of edgetag's in its assets.

    Args:
        path: The app.
        bundle: The bundle whose files it must have; None for whichever it has.

    Raises:
        InputError: It is no app, has no bundle in it, or one of both is damaged or built to do
            harm.
    """
    expected = None if bundle is None else check_bundle(bundle)
    with open_app(path) as app:
        container = _Container(app, _BUNDLE_CONFIG in app.entries)
        place = _manifest_place(container)
        text = _read(app, place, MAX_MANIFEST_BYTES)
        manifest = _manifest(text, path)
        digest = hashlib.sha256(text).hexdigest()
        extracts = None if container.is_bundle else _extracts(app)
        files = [_manifest_file(container, place, manifest, expected)]
        files += [_asset(container, place, file, expected) for file in manifest.files]
        files += _libraries(container, extracts)
        return AppCheck(
            file=path.name,
            sha256=digest_file(path),
            container="aab" if container.is_bundle else "apk",
            name=manifest.name,
            version=manifest.version,
            manifest_sha256=digest,
            manifest_in_code=_in_code(app, digest.encode()),
            extracts_native_libraries=extracts,
            files=tuple(files),
            signatures=signatures(app, container.is_bundle),
        )


@dataclass(frozen=True)
class _Container:
    """The app, and whether it is a bundle, of which the store decides how its APKs are packed."""

    app: App
    is_bundle: bool

    def file(
        self, name: str, kind: Kind, problems: Iterator[str], segments: int | None = None
    ) -> AppFile:
        entry = None if self.is_bundle else self.app.entries.get(name)
        reason = "; ".join(problems)
        return AppFile(
            file=shorten(printable(name)),
            kind=kind,
            stored=entry and entry.stored,
            aligned_to=math.gcd(entry.offset, PAGE_BYTES) if entry and entry.stored else None,
            segments_aligned_to=segments,
            verdict="fail" if reason else "pass",
            reason=reason,
        )

    def unmappable(self, name: str, alignment: int, remedy: str) -> Iterator[str]:
        """Yield what keeps a file from being mapped."""
        entry = self.app.entries[name]
        if self.is_bundle:
            return
        if not entry.stored:
            yield f"compressed, so it cannot be mapped; {remedy}"
        elif entry.offset % alignment:
            yield (
                f"begins at byte {entry.offset}, no multiple of {alignment}; before signing: "
                "zipalign -P 16 4 IN.apk OUT.apk"
            )


def _manifest_place(container: _Container) -> str:
    """Return where the manifest is that a phone reads: in an app bundle, in one of its modules."""
    app = container.app
    of_module = sorted(filter(_MANIFEST_IN_MODULE.fullmatch, app.entries))
    places = of_module if container.is_bundle else [_MANIFEST] if _MANIFEST in app.entries else []
    if not places:
        raise InputError(
            f"{app.path}: no bundle is in it: it has no {_MANIFEST}; place one: edgetag "
            "bundle android, and build the app"
        )
    if len(places) > 1:
        raise InputError(
            f"{app.path}: bundles are in {len(places)} of its modules, {printable(places[0])} and "
            f"{printable(places[1])}; check an APK of each"
        )
    return places[0]


def _read(app: App, name: str, most_bytes: int) -> bytes:
    content = b"".join(app.blocks(name, most_bytes))
    if len(content) > most_bytes:
        raise InputError(f"{app.path}: {name} is over {most_bytes} bytes; this is refused")
    return content


def _manifest(text: bytes, path: Path) -> BundleManifest:
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}: {_ASSETS}/{MANIFEST} is not UTF-8; {PLACE_AGAIN}") from None
    manifest = BundleManifest.from_json(decoded, f"{path}: {_ASSETS}/{MANIFEST}", PLACE_AGAIN)
    names = [file.name for file in manifest.files]
    if len(names) > MAX_FILES or len(set(names)) < len(names):
        raise InputError(f"{path}: {MANIFEST} lists a file twice, or over {MAX_FILES}")
    if sum(file.size_bytes for file in manifest.files) > MAX_BUNDLE_BYTES:
        raise InputError(f"{path}: {MANIFEST} lists over {MAX_BUNDLE_BYTES} bytes")
    return manifest


def _manifest_file(
    container: _Container, place: str, manifest: BundleManifest, expected: BundleManifest | None
) -> AppFile:
    def problems() -> Iterator[str]:
        models = {variant.file for variant in manifest.variants}
        listed = {file.name for file in manifest.files}
        given = {file.name for file in expected.files} if expected else set()
        needed = {*ON_DEVICES, *models} - (set(NOT_IN_ALL) - given)
        if lacking := sorted(needed - listed):
            yield f"does not list {lacking[0]}, which a phone reads; {PLACE_AGAIN}"
        if expected and (manifest.name, manifest.version) != (expected.name, expected.version):
            yield f"not of {expected.name} {expected.version}; {PLACE_AGAIN}"
        elif expected and not _says_as(manifest, expected):
            yield f"says otherwise than that of {expected.name} {expected.version}; {PLACE_AGAIN}"

    return container.file(place, "manifest", problems())


def _says_as(manifest: BundleManifest, whole: BundleManifest) -> bool:
    """Tell whether an app's manifest says of its models what a bundle's says of them."""
    same = (manifest.tags, manifest.input_size) == (whole.tags, whole.input_size)
    return same and all(variant in whole.variants for variant in manifest.variants)


def _asset(
    container: _Container, place: str, file: BundleFile, expected: BundleManifest | None
) -> AppFile:
    name = place.removesuffix(MANIFEST) + file.name
    is_model = file.name.endswith(MODEL_SUFFIX)

    def problems() -> Iterator[str]:
        entry = container.app.entries.get(name)
        if entry is None:
            yield f"not in the app; {PLACE_AGAIN}, and let the build leave out no asset"
            return
        if entry.size_bytes != file.size_bytes or _digest(container.app, name) != file.sha256:
            yield f"other bytes than {MANIFEST} says; {PLACE_AGAIN}"
        if expected and file not in expected.files:
            yield f"not as in {expected.name} {expected.version}; {PLACE_AGAIN}"
        if is_model:
            remedy = 'in build.gradle.kts: androidResources { noCompress += "tflite" }'
            yield from container.unmappable(name, MODEL_ALIGNMENT, remedy)

    return container.file(name, "model" if is_model else "file of the bundle", problems())


def _digest(app: App, name: str) -> str:
    digest = hashlib.sha256()
    for block in app.blocks(name, MAX_BUNDLE_BYTES):
        digest.update(block)
    return digest.hexdigest()


def _extracts(app: App) -> bool | None:
    name = "AndroidManifest.xml"
    if name not in app.entries:
        raise InputError(f"{app.path}: no APK: it has no {name}")
    try:
        return extracts_native_libraries(_read(app, name, MOST_ANDROID_MANIFEST_BYTES))
    except ValueError as error:
        raise InputError(f"{app.path}: {error}; build the app again") from None


def _libraries(container: _Container, extracts: bool | None) -> list[AppFile]:
    matches = [match for name in container.app.entries if (match := _LIBRARY.fullmatch(name))]
    if len(matches) > MOST_LIBRARIES:
        raise InputError(f"{container.app.path}: over {MOST_LIBRARIES} native libraries")
    return [
        _library(container, match.group(), match.group(1) in _WIDE, extracts) for match in matches
    ]


def _library(container: _Container, name: str, is_wide: bool, extracts: bool | None) -> AppFile:
    segments: int | str
    try:
        segments = segment_alignment(container.app.head(name, HEAD_BYTES))
    except NotElfError as error:
        segments = str(error)
    page = PAGE_BYTES if is_wide else SMALL_PAGE_BYTES
    is_mapped = container.app.entries[name].stored if extracts is None else not extracts

    def problems() -> Iterator[str]:
        if isinstance(segments, str):
            yield f"{segments}; Android cannot load it; take the library from its maker again"
        elif segments < page:
            yield (
                f"phones with pages of {page} bytes do not load it, Google Play refuses it; take "
                "LiteRT 1.4.0 or later; a library of your own: -Wl,-z,max-page-size=16384"
            )
        if is_mapped:
            remedy = "in build.gradle.kts: packaging { jniLibs { useLegacyPackaging = false } }"
            yield from container.unmappable(name, page, remedy)

    known = None if isinstance(segments, str) else segments
    return container.file(name, "native library", problems(), known)


def _in_code(app: App, digest: bytes) -> bool | None:
    """Return whether the code holds a digest, as `Tags.kt` has it; constants stand as text."""
    names = [name for name in app.entries if _CODE.fullmatch(name)]
    if not names or sum(app.entries[name].size_bytes for name in names) > MOST_CODE_BYTES:
        return None
    for name in names:
        before = b""
        for block in app.blocks(name, MOST_CODE_BYTES):
            if digest in before + block:
                return True
            before = block[-len(digest) :]
    return False
