"""Pieces of a run folder as the earlier stages leave it, for tests that make one without them."""

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgetag.conversion.explain_signature import add_explain
from edgetag.conversion.flatfile import pack_model, read_model
from edgetag.conversion.result import ExplainSignature, ExportedVariant, ExportResult
from edgetag.image_cache import CacheIndex, shard_path
from edgetag.preprocess import Pixels
from edgetag.workspace import Workspace, digest_file, write_text

FLOAT_AND_INT8 = ("fp32", "int8")


def write_export(workspace: Workspace, variants: Sequence[str] = FLOAT_AND_INT8) -> None:
    """Write `export.json` for the files of variants as they lie there now."""
    entries = tuple(_exported(workspace, variant) for variant in variants)
    write_text(workspace.export / "export.json", ExportResult(variants=entries).to_json())


def _exported(workspace: Workspace, variant: Any) -> ExportedVariant:
    path = workspace.export / f"{variant}.tflite"
    content = path.read_bytes()
    kind: Any = "float32" if variant == "fp32" else "uint8"
    return ExportedVariant(
        variant=variant,
        file=f"export/{variant}.tflite",
        sha256=digest_file(path),
        size_bytes=len(content),
        gzip_bytes=len(gzip.compress(content)),
        input_type=kind,
        output_type=kind,
        min_runtime_version="1.14.0",
        operators={"CONV_2D": 2},
        float_tensors=0,
        sparsity=0.0,
    )


def give_maps(workspace: Workspace, variant: str) -> None:
    """Put the second signature into an exported file, as the export stage would."""
    path = workspace.export / f"{variant}.tflite"
    model = read_model(path)
    add_explain(model, path)
    path.write_bytes(pack_model(model))
    export = ExportResult.read(workspace.export / "export.json", "export")
    maps = ExplainSignature(height=16, width=16)
    changed = tuple(
        one.model_copy(update={"explain_maps": maps, "sha256": digest_file(path)})
        if one.variant == variant
        else one
        for one in export.variants
    )
    written = export.model_copy(update={"variants": changed})
    write_text(workspace.export / "export.json", written.to_json())


def write_cache(folder: Path, pixels: Pixels, fingerprint: str = "images") -> None:
    """Write the image cache: `[n, size, size, 3]` uint8 in one shard."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(shard_path(folder, 0), pixels)
    index = CacheIndex(
        images=len(pixels), input_size=pixels.shape[1], shard_images=1024, fingerprint=fingerprint
    )
    write_text(folder / "index.json", index.to_json())
