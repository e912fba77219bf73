"""The float model as a SavedModel in the layout that TensorFlow Serving reads: NAME/VERSION.

It takes pixels, so that a request is a quarter as large and nobody scales by hand: `image`, uint8
`[batch, size, size, 3]`, the contract's square. `serving_default` gives `scores`, and `explain`
`scores` and `maps`, both as in a `.tflite` file. What was written is loaded as a server would load
it, and must give the model's own scores, before it gets its name.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.conversion.convert import SIGNATURE, quiet
from edgetag.conversion.explain_signature import MAPS
from edgetag.conversion.explain_signature import SIGNATURE as EXPLAIN
from edgetag.conversion.metadata import INPUT, OUTPUT
from edgetag.errors import InputError, one_line
from edgetag.networks import CAM
from edgetag.preprocess import Pixels, Preprocessing, scale
from edgetag.tf import keras, tf
from edgetag.writing import disk_error

TAG = "serve"
"""Of the graph that servers take."""

CHECKED = 3
"""Images in the check: one alone, the others at once."""

UNFINISHED = ".new-"
"""Before the name of a folder that is being written; servers look at numbers alone."""

ROUNDING = 1e-5
"""Largest difference of a score from the model's own: sums in another order."""


def write_saved_model(
    model: keras.Model, contract: Preprocessing, folder: Path, beside: dict[str, str]
) -> tuple[str, ...]:
    """Save a model for a server, check it, and put it in its place at once.

    Args:
        model: From `image` float32 `[batch, size, size, 3]` to `scores` float32 `[batch, tags]`.
        contract: How pixels are scaled.
        folder: NAME/VERSION; what lies there is replaced.
        beside: Name → text of files for people, which a server passes over.

    Returns:
        The signatures.

    Raises:
        InputError: What was written is not what was meant, or the disk is full.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for left in folder.parent.glob(f"{UNFINISHED}*"):  # of an export that was killed
            shutil.rmtree(left)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=UNFINISHED))
    except OSError as error:
        raise disk_error(folder, error) from error
    try:
        signatures = _signatures(model, contract)
        with quiet():
            module = tf.Module()
            functions = {name: serve.get_concrete_function() for name, serve in signatures.items()}
            module.kept = [list(serve.graph.variables) for serve in functions.values()]
            tf.saved_model.save(module, str(made), functions)
        extra = made / "assets.extra"  # where TensorFlow Serving leaves room for others
        extra.mkdir()
        for name, text in beside.items():
            (extra / name).write_text(text, encoding="utf-8")
        check_saved_model(made, model, contract, tuple(signatures))
        shutil.rmtree(folder, ignore_errors=True)
        made.chmod(0o755)  # mkdtemp's are for its owner alone, and a server is another
        made.rename(folder)
    except OSError as error:
        raise disk_error(folder, error) from error
    except tf.errors.OpError as error:  # of its own writer, such as a full disk
        raise InputError(f"{folder}: cannot be written: {one_line(error.message)}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return tuple(signatures)


def _signatures(model: keras.Model, contract: Preprocessing) -> dict[str, Any]:
    """Return name → function from pixels to outputs."""
    size = contract.input_size
    pixels = tf.TensorSpec((None, size, size, 3), tf.uint8, name=INPUT)

    def scaled(image: tf.Tensor) -> tf.Tensor:
        return (tf.cast(image, tf.float32) - contract.mean) / contract.std

    def served(outputs: Callable[[tf.Tensor], dict[str, tf.Tensor]]) -> Any:
        return tf.function(outputs, input_signature=[pixels])

    signatures = {SIGNATURE: served(lambda image: {OUTPUT: model(scaled(image), training=False)})}
    if any(layer.name == CAM for layer in model.layers):
        both = keras.Model(model.input, [model.output, model.get_layer(CAM).output])

        def explain(image: tf.Tensor) -> dict[str, tf.Tensor]:
            scores, maps = both(scaled(image), training=False)
            return {OUTPUT: scores, MAPS: maps}

        signatures[EXPLAIN] = served(explain)
    return signatures


def check_saved_model(
    folder: Path, model: keras.Model, contract: Preprocessing, signatures: tuple[str, ...]
) -> None:
    """Load a SavedModel as a server does, and hold it to the model that it was made from.

    TensorFlow Serving takes the graph of the tag `serve` into a session, and feeds and fetches the
    tensors that a signature names.

    Raises:
        InputError: A signature is missing or has other ends, or its scores are others.
    """
    images = _noise(contract.input_size)
    with quiet(), tf.compat.v1.Session(graph=tf.Graph()) as session:
        served = tf.compat.v1.saved_model.load(session, [TAG], str(folder)).signature_def
        known = sorted(name for name in served if not name.startswith("__"))  # of its own loader
        if known != sorted(signatures):
            raise _wrong(folder, f"it has the signatures {', '.join(known)}")
        for name in signatures:
            _check_ends(served[name], name, images.shape[1:], folder)
        answers = {name: _answers(session, served[name], images) for name in signatures}
    expected = model(scale(images, contract), training=False).numpy()
    for name, answer in answers.items():
        scores = answer[OUTPUT]
        apart = np.abs(scores - expected).max()
        if scores.dtype != np.float32 or not apart <= ROUNDING:
            raise _wrong(folder, f"{name} gives scores that are {apart:.2g} off")
        if MAPS in answer:
            means = 1 / (1 + np.exp(-answer[MAPS].mean(axis=(1, 2))))
            if not np.abs(means - expected).max() <= ROUNDING:
                raise _wrong(folder, f"{name} gives maps whose means are not the scores")


def _answers(session: Any, signature: Any, images: Pixels) -> dict[str, npt.NDArray[np.float32]]:
    """Return what a signature gives for images; the first goes alone, the others at once."""
    fetched = {key: tensor.name for key, tensor in signature.outputs.items()}
    fed = signature.inputs[INPUT].name
    parts = [session.run(fetched, {fed: batch}) for batch in (images[:1], images[1:])]
    return {key: np.concatenate([part[key] for part in parts]) for key in fetched}


def _check_ends(signature: Any, name: str, shape: tuple[int, ...], folder: Path) -> None:
    """Refuse a signature that takes or gives something else, or only one image."""
    takes = {
        key: (tf.as_dtype(tensor.dtype).name, [dim.size for dim in tensor.tensor_shape.dim])
        for key, tensor in signature.inputs.items()
    }
    if takes != {INPUT: ("uint8", [-1, *shape])}:
        raise _wrong(folder, f"{name} takes {takes}")
    if set(signature.outputs) != ({OUTPUT, MAPS} if name == EXPLAIN else {OUTPUT}):
        raise _wrong(folder, f"{name} gives {', '.join(sorted(signature.outputs))}")


def _noise(size: int) -> Pixels:
    generator = np.random.default_rng(1)
    return generator.integers(0, 256, (CHECKED, size, size, 3), dtype=np.uint8)


def _wrong(folder: Path, what: str) -> InputError:
    return InputError(
        f"{folder}: the SavedModel is not what was meant: {what}; export again with "
        "EDGETAG_VERBOSE=1, or leave it out: export.serving = false"
    )
