"""Writes signatures that both languages must take or refuse alike: `signatures/`."""

import base64
import copy
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from edgetag.bundling import signing
from edgetag.errors import InputError

CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256: `n` of SP 800-186."""

TYPE = "application/vnd.in-toto+json"
Json = Any


@dataclass(frozen=True)
class Case:
    """A signature, and what it is tried on.

    Attributes:
        name: What is special about it.
        signature: The content of the `.sig` file.
        key: Name of the public key.
        bundle: The zip's name.
        words: What the phone's refusal says.
        stricter: Whether the phone refuses what Python takes.
    """

    name: str
    signature: bytes
    key: str = "P-256"
    bundle: str = "b.zip"
    words: tuple[str, ...] = field(default=())
    stricter: bool = False


def write_signatures(folder: Path, packed: bytes) -> None:
    """Write signatures of a bundle, good and forged, and what Python says of each."""
    target = folder / "signatures"
    target.mkdir()
    (target / "b.zip").write_bytes(packed)
    (target / "renamed.zip").write_bytes(packed)
    (target / "changed.zip").write_bytes(packed[:-1] + bytes([packed[-1] ^ 1]))
    keys = {name: write_key(target, name, curve) for name, curve in CURVES.items()}
    keys["other"] = write_key(target, "other", ec.SECP256R1())
    write_bad_keys(target)
    verdicts = {}
    for number, case in enumerate(cases(target, keys)):
        path = target / f"{number:02d}.sig"
        path.write_bytes(case.signature)
        verdicts[case.name] = {
            "signature": path.name,
            "key": f"{case.key}.pub",
            "bundle": case.bundle,
            "refused": refusal(target / case.bundle, target / f"{case.key}.pub", path),
            "words": case.words,
            "stricter": case.stricter,
        }
    (folder / "signatures.json").write_text(json.dumps(verdicts), encoding="utf-8")


def refusal(bundle: Path, key: Path, signature: Path) -> str:
    """Return why Python refuses a signature; empty where it takes it."""
    try:
        signing.verify(bundle, key, signature)
    except InputError as error:
        return str(error)
    return ""


def write_key(
    folder: Path, name: str, curve: ec.EllipticCurve, suffix: str = "pub"
) -> ec.EllipticCurvePrivateKey:
    """Write a key as `openssl` does, `NAME.pem` and `NAME.pub`, and return it."""
    key = ec.generate_private_key(curve)
    (folder / f"{name}.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    (folder / f"{name}.{suffix}").write_bytes(public(key))
    return key


def public(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    """Return the public part in PEM."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def write_bad_keys(folder: Path) -> None:
    """Write what is no public key of a bundle: `*.bad`."""
    write_key(folder, "bitcoin", ec.SECP256K1(), "bad")
    (folder / "rsa.bad").write_bytes(public(rsa.generate_private_key(65537, 2048)))
    (folder / "private.bad").write_bytes((folder / "P-256.pem").read_bytes())
    (folder / "empty.bad").write_bytes(b"")
    lines = (folder / "P-256.pub").read_text().splitlines()
    (folder / "cut.bad").write_text("\n".join([lines[0], lines[1][:40], lines[-1]]))


