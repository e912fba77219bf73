"""Writes a signed bundle that is later than the app's: `later.zip`, `later.zip.sig`, `key.pub`."""

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from edgetag.bundling import signing
from edgetag.bundling.result import JudgedLimit
from tests.android.golden_signatures import write_key
from tests.support.made_bundle import resealed, unpack

VERSION = "9.0.0"
LIMIT = JudgedLimit(
    budget="max_size_ratio",
    runtime="any",
    tag=None,
    unit="ratio",
    limit="0.300",
    measured="0.218",
    interval=None,
    verdict="pass",
)


def write_later(folder: Path, bundle: Path) -> None:
    """Write a later version of a bundle, which says what its files were held against."""
    path = folder / "later.zip"
    path.write_bytes(resealed(unpack(bundle), _later))
    write_key(folder, "key", ec.SECP256R1())
    signing.sign(path, folder / "key.pem", folder / "later.zip.sig")


def _later(manifest: Any) -> None:
    manifest.update(version=VERSION, schema="edgetag.manifest/2.2")
    for variant in manifest["variants"]:
        variant["limits"] = [LIMIT.model_dump(mode="json")]
