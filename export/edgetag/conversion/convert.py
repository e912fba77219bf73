"""From a Keras model to the bytes of one `.tflite` variant.

Every file takes exactly one image, `[1, size, size, 3]`: phones score one picture at a time, and
delegates (XNNPACK, GPU) plan their memory only for a fixed shape. It has one signature,
`serving_default`, from `image` to `scores`; `explain_signature` adds another, to the file.

The way leads over a SavedModel, since converting a bare concrete function can leave the weights
out of the file.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.catalogue.variants import VARIANTS
from edgetag.conversion.float_scores import with_float_scores
from edgetag.conversion.metadata import INPUT, OUTPUT
from edgetag.errors import InputError
from edgetag.preprocess import Pixels, Preprocessing, scale
from edgetag.recipe import IoType, Variant
from edgetag.scratch import scratch_folder
from edgetag.tf import keras, quiet_stderr, tf

SIGNATURE = "serving_default"


@dataclass(frozen=True)
class SavedModel:
    """A model on disk, as the converter takes it."""

    folder: Path
    name: str


@dataclass(frozen=True)
class Graph:
    """What a model computes for one image, and of which variables.

    `serve` is the function of `SIGNATURE`.
    """

    serve: Any
    name: str


def build_graph(model: keras.Model) -> Graph:
    """Build a model's graph, which takes seconds for a quantization-aware one.

    Args:
        model: From `image` float32 `[batch, size, size, 3]` to `scores` float32 `[batch, tags]`.
    """

    @tf.function(
        input_signature=[tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name=INPUT)]
    )
    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {OUTPUT: model(image, training=False)}

    with quiet():
        return Graph(serve.get_concrete_function(), model.name)


@contextmanager
def saved(model: keras.Model | Graph) -> Iterator[SavedModel]:
    """Save a model, or its graph, with the weights of the moment, for as many conversions.

    Args:
        model: As `build_graph` takes it, or what that returned.
    """
    graph = model if isinstance(model, Graph) else build_graph(model)
    with scratch_folder() as folder:
        with quiet():
            # Only the function and its variables: saving every layer of a quantization-aware model
            # beside them takes four times as long as the conversion.
            module = tf.Module()
            module.kept = list(graph.serve.graph.variables)
            tf.saved_model.save(module, str(folder), {SIGNATURE: graph.serve})
        yield SavedModel(folder, graph.name)


def convert(
    model: SavedModel,
    variant: Variant,
    contract: Preprocessing,
    *,
    input_type: IoType = "uint8",
    output_type: IoType = "uint8",
    representative: Pixels | None = None,
) -> bytes:
    """Convert a model.

    Args:
        model: Trained quantization-aware for variants that the stage `quantize` trains.
        variant: What to make of it.
        contract: Scales the representative images.
        input_type: Of variants whose types the recipe chooses.
        output_type: Likewise; see `float_scores` of what float32 means.
        representative: `[n, size, size, 3]` uint8, for variants that are calibrated.

    Returns:
        A `.tflite` file; equal for equal arguments.

    Raises:
        InputError: TensorFlow Lite's converter refuses the model.
    """
    line = VARIANTS[variant]
    if line.calibrated and representative is None:
        raise ValueError(f"{variant} needs representative images")
    with quiet():
        converter = tf.lite.TFLiteConverter.from_saved_model(str(model.folder))
        import_module(f"edgetag.conversion.variants.{line.module}").configure(converter)
        if line.chosen_types:
            converter.inference_input_type = tf.as_dtype(input_type)
            converter.inference_output_type = tf.as_dtype(output_type)
        if line.calibrated and representative is not None:
            converter.representative_dataset = lambda: _calibration(representative, contract)
        try:
            data = bytes(converter.convert())
        except Exception as error:  # its ConverterError has no public name
            refusal = error
        else:
            in_float = line.chosen_types and output_type == "float32"
            return with_float_scores(data) if in_float else data
    first_line = next(iter(str(refusal).splitlines()), type(refusal).__name__)
    reason = first_line.rsplit("): ", 1)[-1]  # behind the place in the converter's own graph
    raise InputError(
        f"export of {variant}: TensorFlow Lite cannot convert {model.name}: {reason}; set "
        "EDGETAG_VERBOSE=1 for everything it said, or leave the variant out of export.variants"
    ) from refusal


def _calibration(
    images: Pixels, contract: Preprocessing
) -> Iterator[list[npt.NDArray[np.float32]]]:
    for image in images:
        yield [scale(image[None], contract)]


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back what TensorFlow prints and warns about while it converts."""
    with quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
