"""Writes signed bundles of several versions, which come after the app: `store/`."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from edgetag.bundling import signing
from tests.android.golden_signatures import describe, payload_of, resigned, write_key
from tests.support.made_bundle import resealed

VERSIONS = ("1.2.3", "1.2.9", "1.3.0", "1.10.0", "1.10.1")


def write_store(folder: Path, files: dict[str, bytes]) -> None:
    """Write a bundle in several versions, with other tags, and under another name, all signed."""
    target = folder / "store"
    target.mkdir()
    key = write_key(target, "key", ec.SECP256R1())
    reversed_tags = with_tags(files, lambda tags: tags[::-1])
    renamed_tag = with_tags(files, lambda tags: ["cats", *tags[1:]])
    bundles = {version: resealed(files, named("bundle-test", version)) for version in VERSIONS}
    bundles["another-name"] = resealed(files, named("another", "1.2.4"))
    bundles["reversed"] = resealed(reversed_tags, named("bundle-test", "1.4.0"))
    bundles["renamed-tag"] = resealed(renamed_tag, named("bundle-test", "1.4.0"))
    for name, packed in bundles.items():
        path = target / f"{name}.zip"
        path.write_bytes(packed)
        signing.sign(path, target / "key.pem", target / f"{name}.sig")
    signed = json.loads((target / "1.2.3.sig").read_bytes())
    statement = payload_of(signed)
    describe(statement, ["."], [hashlib.sha256(b"no bundle").hexdigest()])
    (target / "text.sig").write_bytes(resigned(signed, statement, key))


def named(name: str, version: str) -> Callable[[Any], None]:
    """Return a change of a manifest's name and version."""

    def change(manifest: Any) -> None:
        manifest.update(name=name, version=version)

    return change


def with_tags(
    files: dict[str, bytes], change: Callable[[list[str]], list[str]]
) -> dict[str, bytes]:
    """Return the files of a bundle with other tags, in all of them."""
    parsed = {name: json.loads(data) for name, data in files.items() if name.endswith(".json")}
    old = parsed["manifest.json"]["tags"]
    new = change(old)
    parsed["manifest.json"]["tags"] = new
    for label, tag in zip(parsed["labels.json"]["labels"], new, strict=True):
        label["tag"] = tag
    thresholds = parsed["thresholds.json"]["thresholds"]
    thresholds["int8"] = dict(zip(new, thresholds["int8"].values(), strict=True))
    texts = {name: json.dumps(value).encode() for name, value in parsed.items()}
    return {**files, **texts, "labels.txt": "".join(f"{tag}\n" for tag in new).encode()}
