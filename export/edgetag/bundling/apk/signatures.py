"""Which signatures an app has, and whether they verify, which apksigner says where it is here.

The signing block of the schemes after the first lies right before the zip's central directory:
source.android.com/docs/security/features/apksigning/v2.
"""

import re
import shutil
import struct
import subprocess

from edgetag.bundling.apk.opening import App
from edgetag.bundling.apk.result import AppSignatures
from edgetag.errors import InputError, one_line
from edgetag.programs import run_program

MAGIC = b"APK Sig Block 42"
SCHEMES = {0x7109871A: "v2", 0xF05368C0: "v3", 0x1B93AD61: "v3.1"}
MOST_BLOCK_BYTES = 32_000_000

VERIFY_S = 300.0
"""apksigner reads the whole app once or twice; a JVM starts in two seconds."""

_JAR_SIGNATURE = re.compile(r"META-INF/[^/]+\.(RSA|DSA|EC)")


def signatures(app: App, is_bundle: bool) -> AppSignatures:
    """Return what an app is signed with.

    Args:
        app: The app.
        is_bundle: Whether it is an app bundle, which is signed as a JAR file alone.

    Raises:
        InputError: The signing block contradicts itself.
    """
    jar = ("v1",) if any(map(_JAR_SIGNATURE.fullmatch, app.entries)) else ()
    schemes = (*jar, *_in_block(app))
    if is_bundle:
        reason = "an app bundle is signed for the store alone, which signs the APKs it makes of it"
        return AppSignatures(schemes=schemes, verdict="not run", reason=reason)
    if not set(schemes) - {"v1"}:
        reason = (
            "no v2 or v3 signature, without which Android 11 and later do not install it; sign "
            "it, last of all: apksigner sign --ks KEYSTORE APK"
        )
        return AppSignatures(schemes=schemes, verdict="fail", reason=reason)
    return _verified(app, schemes)


def _in_block(app: App) -> tuple[str, ...]:
    """Return the schemes in the signing block; none where there is no such block."""
    footer = struct.Struct(f"<Q{len(MAGIC)}s")
    end = app.directory_offset
    if end < footer.size:
        return ()
    size, magic = footer.unpack(app.raw(end - footer.size, footer.size))
    if magic != MAGIC:
        return ()
    # Sizes count all but the one that they begin with.
    if not footer.size <= size <= min(MOST_BLOCK_BYTES, end - 8):
        raise InputError(f"{app.path}: its signing block claims {size} bytes; this is refused")
    block = app.raw(end - size, size - footer.size)
    schemes, at = [], 0
    while at + 12 <= len(block):
        length, kind = struct.unpack_from("<QI", block, at)
        if kind in SCHEMES:
            schemes.append(SCHEMES[kind])
        at += 8 + length
    return tuple(dict.fromkeys(schemes))


def _verified(app: App, schemes: tuple[str, ...]) -> AppSignatures:
    program = shutil.which("apksigner")
    if program is None:
        reason = "not verified: apksigner is not on the PATH; it is in Debian's package apksigner"
        return AppSignatures(schemes=schemes, verdict="not run", reason=reason)
    try:
        done = run_program([program, "verify", str(app.path.resolve())], VERIFY_S)
    except subprocess.TimeoutExpired:
        reason = f"not verified: apksigner did not end in {VERIFY_S:g} s"
        return AppSignatures(schemes=schemes, verdict="not run", reason=reason)
    except OSError as error:
        reason = f"not verified: {program} does not start: {error.strerror}"
        return AppSignatures(schemes=schemes, verdict="not run", reason=reason)
    if done.returncode:
        reason = f"apksigner: {one_line(done.stderr)}; sign it again, after every other step"
        return AppSignatures(schemes=schemes, verdict="fail", reason=reason)
    return AppSignatures(schemes=schemes, verdict="pass")
