"""The table of what `edgetag bundle check --apk` saw."""

from edgetag.bundling.apk.result import AppCheck, AppFile
from edgetag.bundling.tables import verdict_cell
from edgetag.tables import Column, Decision, Number, Prose, Rows, Table


def app_tables(checked: AppCheck) -> tuple[Table, ...]:
    """Return one table of the bundle's files and the native libraries."""
    return (
        Rows(checked.files).table(
            f"{checked.name} {checked.version} in {checked.file}",
            Column("file", lambda file: file.file),
            Column("kind", lambda file: file.kind),
            Column("packed", _packed, optional=True),
            Number("begins on", lambda file: file.aligned_to, unit="bytes", optional=True),
            Number("segments", lambda file: file.segments_aligned_to, unit="bytes", optional=True),
            Decision("verdict", lambda file: verdict_cell(file.verdict)),
            Prose("what to do", lambda file: file.reason or None, optional=True),
        ),
    )


def _packed(file: AppFile) -> str | None:
    return None if file.stored is None else "stored" if file.stored else "compressed"


def app_sentences(checked: AppCheck) -> tuple[str, ...]:
    """Return lines on the manifest's digest, on signatures, and on what is decided later."""
    signed = checked.signatures
    schemes = ", ".join(signed.schemes) or "none"
    lines = [
        f"manifest: SHA-256 {checked.manifest_sha256}, {_IN_CODE[checked.manifest_in_code]}",
        f"signatures: {schemes}; {signed.reason or 'they verify'}",
    ]
    if checked.container == "aab":
        lines.append(
            "packing: an app bundle is packed anew by the store; check an APK of it, too: "
            "bundletool build-apks --mode=universal"
        )
    return tuple(lines)


_IN_CODE = {
    True: "which the app's code holds",
    False: "which the app's code does not hold: compare BUNDLE_MANIFEST_SHA256 in Tags.kt",
    None: "to compare with BUNDLE_MANIFEST_SHA256 in Tags.kt: no code was looked through",
}
