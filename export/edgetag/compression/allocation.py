"""How many channels each layer keeps where some can spare more than others.

Every layer is narrowed alone, in steps, and what that moves in the logits is measured. Then
channels are left out where the least is lost for the multiplications saved, until the network costs
as much as one that keeps the same share everywhere.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from edgetag.compression.channels import Importance, Inner, most_important, width_of
from edgetag.metrics import Scores, squared_logit_distances
from edgetag.tf import keras

SHARES = (0.875, 0.75, 0.625, 0.5, 0.375, 0.25)
"""Of a layer's channels; what is tried."""

Losses = Mapping[str, Mapping[int, float]]
"""Layer → width → mean squared distance of logits from those of the whole network."""


def measured_losses(
    model: keras.Model,
    inner: Sequence[Inner],
    importance: Mapping[str, Importance],
    multiple: int,
    score: Callable[[], Scores],
) -> Losses:
    """Return what narrowing each layer alone moves.

    Channels are left out by making their reader blind to them, which needs no new network.

    Args:
        model: The float model; its weights are put back.
        inner: From `channels.inner_layers`.
        importance: Of each layer's channels.
        multiple: Of which widths are multiples.
        score: Returns the model's scores over some pictures, by the weights that it then has.
    """
    whole = score()
    losses: dict[str, dict[int, float]] = {}
    for each in inner:
        reader = model.get_layer(each.reader)
        kernel, *others = reader.get_weights()
        losses[each.layer] = {each.channels: 0.0}
        for share in SHARES:
            width = width_of(each.channels, share, multiple)
            seen = np.zeros(each.channels, dtype=np.float32)
            seen[most_important(importance[each.layer], width)] = 1
            by_channel = kernel.reshape(-1, each.channels, kernel.shape[-1])
            blind = (by_channel * seen[:, None]).reshape(kernel.shape)
            reader.set_weights([blind, *others])
            losses[each.layer][width] = float(squared_logit_distances(score(), whole).mean())
        reader.set_weights([kernel, *others])
    return losses


def allocated(losses: Losses, costs: Mapping[str, int], budget: int) -> dict[str, int]:
    """Return each layer's width, so that all together cost no more than a budget.

    Losses of several layers are taken to add up.

    Args:
        losses: From `measured_losses`.
        costs: Layer → multiplications of one channel.
        budget: Multiplications; where even the narrowest widths cost more, those are returned.
    """
    widths = {name: max(of_width) for name, of_width in losses.items()}
    while sum(costs[name] * width for name, width in widths.items()) > budget:
        steps = [
            (
                (loss - losses[name][widths[name]]) / (costs[name] * (widths[name] - width)),
                name,
                width,
            )
            for name, of_width in losses.items()
            for width, loss in of_width.items()
            if width < widths[name]
        ]
        if not steps:
            break
        _, name, width = min(steps)
        widths[name] = width
    return widths


def channel_costs(model: keras.Model, inner: Sequence[Inner]) -> dict[str, int]:
    """Return layer → multiplications that one of its channels costs for a picture.

    Those of the convolution that makes it, of depthwise ones that it passes through, and of its
    reader.
    """
    return {each.layer: sum(_costs(model, each)) for each in inner}


def _costs(model: keras.Model, each: Inner) -> Sequence[int]:
    made, reader = model.get_layer(each.layer), model.get_layer(each.reader)
    costs = [_places(made) * made.kernel.shape[:-1].num_elements()]
    behind = made
    while (behind := behind.outbound_nodes[0].outbound_layer) is not reader:
        if isinstance(behind, keras.layers.DepthwiseConv2D):
            costs.append(_places(behind) * behind.depthwise_kernel.shape[:2].num_elements())
    read = reader.kernel.shape.num_elements() // each.channels
    return [*costs, read * (1 if isinstance(reader, keras.layers.Dense) else _places(reader))]


def _places(layer: keras.layers.Layer) -> int:
    _, height, width, _ = layer.output_shape
    return int(height * width)
