"""Signatures: only the right key over unchanged bytes is accepted; all else has its text."""

import json
import re
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from edgetag.bundling.signing import PASSWORD_VARIABLE, sign, signature_path, verify
from edgetag.errors import InputError, MissingExtraError

PASSWORD = b"of a test"


def write_keys(
    folder: Path, name: str, curve: ec.EllipticCurve, password: bytes | None = None
) -> tuple[Path, Path]:
    """Write what `openssl ecparam -genkey` and `openssl ec -pubout` do."""
    key = ec.generate_private_key(curve)
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    encryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, encryption
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return write_keys(tmp_path, "key", ec.SECP256R1())


@pytest.fixture
def signed(bundle: Path, keys: tuple[Path, Path]) -> Path:
    """A bundle with its signature beside it."""
    sign(bundle, keys[0], signature_path(bundle))
    return bundle


@pytest.mark.slow
def test_a_signed_bundle_is_verified_with_the_public_key(
    signed: Path, keys: tuple[Path, Path]
) -> None:
    assert signature_path(signed).name == "bundle-test-1.2.3.zip.sig"
    verify(signed, keys[1], signature_path(signed))


def test_every_changed_byte_is_noticed(signed: Path, keys: tuple[Path, Path]) -> None:
    packed = bytearray(signed.read_bytes())
    for offset in range(0, len(packed), len(packed) // 7):
        packed[offset] ^= 1
        signed.write_bytes(packed)
        with pytest.raises(InputError, match="has changed since it was signed"):
            verify(signed, keys[1], signature_path(signed))
        packed[offset] ^= 1


def test_a_signature_takes_the_place_of_neither_bundle_nor_key(
    bundle: Path, keys: tuple[Path, Path]
) -> None:
    for file in (bundle, keys[0]):
        before = file.read_bytes()
        with pytest.raises(InputError, match="would be replaced by the signature"):
            sign(bundle, keys[0], file)
        assert file.read_bytes() == before


def test_another_key_is_told(signed: Path, tmp_path: Path) -> None:
    _, other = write_keys(tmp_path, "other", ec.SECP256R1())
    with pytest.raises(InputError, match="made with another key"):
        verify(signed, other, signature_path(signed))


def test_a_missing_signature_is_told_with_what_to_do(bundle: Path, keys: tuple[Path, Path]) -> None:
    copied = bundle.with_name("a copy.zip")
    copied.write_bytes(bundle.read_bytes())
    told = f"no signature; make one with: edgetag bundle sign '{copied}' --key KEY"
    with pytest.raises(InputError, match=re.escape(told)):
        verify(copied, keys[1], signature_path(copied))


@pytest.mark.parametrize("text", ["", "x", "{}", "[]", "null", '{"mediaType": 5}'])
def test_a_damaged_signature_is_refused(bundle: Path, keys: tuple[Path, Path], text: str) -> None:
    signature_path(bundle).write_text(text)
    with pytest.raises(InputError, match="not a valid signature"):
        verify(bundle, keys[1], signature_path(bundle))


def test_a_signature_of_other_bytes_by_no_key_is_refused(
    signed: Path, keys: tuple[Path, Path]
) -> None:
    path = signature_path(signed)
    values = json.loads(path.read_text())
    values["dsseEnvelope"]["signatures"][0]["sig"] = "AAAA"
    path.write_text(json.dumps(values))
    with pytest.raises(InputError, match="not a valid signature"):
        verify(signed, keys[1], path)


def test_a_damaged_bundle_is_not_signed(bundle: Path, keys: tuple[Path, Path]) -> None:
    bundle.write_bytes(bundle.read_bytes()[:-40])
    with pytest.raises(InputError, match="not a whole bundle"):
        sign(bundle, keys[0], signature_path(bundle))
    assert not signature_path(bundle).exists()


def test_keys_that_cannot_sign_are_refused(
    bundle: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    bitcoin, _ = write_keys(tmp_path, "bitcoin", ec.SECP256K1())
    no_curve = tmp_path / "rsa.pem"
    no_curve.write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    for key in (bitcoin, no_curve, keys[1], bundle):
        with pytest.raises(InputError, match=r"not a private key that can sign|over 100000 bytes"):
            sign(bundle, key, signature_path(bundle))
    with pytest.raises(InputError, match="sign: it is of another kind; it must be"):
        sign(bundle, no_curve, signature_path(bundle))
    with pytest.raises(InputError, match="there is no such key"):
        sign(bundle, tmp_path / "none.pem", signature_path(bundle))


def test_a_private_key_does_not_verify(signed: Path, keys: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match="not a public key"):
        verify(signed, keys[0], signature_path(signed))


def test_an_encrypted_key_is_opened_by_the_variable(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, public = write_keys(tmp_path, "locked", ec.SECP384R1(), PASSWORD)
    with pytest.raises(InputError, match=f"{PASSWORD_VARIABLE} opens an encrypted one"):
        sign(bundle, private, signature_path(bundle))
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD.decode())
    sign(bundle, private, signature_path(bundle))
    verify(bundle, public, signature_path(bundle))


def test_without_the_package_the_extra_is_named(
    bundle: Path, keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "model_signing", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'edgetag\[sign\]'"):
        sign(bundle, keys[0], signature_path(bundle))
