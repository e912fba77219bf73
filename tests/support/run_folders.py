"""Pieces of a run folder as the earlier stages leave it, for tests that make one without them."""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from edgetag.cache_index import CacheIndex
from edgetag.conversion.explain_signature import add_explain
from edgetag.conversion.flatfile import pack_model, read_model
from edgetag.conversion.result import (
    ExplainSignature,
    ExportedVariant,
    ExportResult,
    OnnxModel,
)
from edgetag.image_cache import shard_path
from edgetag.metrics import Scores
from edgetag.preprocess import Pixels
from edgetag.recipe import Recipe
from edgetag.runtimes import engines
from edgetag.runtimes.encoding import encode, encoding_table
from edgetag.workspace import Workspace, digest_file
from edgetag.writing import write_bytes
from tests.support.inference import scores_of
from tests.support.paths import MODELS

FLOAT_AND_INT8 = ("fp32", "int8")
FLOAT, INT8 = MODELS / "tiny_fp32.tflite", MODELS / "tiny_int8_uint8.tflite"
TAGS = ("cat", "dog", "food")
"""Of the tiny models."""

RECIPE = """
name = "{name}"
[data]
source = "labels.csv"
tags = {tags}
[network]
input_size = 64
[export]
variants = ["fp32", "int8"]
"""


def tiny_recipe(name: str, more: str = "", tags: Sequence[str] = TAGS) -> str:
    """Return a recipe over 64 px for the tiny models, with other sections behind."""
    return RECIPE.format(name=name, tags=str(list(tags)).replace("'", '"')) + more


def noisy_pictures(count: int, seed: int = 5) -> Pixels:
    """Draw noisy fields of one colour, as the tiny models were calibrated on: `[n, 64, 64, 3]`."""
    generator = np.random.default_rng(seed)
    color = generator.integers(0, 256, (count, 1, 1, 3))
    noise = generator.integers(-60, 60, (count, 64, 64, 3))
    return (color + noise).clip(0, 255).astype(np.uint8)


def score(file: Path, pixels: Pixels, recipe: Recipe) -> Scores:
    """Score pictures on LiteRT, in this process: `[n, tags]`."""
    session = engines.loader("litert").load(file, threads=1)
    table = encoding_table(recipe.network.preprocessing(), session.input)
    return np.stack([scores_of(session, encode(picture[None], table)) for picture in pixels])


def write_models(workspace: Workspace, int8: bytes | None = None, **told: Any) -> None:
    """Write the tiny float and int8 files, or other bytes for int8, and `export.json`."""
    write_bytes(workspace.export / "fp32.tflite", FLOAT.read_bytes())
    write_bytes(workspace.export / "int8.tflite", int8 or INT8.read_bytes())
    write_export(workspace, **told)


def write_export(
    workspace: Workspace,
    variants: Sequence[str] = FLOAT_AND_INT8,
    float_tensors: Mapping[str, int] | None = None,
    onnx: OnnxModel | None = None,
) -> None:
    """Write `export.json` for the files of variants as they lie there now.

    Args:
        workspace: Has the files.
        variants: Theirs.
        float_tensors: How many it says that some have; the others have none.
        onnx: What it says of an ONNX file.
    """
    entries = tuple(_exported(workspace, variant, float_tensors or {}) for variant in variants)
    result = ExportResult(variants=entries, onnx=onnx)
    result.write(workspace.export / "export.json")


def _exported(
    workspace: Workspace, variant: Any, float_tensors: Mapping[str, int]
) -> ExportedVariant:
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
        float_tensors=float_tensors.get(variant, 0),
        sparsity=0.0,
    )


def give_maps(workspace: Workspace, variant: str) -> None:
    """Put the second signature into an exported file, as the export stage would."""
    path = workspace.export / f"{variant}.tflite"
    model = read_model(path)
    add_explain(model, path)
    content = pack_model(model)
    path.write_bytes(content)
    export = ExportResult.read(workspace.export / "export.json", "export")
    maps = ExplainSignature(height=16, width=16)
    changed = tuple(
        file.replace(explain_maps=maps, sha256=digest_file(path), size_bytes=len(content))
        if file.variant == variant
        else file
        for file in export.variants
    )
    written = export.replace(variants=changed)
    written.write(workspace.export / "export.json")


def write_manifest(
    workspace: Workspace,
    splits: Sequence[str],
    labels: Mapping[str, Sequence[int | None]],
    *,
    identities: Sequence[str] | None = None,
    paths: Sequence[str] | None = None,
    groups: Sequence[str | None] | None = None,
) -> None:
    """Write what is known of the images in the cache.

    Args:
        workspace: Where to.
        splits: Of each image.
        labels: Tag → of each image; None is unknown.
        identities: Theirs; without, `id0` and so on.
        paths: Of the files; without, the identities.
        groups: Theirs, if any have one.
    """
    names = identities or [f"id{number}" for number in range(len(splits))]
    columns: dict[str, Any] = {"identity": names, "path": paths or names, "split": splits}
    columns["group"] = pl.Series(groups or [None] * len(splits), dtype=pl.String)
    columns["weight"] = [1.0] * len(splits)
    columns["answered"] = pl.Series([[]] * len(splits), dtype=pl.List(pl.String))
    for tag, values in labels.items():
        columns[f"tag:{tag}"] = pl.Series(values, dtype=pl.Int8)
    workspace.dataset.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(columns).write_parquet(workspace.manifest)


def write_cache(folder: Path, pixels: Pixels, fingerprint: str = "images") -> None:
    """Write the image cache: `[n, size, size, 3]` uint8 in one shard."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(shard_path(folder, 0), pixels)
    index = CacheIndex(
        images=len(pixels), input_size=pixels.shape[1], shard_images=1024, fingerprint=fingerprint
    )
    index.write(folder / "index.json")
