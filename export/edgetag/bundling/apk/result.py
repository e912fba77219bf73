"""What `edgetag bundle check --apk` saw of an app."""

from typing import ClassVar, Literal

from edgetag.bundling.checking import Outcome
from edgetag.bundling.result import Sha256
from edgetag.errors import ExitCode
from edgetag.records import Record, Result

Kind = Literal["manifest", "file of the bundle", "model", "native library"]


class AppFile(Record):
    """A file in the app.

    Attributes:
        file: Its path there.
        kind: What it is.
        stored: Whether it lies there uncompressed; None where a store decides that later.
        aligned_to: The largest power of two, at most 16,384, of which the offset of its first byte
            is a multiple; None where it is not stored.
        segments_aligned_to: Smallest alignment of a library's segments in bytes; None of others.
        verdict: Whether a phone can use it as it is.
        reason: What is wrong and what to do; empty where nothing is.
    """

    file: str
    kind: Kind
    stored: bool | None = None
    aligned_to: int | None = None
    segments_aligned_to: int | None = None
    verdict: Outcome
    reason: str = ""


class AppSignatures(Record):
    """What an app is signed with.

    Attributes:
        schemes: Such as v1 (as a JAR file), v2, v3; empty where it is not signed.
        verdict: Whether they verify; not run where nothing here can tell.
        reason: Why they do not, or nobody can tell; empty where they do.
    """

    schemes: tuple[str, ...]
    verdict: Outcome
    reason: str = ""


class AppCheck(Result):
    """What was seen of an app that has a bundle in it.

    Attributes:
        file: The app's file name.
        sha256: Its digest.
        container: `apk`, or `aab` for an app bundle, of which a store makes APKs.
        name: The bundle's name.
        version: Its version.
        manifest_sha256: Digest of the manifest in the app, which `Tags.kt` has too.
        manifest_in_code: Whether the app's code holds that digest; None where no code is in the
            file.
        extracts_native_libraries: Whether Android unpacks native libraries as it installs; None
            where the app's manifest cannot tell.
        files: The bundle's files and the native libraries.
        signatures: What it is signed with.
    """

    SCHEMA: ClassVar[str] = "edgetag.app-check/1.0"
    file: str
    sha256: Sha256
    container: Literal["apk", "aab"]
    name: str
    version: str
    manifest_sha256: Sha256
    manifest_in_code: bool | None
    extracts_native_libraries: bool | None
    files: tuple[AppFile, ...]
    signatures: AppSignatures

    @property
    def exit_code(self) -> ExitCode:
        """1 where something is not as a phone needs it."""
        verdicts = [self.signatures.verdict, *(file.verdict for file in self.files)]
        return ExitCode.BUDGET_BROKEN if "fail" in verdicts else ExitCode.ACCEPTED
