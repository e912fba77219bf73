"""The export's step for desktops: an ONNX file and the weights, anew only where inputs changed.

No variant, as the SavedModel for servers is none: a variant is a `.tflite` file, which phones,
emulated machines, heat maps and bundles run or read. This file is for ONNX Runtime and PyTorch,
which compute the float network beside TensorFlow. At its export it is held to TensorFlow's scores;
`edgetag reference` compares them over all pictures that a verdict rests on.
"""

import hashlib
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from edgetag.arrays import read_arrays
from edgetag.catalogue.variants import BASE
from edgetag.conversion.exported import exported_before
from edgetag.conversion.flatfile import gzip_size
from edgetag.conversion.result import OnnxModel
from edgetag.dataset import open_dataset
from edgetag.desktop.job import FloatModel
from edgetag.desktop.scoring import score
from edgetag.errors import InputError, MissingExtraError
from edgetag.progress import Progress
from edgetag.sampling import spread
from edgetag.workspace import digest_file, digest_json
from edgetag.writing import write_bytes

if TYPE_CHECKING:
    from edgetag.conversion.sources import Sources

FILE, WEIGHTS = "float.onnx", "weights.safetensors"
NEEDED = ("tf2onnx", "onnx", "onnxruntime")

CHECKED = 64
"""Images of the run that TensorFlow and ONNX Runtime both score."""

LARGEST = 1e-4
"""Largest difference of a score that is rounding; up to 2e-7 was seen."""


def require_onnx() -> None:
    """Refuse to begin without what makes and checks the file.

    Raises:
        InputError: A package is missing.
    """
    for package in NEEDED:
        if find_spec(package) is None:
            raise InputError(f"export.onnx: {MissingExtraError(package, 'onnx')}")


def onnx_model(sources: "Sources", progress: Progress) -> OnnxModel:
    """Return the files for desktops: those that lie there if they are of now, or new ones.

    Args:
        sources: Gives the float model.
        progress: Is told when they are made.

    Raises:
        InputError: Scores of the file are others than TensorFlow's.
    """
    workspace = sources.workspace
    file, weights = workspace.export / FILE, workspace.export / WEIGHTS
    trained = sources.weights(BASE)
    inputs = digest_json([sources.digest(BASE), digest_file(workspace.cache / "index.json")])
    before = exported_before(workspace)
    kept = before and before.onnx
    if (
        kept
        and kept.inputs == inputs
        and file.is_file()
        and weights.is_file()
        and (digest_file(file), digest_file(weights)) == (kept.sha256, kept.weights_sha256)
    ):
        return kept
    from safetensors.numpy import save

    from edgetag import networks
    from edgetag.conversion.onnx_file import OPSET, convert_to_onnx, count_operators, made_with

    model = sources.model(BASE)
    with progress.track("converting to ONNX", 1, "models") as task:
        data = convert_to_onnx(model)
        task.advance()
    arrays = {
        _name(key): np.ascontiguousarray(array) for key, array in read_arrays(trained).items()
    }
    dataset = open_dataset(workspace)
    rows = spread(np.arange(len(dataset.manifest)), CHECKED)
    expected = networks.Scorer(model, sources.contract).run(dataset, rows, progress)
    unchecked = file.with_suffix(".unchecked.onnx")  # a bad file does not get its name
    write_bytes(unchecked, data)
    try:
        opened = FloatModel(
            engine="onnxruntime",
            file=unchecked.resolve(),
            network=sources.recipe.network.model_dump(mode="json"),
            tags=len(sources.recipe.data.tags),
            device="cpu",
        )
        given = score(opened, workspace.cache, rows, sources.contract, progress)
        difference = float(np.abs(given.scores - expected).max())
        if not difference <= LARGEST:
            raise InputError(
                f"{file}: ONNX Runtime's scores are up to {difference:.2g} from TensorFlow's over "
                f"{len(rows)} images of the run, and {LARGEST:g} is allowed; leave the file out: "
                "export.onnx = false"
            )
        unchecked.replace(file)
    finally:
        unchecked.unlink(missing_ok=True)
    write_bytes(weights, save(arrays, {"made by": "edgetag", "network": model.name}))
    return OnnxModel(
        file=workspace.relative(file),
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        gzip_bytes=gzip_size(data),
        opset=OPSET,
        operators=count_operators(data),
        made_with=made_with(),
        checked_with=given.place.versions,
        checked_images=len(rows),
        max_difference=difference,
        weights=workspace.relative(weights),
        weights_sha256=digest_file(weights),
        trained_sha256=digest_file(trained),
        inputs=inputs,
    )


def _name(key: str) -> str:
    """Return a weight's name, of its key in `train/model.npz`: `0003:stem/kernel:0`."""
    return key.partition(":")[2].removesuffix(":0")
