"""A second bundle, for servers and desktops: the float network as an ONNX file.

It is no part of the first, which every phone downloads and whose readers refuse what they do not
know: no phone runs an ONNX file, and it is three times as large as a file of integers.
"""

import hashlib
import io
import json
from pathlib import Path
from typing import ClassVar

import numpy as np

from edgetag import __version__
from edgetag.arrays import save_array
from edgetag.bundling.archive import described, pack
from edgetag.bundling.contents import LABELS_TEXT, MANIFEST, PREPROCESSING, labels_text
from edgetag.bundling.result import BundleFile, DesktopBundle
from edgetag.conversion.exported import exported_path, read_exported
from edgetag.conversion.result import OnnxModel
from edgetag.desktop.job import FloatModel
from edgetag.desktop.scoring import score
from edgetag.errors import InputError
from edgetag.preprocess import Pixels
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.records import Result
from edgetag.temporary_images import images_on_disk
from edgetag.training.result import trained_thresholds
from edgetag.workspace import Workspace
from edgetag.writing import write_bytes

MODEL, WEIGHTS = "float.onnx", "weights.safetensors"
THRESHOLDS = "thresholds.json"
GOLDEN_INPUTS, GOLDEN_SCORES = "golden-inputs.npy", "golden-scores.json"

TOLERANCE = 1e-4
"""Largest difference of a score that is rounding, as at the file's export."""


class DesktopManifest(Result):
    """`manifest.json` of a bundle for desktops.

    Attributes:
        name: The recipe's name.
        version: The bundle's own version.
        tags: The vocabulary, in the order of the scores.
        input_size: Height and width of the input in pixels.
        opset: Version of ONNX's operators.
        tolerance: Largest difference of a golden score that is the same.
        versions: Package → version of what made the file and the golden scores.
        files: Every other file, sorted by name.
    """

    SCHEMA: ClassVar[str] = "edgetag.desktop-manifest/1.0"
    name: str
    version: str
    tags: tuple[str, ...]
    input_size: int
    opset: int
    tolerance: float
    versions: dict[str, str]
    files: tuple[BundleFile, ...]


def exported_onnx(workspace: Workspace) -> OnnxModel:
    """Return the ONNX file and its weights, which are as the export wrote them.

    Raises:
        InputError: There are none, or they have changed.
    """
    onnx = read_exported(workspace).onnx
    if onnx is None:
        raise InputError(f"{exported_path(workspace)}: it lists no ONNX file; run: edgetag export")
    for file, digest in ((onnx.file, onnx.sha256), (onnx.weights, onnx.weights_sha256)):
        workspace.verified_file(file, digest, "run: edgetag export")
    return onnx


def write_desktop_bundle(
    recipe: Recipe, workspace: Workspace, inputs: Pixels, progress: Progress
) -> DesktopBundle:
    """Pack `bundle/<name>-<version>-desktop.zip`; equal runs give equal bytes.

    Args:
        recipe: Names the bundle and the tags.
        workspace: Holds the ONNX file and its weights.
        inputs: `[pictures, size, size, 3]` uint8, the golden inputs of the first bundle.
        progress: Is told of golden outputs.

    Raises:
        InputError: There is no ONNX file, it has changed, or ONNX Runtime does not run it.
    """
    onnx = exported_onnx(workspace)
    file, weights = workspace.root / onnx.file, workspace.root / onnx.weights
    contract = recipe.network.preprocessing()
    model = FloatModel(
        engine="onnxruntime",
        file=file.resolve(),
        network=recipe.network.model_dump(mode="json"),
        tags=len(recipe.data.tags),
        device="cpu",
    )
    with images_on_disk(inputs, contract.input_size) as cache:
        golden = score(model, cache, np.arange(len(inputs)), contract, progress)
    trained = trained_thresholds(workspace, recipe.data.tags)
    files = {
        MODEL: file.read_bytes(),
        WEIGHTS: weights.read_bytes(),
        LABELS_TEXT: labels_text(recipe.data.tags),
        THRESHOLDS: _json(trained),
        PREPROCESSING: (contract.model_dump_json(indent=2) + "\n").encode(),
        GOLDEN_INPUTS: _npy(inputs),
        GOLDEN_SCORES: _json(golden.scores.tolist()),
    }
    manifest = DesktopManifest(
        name=recipe.name,
        version=recipe.bundle.version,
        tags=recipe.data.tags,
        input_size=contract.input_size,
        opset=onnx.opset,
        tolerance=TOLERANCE,
        versions={"edgetag": __version__, **onnx.made_with, **golden.place.versions},
        files=described(files),
    )
    packed = pack({MANIFEST: manifest.to_json().encode(), **files})
    path = _path(recipe, workspace)
    write_bytes(path, packed)
    return DesktopBundle(
        file=workspace.relative(path),
        sha256=hashlib.sha256(packed).hexdigest(),
        size_bytes=len(packed),
    )


def remove_desktop_bundle(recipe: Recipe, workspace: Workspace) -> None:
    """Remove the bundle for desktops of this version: of a network of then, perhaps."""
    _path(recipe, workspace).unlink(missing_ok=True)


def _path(recipe: Recipe, workspace: Workspace) -> Path:
    return workspace.bundle_file(recipe.name, f"{recipe.bundle.version}-desktop")


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _npy(inputs: Pixels) -> bytes:
    written = io.BytesIO()
    save_array(written, inputs)
    return written.getvalue()
