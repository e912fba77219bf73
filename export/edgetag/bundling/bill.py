"""The bill of materials of a bundle, as CycloneDX 1.6 describes machine-learning models.

https://cyclonedx.org/docs/1.6/json/: every file with its digest, every model with what it was
judged by. It has no time and no number of its own, so that equal bundles have equal bills.
"""

import json
from pathlib import Path
from typing import Any

from edgetag.bundling.opening import Bundle, open_bundle
from edgetag.bundling.released import ReleasedVerdict, read_released
from edgetag.bundling.result import BundledVariant, BundleFile

VERSION = "1.6"


def bill_of_materials(path: Path) -> str:
    """Return a bundle's bill, JSON with a line break at its end.

    Raises:
        InputError: The bundle is damaged.
    """
    verdict = read_released(path)
    with open_bundle(path) as bundle:
        manifest = bundle.manifest
        variants = {variant.file: variant for variant in manifest.variants}
        components = [
            _model(file, variants[file.name], bundle, verdict)
            if file.name in variants
            else _file(file, "data")
            for file in manifest.files
        ]
        made_with = [
            {"type": "library", "name": name, "version": version, "purl": _purl(name, version)}
            for name, version in sorted(manifest.versions.items())
        ]
        bill = {
            "bomFormat": "CycloneDX",
            "specVersion": VERSION,
            "version": 1,
            "metadata": {
                "tools": {"components": made_with},
                "component": {
                    "type": "data",
                    "bom-ref": "bundle",
                    "name": manifest.name,
                    "version": manifest.version,
                    "hashes": _sha256(bundle.archive.manifest_sha256),
                    "description": "A bundle of edgetag; the digest is that of manifest.json.",
                },
            },
            "components": components,
            "dependencies": [
                {"ref": "bundle", "dependsOn": [component["bom-ref"] for component in components]}
            ],
        }
    return json.dumps(bill, indent=2, ensure_ascii=False) + "\n"


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"


def _sha256(digest: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": digest}]


def _file(file: BundleFile, kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "bom-ref": file.name,
        "name": file.name,
        "hashes": _sha256(file.sha256),
    }


def _model(
    file: BundleFile, variant: BundledVariant, bundle: Bundle, verdict: ReleasedVerdict
) -> dict[str, Any]:
    size = bundle.contract.input_size
    metrics = [
        {
            "type": f"{measure} of {tag.tag}",
            "value": str(value),
            "slice": f"{entry.runtime}, {entry.split}, {tag.positives} positives",
        }
        for entry in verdict.variants
        if entry.variant == variant.variant and entry.decides
        for tag in entry.tags
        if tag.scored
        for measure, value in (("recall", tag.recall), ("false-positive rate", tag.fpr))
    ]
    return {
        **_file(file, "machine-learning-model"),
        "version": bundle.manifest.version,
        "description": f"{variant.variant}; verdict: {variant.verdict}",
        "modelCard": {
            "modelParameters": {
                "task": "multi-label image classification",
                "inputs": [{"format": f"RGB picture, {size}x{size}, {variant.input_type}"}],
                "outputs": [
                    {"format": f"{len(bundle.manifest.tags)} scores, {variant.output_type}"}
                ],
            },
            "quantitativeAnalysis": {"performanceMetrics": metrics},
        },
    }
