"""Channel pruning: which inner channels a network can do without, and the network without them.

Inner are the channels of a convolution that one other layer reads: those between the expansion and
the projection of an inverted residual, the filters of `model3`. Leaving some out changes no shape
that anything else sees, so what remains is an ordinary, dense, narrower network.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from edgetag.catalogue.variants import VARIANTS
from edgetag.compression.result import NarrowedNetwork
from edgetag.errors import InputError
from edgetag.networks.blocks import round_channels
from edgetag.networks.graph import producers
from edgetag.recipe import Variant
from edgetag.tf import keras, tf
from edgetag.workspace import Workspace

Channels = npt.NDArray[np.int64]
"""`[kept]` positions of channels, rising."""

Importance = npt.NDArray[np.float64]
"""`[channels]`: the higher, the more is lost without it; comparable within one layer."""

WHOLE: Mapping[str, int] = MappingProxyType({})
"""The widths of a network that is not narrower."""

THROUGH = (
    keras.layers.Activation,
    keras.layers.BatchNormalization,
    keras.layers.DepthwiseConv2D,
    keras.layers.Dropout,
    keras.layers.Flatten,
    keras.layers.MaxPooling2D,
    keras.layers.ReLU,
    keras.layers.SpatialDropout2D,
    keras.layers.ZeroPadding2D,
)
"""Layers that keep channels apart."""


@dataclass(frozen=True)
class Inner:
    """A convolution whose channels one other layer reads.

    Attributes:
        layer: The convolution.
        norm: The first batch norm behind it, before the reader; None where there is none.
        reader: The convolution or dense layer that mixes its channels.
        channels: How many it has.
    """

    layer: str
    norm: str | None
    reader: str
    channels: int


def inner_layers(model: keras.Model, patterns: Sequence[str]) -> tuple[Inner, ...]:
    """Return the convolutions whose names match a pattern, in the model's order.

    Raises:
        InputError: More than one layer reads one's channels, or something else than a convolution
            or dense layer does.
    """
    return tuple(
        _inner(layer)
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
        and any(fnmatchcase(layer.name, pattern) for pattern in patterns)
    )


def _inner(layer: keras.layers.Layer) -> Inner:
    behind, norm = layer, None
    while True:
        readers = [node.outbound_layer for node in behind.outbound_nodes]
        if len(readers) != 1:
            names = ", ".join(reader.name for reader in readers) or "the output"
            raise InputError(f"{layer.name} cannot be narrowed: {names} read its channels")
        behind = readers[0]
        if isinstance(behind, keras.layers.Conv2D | keras.layers.Dense):
            return Inner(layer.name, norm, behind.name, layer.filters)
        if not isinstance(behind, THROUGH):
            raise InputError(f"{layer.name} cannot be narrowed: {behind.name} mixes its channels")
        if norm is None and isinstance(behind, keras.layers.BatchNormalization):
            norm = behind.name


def activation_importance(
    model: keras.Model, inner: Sequence[Inner], batches: Iterable[npt.NDArray[np.float32]]
) -> dict[str, Importance]:
    """Return how much of what readers get comes from each channel.

    It is the root of the channel's mean square, where its reader gets it, times the norm of the
    reader's weights for it: the size of its part in what the reader sums up.

    Args:
        model: The float model.
        inner: From `inner_layers`.
        batches: `[images, size, size, 3]` each, scaled; at least one.
    """
    ends = keras.Model(model.input, [_read_tensor(model, each) for each in inner])
    squares = [np.zeros(each.channels) for each in inner]
    values = 0
    for batch in batches:
        for square, each, seen in zip(squares, inner, _all(ends(batch)), strict=True):
            square += np.square(seen.numpy().reshape(-1, each.channels)).mean(0) * len(batch)
        values += len(batch)
    return {
        each.layer: np.sqrt(square / values) * _reader_norms(model, each)
        for each, square in zip(inner, squares, strict=True)
    }


def taylor_importance(
    model: keras.Model,
    inner: Sequence[Inner],
    batches: Iterable[npt.NDArray[np.float32]],
    loss: Callable[[int, tf.Tensor], tf.Tensor],
) -> dict[str, Importance]:
    """Return how much the loss would move, to first order, without each channel.

    Molchanov et al., "Pruning Convolutional Neural Networks for Resource Efficient Inference",
    ICLR 2017, equation 8.

    Args:
        model: The float model.
        inner: From `inner_layers`.
        batches: `[images, size, size, 3]` each, scaled; at least one.
        loss: From the number of a batch and its scores to its loss.
    """
    ends = keras.Model(model.input, [model.output, *(_read_tensor(model, each) for each in inner)])
    sums = [np.zeros(each.channels) for each in inner]
    for number, batch in enumerate(batches):
        with tf.GradientTape() as tape:
            scores, *seen = ends(batch, training=False)
            value = loss(number, scores)
        gradients = tape.gradient(value, seen)
        for total, each, part, gradient in zip(sums, inner, seen, gradients, strict=True):
            moved = (part * gradient).numpy().reshape(len(batch), -1, each.channels)
            total += np.abs(moved.mean(axis=1)).sum(axis=0)
    return {each.layer: total for each, total in zip(inner, sums, strict=True)}


def weight_importance(model: keras.Model, inner: Sequence[Inner]) -> dict[str, Importance]:
    """Return the sum of the absolute weights that make each channel.

    Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017.
    """
    kernels = {each.layer: model.get_layer(each.layer).kernel.numpy() for each in inner}
    return {name: np.abs(kernel).sum(axis=(0, 1, 2)) for name, kernel in kernels.items()}


def norm_importance(model: keras.Model, inner: Sequence[Inner]) -> dict[str, Importance]:
    """Return the absolute scale of each channel's batch norm.

    Liu et al., "Learning Efficient Convolutional Networks through Network Slimming", ICCV 2017.

    Raises:
        InputError: A layer has no batch norm.
    """
    if lacking := [each.layer for each in inner if each.norm is None]:
        raise InputError(
            f"compress.channels.rank = 'gamma', but no batch norm follows {', '.join(lacking)}; "
            "rank by 'activation'"
        )
    return {each.layer: np.abs(model.get_layer(each.norm).gamma.numpy()) for each in inner}


def width_of(channels: int, share: float, multiple: int) -> int:
    """Return how many channels are kept: a multiple, at least one and never more than there are."""
    return min(channels, round_channels(channels * share, multiple))


def most_important(importance: Importance, width: int) -> Channels:
    """Return the positions of the most important channels; of equals the first ones."""
    return np.sort(np.argsort(-importance, kind="stable")[:width])


def with_widths(model: keras.Model, widths: Mapping[str, int]) -> keras.Model:
    """Return the network with so many channels in the layers named, with weights of no training.

    Where no layer is named that is the network itself.
    """
    if not widths:
        return model

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if layer.name in widths:
            config["filters"] = widths[layer.name]
        return layer.__class__.from_config(config)

    return keras.models.clone_model(model, clone_function=clone)


def widths_of(workspace: Workspace, variant: Variant) -> Mapping[str, int]:
    """Return layer → channels of the network that a variant is made of; none for the recipe's.

    Raises:
        InputError: The stage `narrow` has not made it.
    """
    network = VARIANTS[variant].narrow
    if not network:
        return WHOLE
    return NarrowedNetwork.read(workspace.narrow / f"{network}.json", "narrow").widths


def narrowed(model: keras.Model, kept: Mapping[str, Channels]) -> keras.Model:
    """Return the network without all but some channels of the layers named, with their weights.

    Args:
        model: The network; left as it is.
        kept: Layer of `inner_layers` → the channels that stay.
    """
    narrow = with_widths(model, {name: len(channels) for name, channels in kept.items()})
    coming: dict[str, Channels] = {}
    for layer in model.layers:
        # Layers with several inputs read none of what is narrowed.
        given = next((coming[producer.name] for producer in producers(layer)), np.arange(3))
        weights, coming[layer.name] = _kept_weights(layer, given, kept.get(layer.name))
        narrow.get_layer(layer.name).set_weights(weights)
    return narrow


def _kept_weights(
    layer: keras.layers.Layer, given: Channels, kept: Channels | None
) -> tuple[list[npt.NDArray[np.float32]], Channels]:
    """Return a layer's weights for the channels that it is given and keeps, and what it passes on.

    Both are positions in the layer's own input and output, before anything was narrowed.
    """
    weights = layer.get_weights()
    match layer:
        case keras.layers.DepthwiseConv2D():
            return [weights[0][:, :, given], *(part[given] for part in weights[1:])], given
        case keras.layers.Conv2D():
            own = np.arange(layer.filters) if kept is None else kept
            kernel = weights[0][:, :, given][..., own]
            return [kernel, *(part[own] for part in weights[1:])], own
        case keras.layers.Dense():
            return [weights[0][given], *weights[1:]], np.arange(layer.units)
        case keras.layers.BatchNormalization():
            return [part[given] for part in weights], given
        case keras.layers.Flatten():
            channels = layer.input_shape[-1]
            cells = np.arange(layer.output_shape[-1] // channels)
            return [], (cells[:, None] * channels + given).ravel()
        case _:
            return weights, given


def _read_tensor(model: keras.Model, each: Inner) -> tf.Tensor:
    return model.get_layer(each.reader).input


def _reader_norms(model: keras.Model, each: Inner) -> Importance:
    kernel = model.get_layer(each.reader).kernel.numpy()
    by_channel = kernel.reshape(-1, each.channels, kernel.shape[-1])
    return np.asarray(np.sqrt(np.square(by_channel, dtype=np.float64).sum(axis=(0, 2))))


def _all(outputs: tf.Tensor | Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
    """Keras gives the tensor itself where there is one."""
    return outputs if isinstance(outputs, list) else [outputs]
