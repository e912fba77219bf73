"""Signatures of bundles by OpenSSF's model-signing, with a key file.

The digests in a manifest show damage; a signature shows who packed the bundle. It lies beside the
zip, in Sigstore's bundle format, and can be verified with the library's own command too.
"""

import contextlib
import os
import sys
from pathlib import Path
from shlex import quote
from typing import Any, ClassVar

from edgetag.bundling.archive import check_bundle
from edgetag.bundling.result import BundleManifest, Sha256
from edgetag.errors import InputError, MissingExtraError
from edgetag.records import Result
from edgetag.userfiles import require_file
from edgetag.workspace import digest_file

PASSWORD_VARIABLE = "EDGETAG_KEY_PASSWORD"  # noqa: S105 - a variable's name
MAX_SIGNATURE_BYTES = 1_000_000
MAX_KEY_BYTES = 100_000
CURVES = "prime256v1, secp384r1 or secp521r1"


class SignedBundle(Result):
    """What `edgetag bundle sign` has signed, or `edgetag bundle verify` has verified.

    Attributes:
        file: The bundle, as it was named.
        sha256: Its digest.
        name: The bundle's own name.
        version: Its version.
        signature: The signature's file.
    """

    SCHEMA: ClassVar[str] = "edgetag.bundle-signature/1.0"
    file: str
    sha256: Sha256
    name: str
    version: str
    signature: str


def signature_path(bundle: Path) -> Path:
    """Return where a bundle's signature lies by default: beside it, `<zip>.sig`."""
    return bundle.with_name(f"{bundle.name}.sig")


def sign(bundle: Path, key: Path, signature: Path) -> SignedBundle:
    """Sign a bundle after checking that it is whole.

    Args:
        bundle: The zip.
        key: An elliptic-curve private key, PEM. `EDGETAG_KEY_PASSWORD` opens an encrypted one.
        signature: The new file; an existing one is replaced.

    Raises:
        InputError: model-signing is not installed, the bundle is damaged, the key cannot sign, or
            the signature would take the place of one of them.
    """
    library = _library("signing")
    if signature.resolve() in (bundle.resolve(), key.resolve()):
        raise InputError(f"{signature}: would be replaced by the signature; give another --out")
    manifest = check_bundle(bundle)
    _read_limited(key, MAX_KEY_BYTES, "key")
    password = os.environ.get(PASSWORD_VARIABLE)
    try:
        config = library.Config().use_elliptic_key_signer(
            private_key=key, password=password.encode() if password else None
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{key}: not a private key that can sign: {_of_key(error)}; it must be an "
            f"elliptic-curve key ({CURVES}) in PEM. {PASSWORD_VARIABLE} opens an encrypted one"
        ) from None
    beside = signature.with_name(f".{signature.name}.tmp")
    try:
        config.sign(bundle, beside)
        beside.replace(signature)
    except OSError as error:
        raise InputError(f"{signature}: cannot be written: {error.strerror}") from None
    except ValueError as error:  # the library refuses links
        raise InputError(f"{bundle}: cannot be signed: {error}") from None
    finally:
        beside.unlink(missing_ok=True)
    return _described(bundle, manifest, signature)


def verify(bundle: Path, key: Path, signature: Path) -> SignedBundle:
    """Verify that a bundle is what the holder of a key has signed, and whole.

    Raises:
        InputError: model-signing is not installed, something is missing, the key is another, or
            the bundle has changed since.
    """
    library = _library("verifying")
    _read_limited(key, MAX_KEY_BYTES, "public key")
    if not signature.exists():
        raise InputError(
            f"{signature}: there is no signature; make one with: edgetag bundle sign "
            f"{quote(str(bundle))} --key KEY"
        )
    _read_limited(signature, MAX_SIGNATURE_BYTES, "signature")
    if not bundle.is_file():
        raise InputError(f"{bundle}: there is no such bundle")
    try:
        config = library.Config().use_elliptic_key_verifier(public_key=key)
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{key}: not a public key: {_of_key(error)}; make it from the private one with: "
            "openssl ec -in KEY -pubout"
        ) from None
    try:
        with contextlib.redirect_stdout(sys.stderr):  # the library warns with print
            config.verify(bundle, signature)
    except Exception as error:  # damaged signatures raise nearly anything
        raise InputError(_why(error, bundle, key, signature)) from None
    return _described(bundle, check_bundle(bundle), signature)


def _of_key(error: Exception) -> str:
    """Say why a key is refused; of one without a curve, such as Ed25519's, Python alone says it."""
    return "it is of another kind" if isinstance(error, AttributeError) else str(error)


def _described(bundle: Path, manifest: BundleManifest, signature: Path) -> SignedBundle:
    return SignedBundle(
        file=str(bundle),
        sha256=digest_file(bundle),
        name=manifest.name,
        version=manifest.version,
        signature=str(signature),
    )


def _why(error: Exception, bundle: Path, key: Path, signature: Path) -> str:
    text = str(error)
    if text.startswith("Key mismatch"):
        return f"{signature}: made with another key than {key}; do not trust {bundle.name}"
    if text.startswith("Signature mismatch"):
        return f"{bundle}: has changed since it was signed; do not trust it"
    detail = text.splitlines()[0][:200] if text else type(error).__name__
    return f"{signature}: not a valid signature of {bundle.name} ({detail}); do not trust it"


def _library(module: str) -> Any:
    try:
        import model_signing
    except ImportError:
        raise MissingExtraError("model-signing", "sign") from None
    return getattr(model_signing, module)


def _read_limited(path: Path, most: int, what: str) -> None:
    try:
        require_file(path, what, most)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such {what}") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
