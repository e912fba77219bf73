"""Writes bundles that both languages must take or refuse alike: `bundles/` and `bundles.json`."""

import json
from pathlib import Path

from edgetag.bundling.archive import pack
from edgetag.bundling.opening import read_bundle
from edgetag.errors import InputError
from tests.support.forged_bundles import forgeries


def write_bundles(folder: Path, files: dict[str, bytes]) -> None:
    """Write a whole bundle, forged ones, and what Python says of each.

    Args:
        folder: Where to.
        files: Every file of a bundle.
    """
    target = folder / "bundles"
    target.mkdir()
    refusals = {}
    for number, (name, packed) in enumerate([("whole", pack(files)), *forgeries(files)]):
        path = target / f"{number:03d}.zip"
        path.write_bytes(packed)
        refusals[path.name] = {"name": name, "refused": refusal(path)}
    (folder / "bundles.json").write_text(json.dumps(refusals), encoding="utf-8")


def refusal(path: Path) -> str:
    """Return why Python refuses a bundle; empty where it takes it."""
    try:
        read_bundle(path)
    except InputError as error:
        return str(error)
    return ""
