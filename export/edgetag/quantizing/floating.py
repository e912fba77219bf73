"""The fewest layers in float that bring a quantized file as near to its float file as asked."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from edgetag.conversion.calibration.calibrate import Distances, scores_of
from edgetag.conversion.calibration.pictures import Pictures
from edgetag.conversion.flatfile import parse_model
from edgetag.conversion.layers import Layer, matched_layers
from edgetag.progress import Progress
from edgetag.rescue.float_layers import FloatGraft
from edgetag.rescue.search import fewest

RANKED_OVER = 32
"""Pictures that layers are ranked over: each layer takes a run over all of them."""


@dataclass(frozen=True)
class Nearer:
    """A file with some layers in float.

    Attributes:
        data: The file.
        rmse: Its distance from the float file.
        layers: Names of the layers in float, the one that its rounding hurts most first.
    """

    data: bytes
    rmse: float
    layers: tuple[str, ...]


def brought_within(
    limit: float,
    made: bytes,
    floating: bytes,
    others: Pictures,
    squared_distances: Distances,
    progress: Progress,
) -> Nearer | None:
    """Keep the fewest layers in float that bring a file inside a limit.

    Layers are ranked by what quantizing each of them alone does.

    Args:
        limit: Largest distance, in the unit of the root of `squared_distances`.
        made: The quantized file.
        floating: The float file that it was made from.
        others: Pictures that distances are measured over.
        squared_distances: Gives the squared distance of each picture's scores.
        progress: Is told of every layer and trial.

    Returns:
        None where no choice of layers is enough.

    Raises:
        InputError: The files do not hold the same layers.
    """
    float_model = parse_model(floating, "the float file")
    layers = matched_layers(parse_model(made, "the file"), float_model, "the file")

    def measured(pictures: Pictures) -> Callable[[Collection[Layer]], Nearer]:
        reference = scores_of(floating, pictures)

        def measure(kept: Collection[Layer]) -> Nearer:
            data = FloatGraft(parse_model(made, "the file"), float_model).apply(kept)
            squares = squared_distances(scores_of(data, pictures), reference)
            names = tuple(layer.label for layer in kept)
            return Nearer(data, float(np.sqrt(squares.mean())), names)

        return measure

    alone = measured(Pictures(others.pixels[:RANKED_OVER], others.contract))
    errors: dict[Layer, float] = {}
    with progress.track("ranking layers", len(layers), "layers") as task:
        for layer in layers:
            errors[layer] = alone([other for other in layers if other != layer]).rmse
            task.advance()
    ranked = sorted(layers, key=lambda layer: -errors[layer])
    measure = measured(others)
    enough: list[Nearer] = []
    with progress.track("keeping layers in float", None, "trials") as task:

        def is_enough(layers: tuple[Layer, ...]) -> bool:
            nearer = measure(layers)
            task.advance(1, note=f"{len(layers)} layers, {nearer.rmse:.3f}")
            if nearer.rmse <= limit:
                enough.append(nearer)
            return nearer.rmse <= limit

        fewest(len(ranked), lambda choice: is_enough(choice.of(ranked)))
    return min(enough, key=lambda nearer: len(nearer.layers), default=None)
