"""Tries what the recipe asks for, and keeps the file whose scores are nearest to the float file's.

Nearness is the distance of logits on pictures that chose nothing else. The file as the converter
made it is among those that are tried, so nothing gets worse.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.conversion.calibration.biases import correct_biases
from edgetag.conversion.calibration.parts import Part
from edgetag.conversion.calibration.pictures import Pictures, real
from edgetag.conversion.calibration.ranges import set_ranges
from edgetag.conversion.calibration.reconstruction import reconstruct
from edgetag.conversion.flatfile import ints, pack_model, parse_model
from edgetag.conversion.layers import Layer, matched_layers
from edgetag.conversion.result import Calibration
from edgetag.metrics import Scores, squared_logit_distances

Distances = Callable[[Scores, Scores], npt.NDArray[np.float64]]
"""From scores and those of the float file, `[images, tags]`, to squared distances, `[images]`."""

Step = Callable[[Any, Any, Sequence[Layer], Pictures], None]
COSTLY = "weight rounding"
"""It takes several times as long as the others, and is tried on the nearest file alone."""

STEPS: dict[str, Step] = {
    "MSE ranges": set_ranges,
    "bias correction": correct_biases,
    COSTLY: reconstruct,
}
"""In their order: what a bias has to make good follows from the ranges."""

AS_CONVERTED = "as converted"


def calibrate(
    quantized: bytes,
    floating: bytes,
    pictures: Pictures,
    others: Pictures,
    steps: Sequence[str] = tuple(STEPS),
    squared_distances: Distances = squared_logit_distances,
) -> tuple[bytes, Calibration]:
    """Bring a quantized file nearer to its float file.

    Args:
        quantized: A `.tflite` file, ranges from the smallest to the largest value.
        floating: The float file of the same network.
        pictures: What ranges and means are taken from.
        others: What decides which file is nearest.
        steps: Of `STEPS`, in their order; each is tried on all files that there are by then, the
            costly one on the nearest.
        squared_distances: Gives the squared distance of each picture's scores.

    Returns:
        A file of the same size and operators, and what was done to it; equal for equal arguments
        on the same processor.

    Raises:
        InputError: The files are not of the same network.
    """
    reference = scores_of(floating, others)

    def distance(data: bytes) -> float:
        return float(np.sqrt(squared_distances(scores_of(data, others), reference).mean()))

    files, distances = {AS_CONVERTED: quantized}, {AS_CONVERTED: distance(quantized)}
    for step in steps:
        for name in [_nearest(distances)] if step == COSTLY else tuple(files):
            behind = step if name == AS_CONVERTED else f"{name}, {step}"
            files[behind] = _changed(files[name], floating, pictures, step)
            distances[behind] = distance(files[behind])
    chosen = _nearest(distances)
    return files[chosen], Calibration(
        images=len(pictures), other_images=len(others), logit_rmse=distances, chosen=chosen
    )


def _nearest(distances: Mapping[str, float]) -> str:
    return min(distances, key=lambda name: distances[name])


def _changed(quantized: bytes, floating: bytes, pictures: Pictures, step: str) -> bytes:
    model, float_model = parse_model(quantized, "the file"), parse_model(floating, "the float file")
    STEPS[step](model, float_model, matched_layers(model, float_model, "the file"), pictures)
    return pack_model(model)


def scores_of(data: bytes, pictures: Pictures) -> Scores:
    """Score pictures in LiteRT in this process, one thread.

    Args:
        data: A `.tflite` file with one input and one output that runs here, as a converter made it.
        pictures: What it is fed.

    Returns:
        Scores or logits as real numbers, `[n, tags]`.
    """
    model = parse_model(data, "the file")
    graph = model.subgraphs[0]
    (output,) = ints(graph.outputs)
    part = Part(model, graph.operators, ints(graph.inputs), [output])
    rows = [part.run([values])[output].reshape(1, -1) for values in pictures.fed_to(model)]
    return real(np.concatenate(rows), graph.tensors[output]).astype(np.float32)