def cases(folder: Path, keys: dict[str, ec.EllipticCurvePrivateKey]) -> Iterator[Case]:
    """Return signatures by the command, and what forgers make of them."""
    for curve in CURVES:
        signed = folder / f"{curve}.sig"
        signing.sign(folder / "b.zip", folder / f"{curve}.pem", signed)
        yield Case(curve, signed.read_bytes(), key=curve)
    good = json.loads((folder / "P-256.sig").read_bytes())
    yield from of_keys(good, keys)
    yield from of_points(good)
    yield from of_envelopes(good)
    yield from of_statements(good, keys["P-256"])
    whole = json.dumps(good).encode()
    for end in (0, 1, len(whole) // 2, len(whole) - 1):
        yield Case(f"cut off at {end}", whole[:end], words=("its signature is none",))
    for text in (b"[]", b"null", b"{}", b"\xff", b"[" * 5000, bytes(1_000_001)):
        yield Case(f"text {text[:3]!r}", text, words=("its signature is none",))


def of_keys(good: Json, keys: dict[str, ec.EllipticCurvePrivateKey]) -> Iterator[Case]:
    """Return signatures of other keys, and of other bundles."""
    text = json.dumps(good).encode()
    yield Case("another key", text, key="other", words=("another key",))
    yield Case("another curve", text, key="P-384", words=("another key",))
    yield Case("a renamed bundle", text, bundle="renamed.zip")
    yield Case("a changed bundle", text, bundle="changed.zip", words=("has changed",))
    unnamed = copy.deepcopy(good)
    del unnamed["verificationMaterial"]["publicKey"]["hint"]
    yield Case("without a hint", json.dumps(unnamed).encode())
    yield Case("another key, unnamed", json.dumps(unnamed).encode(), key="other")
    by_other = resigned(good, payload_of(good), keys["other"])
    yield Case("another key's under this key's name", by_other, words=("was changed",))


def of_points(good: Json) -> Iterator[Case]:
    """Return other encodings of the two numbers that are the signature."""
    der = base64.b64decode(good["dsseEnvelope"]["signatures"][0]["sig"])
    r, s = decode_dss_signature(der)
    yield Case("the other half of the order", with_sig(good, encode_dss_signature(r, ORDER - s)))
    for name, changed in {
        "r and s are 0": encode_dss_signature(0, 0),
        "r and s are the order": encode_dss_signature(ORDER, ORDER),
        "s is too large": encode_dss_signature(r, s + ORDER),
        "r and s are swapped": encode_dss_signature(s, r),
        "a byte follows": der + b"\0",
        "a byte is missing": der[:-1],
        "no bytes": b"",
        "a long length": b"\x30\x81" + der[1:],
        "a leading zero": b"\x30" + bytes([der[1] + 1, 2, der[3] + 1, 0]) + der[4:],
        "raw numbers": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        "the last bit": der[:-1] + bytes([der[-1] ^ 1]),
    }.items():
        yield Case(f"signature: {name}", with_sig(good, changed), words=("do not trust it",))


def of_envelopes(good: Json) -> Iterator[Case]:
    """Return changes around what is signed."""
    changed = copy.deepcopy(good)
    payload = payload_of(good)
    digest = payload["predicate"]["resources"][0]["digest"]
    text = base64.b64decode(good["dsseEnvelope"]["payload"]).decode()
    forged = text.replace(digest, "0" * 64).encode()
    changed["dsseEnvelope"]["payload"] = base64.b64encode(forged).decode()
    yield Case("a changed payload", json.dumps(changed).encode(), words=("was changed",))
    for path, value in {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.1+json",
        "dsseEnvelope.payloadType": "text/plain",
        "dsseEnvelope.payload": "?",
        "dsseEnvelope.signatures": [],
        "verificationMaterial.publicKey.hint": "0" * 64,
    }.items():
        changed = copy.deepcopy(good)
        *above, last = path.split(".")
        place = changed
        for part in above:
            place = place[part]
        place[last] = value
        yield Case(f"another {path}", json.dumps(changed).encode())
    changed = copy.deepcopy(good)
    changed["dsseEnvelope"]["signatures"] *= 2
    yield Case("two signatures", json.dumps(changed).encode(), stricter=True)


def of_statements(good: Json, key: ec.EllipticCurvePrivateKey) -> Iterator[Case]:
    """Return other statements, truly signed by the key."""
    changes: dict[str, Json] = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v1",
        "subject": [],
        "subject.0.digest.sha256": "0" * 64,
        "subject.0.digest": {"sha512": "0" * 128},
        "predicate": {},
        "predicate.resources": [],
        "predicate.resources.0.name": "b.zip",
        "predicate.resources.0.algorithm": "md5",
        "predicate.resources.0.digest": "0" * 64,
        "predicate.serialization.method": "shards",
        "predicate.serialization.hash_type": "blake2b",
    }
    for path, value in changes.items():
        statement = payload_of(good)
        *above, last = path.split(".")
        place = statement
        for part in above:
            place = place[int(part)] if part.isdigit() else place[part]
        place[last] = value
        yield Case(f"signed: another {path}", resigned(good, statement, key))
    other = payload_of(good)
    describe(other, [".", "more.txt"], ["0" * 64] * 2)
    yield Case("signed: a file more", resigned(good, other, key), words=("one file",))
    elsewhere = payload_of(good)
    describe(elsewhere, ["."], [hashlib.sha256(b"another bundle").hexdigest()])
    yield Case("signed: another bundle", resigned(good, elsewhere, key), words=("has changed",))
    old = payload_of(good)
    digest = old["predicate"]["resources"][0]["digest"]
    old["subject"] = [{"name": ".", "digest": {"sha256": digest}}]
    old["predicateType"] = "https://model_signing/Digests/v0.1"
    yield Case("signed: as model-signing 0.2 does", resigned(good, old, key), stricter=True)
    yield Case("signed: no JSON", resigned(good, None, key, b"no JSON"))


def describe(statement: Json, names: list[str], digests: list[str]) -> None:
    """Have a statement list files, without contradicting itself."""
    statement["predicate"]["resources"] = [
        {"name": name, "algorithm": "sha256", "digest": digest}
        for name, digest in zip(names, digests, strict=True)
    ]
    root = hashlib.sha256(b"".join(bytes.fromhex(digest) for digest in digests))
    statement["subject"][0]["digest"]["sha256"] = root.hexdigest()


def payload_of(signature: Json) -> Json:
    """Return the statement in a signature."""
    return json.loads(base64.b64decode(signature["dsseEnvelope"]["payload"]))


def with_sig(good: Json, der: bytes) -> bytes:
    """Return a signature file with other numbers."""
    changed = copy.deepcopy(good)
    changed["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(der).decode()
    return json.dumps(changed).encode()


def resigned(
    good: Json, statement: Json, key: ec.EllipticCurvePrivateKey, payload: bytes | None = None
) -> bytes:
    """Return a signature file with another statement, signed by a key on P-256."""
    payload = payload if payload is not None else json.dumps(statement).encode()
    signed = key.sign(
        f"DSSEv1 {len(TYPE)} {TYPE} {len(payload)} ".encode() + payload, ec.ECDSA(hashes.SHA256())
    )
    changed = copy.deepcopy(good)
    changed["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    return with_sig(changed, signed)
