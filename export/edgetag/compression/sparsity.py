"""Counting zeros in a model, and refusing one that is denser than it should be.

Pruning can fail without any error (a schedule whose steps are never reached leaves a model
dense), so what was achieved is counted in the weights and never taken from the schedule.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from edgetag.compression.result import LayerSparsity
from edgetag.errors import EdgetagError
from edgetag.tf import keras

Weights = npt.NDArray[np.float32]
WEIGHTED = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)
"""Layers whose zeros are counted; in Keras a depthwise convolution is no `Conv2D`."""


class SparsityNotReachedError(EdgetagError):
    """A layer has fewer zeros than pruning had to give it."""


def kernel_of(layer: keras.layers.Layer) -> keras.layers.Layer | None:
    """Return the variable of a convolution's or dense layer's weights, None for other layers.

    A wrapper, such as quantization-aware training puts around a layer, is looked through.
    """
    inner = layer.layer if isinstance(layer, keras.layers.Wrapper) else layer
    if not isinstance(inner, WEIGHTED):
        return None
    name = "depthwise_kernel" if isinstance(inner, keras.layers.DepthwiseConv2D) else "kernel"
    # Quantization replaces the attribute by a tensor; the variable stays among the weights.
    return next(
        (v for v in layer.weights if v.name.split("/")[-1].split(":")[0] == name),
        None,
    )


def layer_sparsities(
    model: keras.Model, targets: Mapping[str, float] | None = None
) -> tuple[LayerSparsity, ...]:
    """Count the zeros of every convolution and dense layer.

    Args:
        model: Plain or wrapped for quantization-aware training.
        targets: Layer name → share of zeros it had to reach; kept in the result.

    Returns:
        One entry per layer, in the model's order.
    """
    sparsities = []
    for layer in model.layers:
        kernel = kernel_of(layer)
        if kernel is not None:
            name = (layer.layer if isinstance(layer, keras.layers.Wrapper) else layer).name
            values = kernel.numpy()
            sparsities.append(
                LayerSparsity(
                    layer=name,
                    weights=values.size,
                    zeros=int(values.size - np.count_nonzero(values)),
                    target=(targets or {}).get(name),
                )
            )
    return tuple(sparsities)


def total_sparsity(layers: tuple[LayerSparsity, ...]) -> float:
    """Return the share of zeros over all layers."""
    return sum(layer.zeros for layer in layers) / sum(layer.weights for layer in layers)


def require_sparsity(layers: tuple[LayerSparsity, ...], hint: str) -> None:
    """Check that every layer with a target reached it, up to the rounding to whole weights.

    Args:
        layers: From `layer_sparsities`.
        hint: What to do about it, for the error's text.

    Raises:
        SparsityNotReachedError: Some did not; the text names them.
    """
    missed = [
        f"{layer.layer} has {layer.sparsity:.3f} instead of {layer.target:.3f}"
        for layer in layers
        # One weight of rounding, and float32's error in "size × sparsity".
        if layer.target is not None and layer.zeros < layer.target * layer.weights * (1 - 1e-6) - 1
    ]
    if missed:
        raise SparsityNotReachedError(f"sparsity was not reached: {'; '.join(missed)}. {hint}")


def holds_n_of_m(kernel: Weights, zeros: int, of: int) -> bool:
    """Tell whether at least `zeros` of every `of` neighbours along the inputs are zero.

    Args:
        kernel: `[height, width, in, out]` of a convolution or `[in, out]` of a dense layer. TFLite
            stores the inputs side by side, so neighbours are along the second to last axis. A
            last block of fewer than `of` weights may keep as many as a whole one.
        zeros: n.
        of: m.
    """
    rows = np.moveaxis(kernel, -2, -1).reshape(-1, kernel.shape[-2]) != 0
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % of)))
    return bool((padded.reshape(-1, of).sum(axis=1) <= of - zeros).all())
