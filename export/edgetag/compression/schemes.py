"""How tfmot is told to quantize: its 8-bit defaults with other ranges.

tfmot starts every activation range at ±6 and moves it by 0.1 % a step, far too slowly for a short
training; it measures the input's range, although the preprocessing contract fixes it; and it gives
a depthwise convolution one range, although TensorFlow Lite computes with one of each channel.
"""

from typing import Any

import numpy as np

from edgetag.compression.sparsity import WEIGHTED
from edgetag.compression.tfmot import QuantizeLayer, default_8bit_registry, quant_ops, tfmot
from edgetag.preprocess import Preprocessing
from edgetag.tf import keras, tf

Quantizers = tfmot.quantization.keras.quantizers
INPUT_QUANTIZER = "input_quantizer"
GONE = (keras.layers.InputLayer, keras.layers.BatchNormalization, keras.layers.Dropout)
"""Layers that need no quantizer, or are gone by then."""


class MovingRange(tfmot.quantization.keras.quantizers.MovingAverageQuantizer):
    """tfmot's activation quantizer with a chosen decay of its moving average.

    Args:
        ema_decay: Share of the old range that a step keeps.
    """

    def __init__(self, ema_decay: float) -> None:
        super().__init__(num_bits=8, per_axis=False, symmetric=False, narrow_range=False)
        self.ema_decay = ema_decay
        self.settled = False

    def __call__(
        self, inputs: tf.Tensor, training: bool, weights: dict[str, tf.Variable], **_: Any
    ) -> tf.Tensor:
        """Quantize and dequantize; with `training`, move the range first unless it has settled."""
        return quant_ops.MovingAvgQuantize(
            inputs,
            weights["min_var"],
            weights["max_var"],
            ema_decay=self.ema_decay,
            is_training=training and not self.settled,
            num_bits=self.num_bits,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"ema_decay": self.ema_decay}


def settle_ranges(model: keras.Model) -> None:
    """Leave the ranges of a quantization-aware model's activations where they are from now on.

    Ranges that moved at every step would end where chance left them. A graph that was built
    before moves them still.
    """
    for layer in model.layers:
        activations = getattr(layer, "_quantize_activations", [])
        of_layer = [each.quantizer for each in activations]
        for quantizer in [*of_layer, *(getattr(layer, "_output_quantizers", None) or [])]:
            if isinstance(quantizer, MovingRange):
                quantizer.settled = True


class WeightRange(tfmot.quantization.keras.quantizers.Quantizer):
    """Quantizes weights, each channel within ± its largest at the start.

    The ranges are set once (`rounding.set_weight_ranges`) and stay: were they to follow a weight
    that moves, every other weight of its channel would be rounded anew at each step.

    Args:
        axis: Of the channels in the kernel; None for one range of all weights.
    """

    def __init__(self, axis: int | None) -> None:
        self.axis = axis

    def build(self, shape: Any, name: str, layer: keras.layers.Layer) -> dict[str, tf.Variable]:
        """Add the ranges to a layer's variables, `[channels]` or a single number."""
        return {
            end: layer.add_weight(
                f"{name}_{end}",
                initializer=keras.initializers.Constant(value),
                trainable=False,
                shape=() if self.axis is None else (shape[self.axis],),
            )
            for end, value in (("min", -6.0), ("max", 6.0))
        }

    def __call__(
        self,
        inputs: tf.Tensor,
        training: bool,  # noqa: ARG002
        weights: dict[str, tf.Variable],
        **_: Any,
    ) -> tf.Tensor:
        """Quantize and dequantize; what lies outside is cut off."""
        low, high = weights["min"], weights["max"]
        if self.axis is None:
            return tf.quantization.fake_quant_with_min_max_vars(
                inputs, low, high, num_bits=8, narrow_range=True
            )
        # The operator takes channels last; the converter folds both transpositions away.
        order = [*(i for i in range(len(inputs.shape)) if i != self.axis), self.axis]
        moved = tf.quantization.fake_quant_with_min_max_vars_per_channel(
            tf.transpose(inputs, order), low, high, num_bits=8, narrow_range=True
        )
        return tf.transpose(moved, np.argsort(order))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"axis": self.axis}


class MovingRangeConfig(tfmot.quantization.keras.QuantizeConfig):
    """A layer's configuration with `WeightRange` and `MovingRange` in place of tfmot's ranges.

    Args:
        inner: What tfmot chose for the layer.
        ema_decay: See `MovingRange`.
        weights_only: Leave activation and output alone, for a layer that a ReLU is fused into.
    """

    def __init__(self, inner: Any, ema_decay: float, weights_only: bool = False) -> None:
        self.inner = inner
        self.ema_decay = ema_decay
        self.weights_only = weights_only

    def _replaced(self, quantizer: Any) -> Any:
        if isinstance(quantizer, Quantizers.MovingAverageQuantizer):
            return MovingRange(self.ema_decay)
        return quantizer

    def get_weights_and_quantizers(self, layer: keras.layers.Layer) -> list[Any]:
        """Return pairs of weight and quantizer."""
        pairs = self.inner.get_weights_and_quantizers(layer)
        return [(kernel, WeightRange(channel_axis(layer))) for kernel, _ in pairs]

    def get_activations_and_quantizers(self, layer: keras.layers.Layer) -> list[Any]:
        """Return pairs of activation and quantizer."""
        if self.weights_only:
            return []
        pairs = self.inner.get_activations_and_quantizers(layer)
        return [(activation, self._replaced(quantizer)) for activation, quantizer in pairs]

    def set_quantize_weights(self, layer: keras.layers.Layer, quantize_weights: Any) -> None:
        """Put the quantized weights into the layer."""
        self.inner.set_quantize_weights(layer, quantize_weights)

    def set_quantize_activations(
        self, layer: keras.layers.Layer, quantize_activations: Any
    ) -> None:
        """Put the quantized activations into the layer."""
        if not self.weights_only:
            self.inner.set_quantize_activations(layer, quantize_activations)

    def get_output_quantizers(self, layer: keras.layers.Layer) -> list[Any]:
        """Return the quantizers of the layer's output."""
        if self.weights_only:
            return []
        return [self._replaced(x) for x in self.inner.get_output_quantizers(layer)]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "inner": self.inner,
            "ema_decay": self.ema_decay,
            "weights_only": self.weights_only,
        }


class _Registry(tfmot.quantization.keras.QuantizeRegistry):
    def __init__(self, inner: Any, ema_decay: float) -> None:
        self.inner = inner
        self.ema_decay = ema_decay

    def supports(self, layer: keras.layers.Layer) -> bool:
        return self.inner.supports(layer)

    def get_quantize_config(self, layer: keras.layers.Layer) -> MovingRangeConfig:
        return MovingRangeConfig(self.inner.get_quantize_config(layer), self.ema_decay)


class _Layout(tfmot.quantization.keras.QuantizeLayoutTransform):
    def __init__(
        self, inner: Any, registry: Any, ema_decay: float, contract: Preprocessing
    ) -> None:
        self.inner = inner
        self.registry = registry
        self.ema_decay = ema_decay
        self.contract = contract

    def apply(
        self, model: keras.Model, layer_quantize_map: dict[str, Any]
    ) -> tuple[keras.Model, dict[str, Any]]:
        transformed, chosen = self.inner.apply(model, layer_quantize_map)
        for layer in transformed.layers:
            config = chosen.get(layer.name, {}).get("quantize_config")
            if isinstance(layer, QuantizeLayer):
                low, high = input_range(self.contract)
                layer.quantizer = Quantizers.FixedQuantizer(8, low, high, narrow_range=False)
                # Keras numbers unnamed layers through the process; saved weights need one name.
                chosen[layer.name] = {"name": INPUT_QUANTIZER}
            elif config is not None and isinstance(layer, WEIGHTED):
                # Before a ReLU without batch norm tfmot quantizes nothing, the weights included.
                chosen[layer.name]["quantize_config"] = MovingRangeConfig(
                    self.registry.get_quantize_config(layer), self.ema_decay, weights_only=True
                )
            elif config is not None:
                chosen[layer.name]["quantize_config"] = MovingRangeConfig(config, self.ema_decay)
        return transformed, chosen


class Scheme(tfmot.quantization.keras.QuantizeScheme):
    """tfmot's default 8-bit scheme with these ranges. For `ema_decay` see `MovingRange`."""

    def __init__(self, ema_decay: float, contract: Preprocessing) -> None:
        self.inner = tfmot.quantization.keras.default_8bit.Default8BitQuantizeScheme()
        self.ema_decay = ema_decay
        self.contract = contract

    def get_layout_transformer(self) -> _Layout:
        """Return what fits the network's form to TFLite's."""
        inner, registry = self.inner.get_layout_transformer(), self.inner.get_quantize_registry()
        return _Layout(inner, registry, self.ema_decay, self.contract)

    def get_quantize_registry(self) -> _Registry:
        """Return what knows how each layer is quantized."""
        return _Registry(self.inner.get_quantize_registry(), self.ema_decay)


def input_range(contract: Preprocessing) -> tuple[float, float]:
    """Return the float input of the bytes 0 and 255.

    With them as the range of an 8-bit quantizer the scale is `1 / std` and the zero point `mean`,
    so that a uint8 input holds the pixels as they are. `mean` must be a whole number for that.
    """
    return (0 - contract.mean) / contract.std, (255 - contract.mean) / contract.std


def channel_axis(layer: keras.layers.Layer) -> int | None:
    """Return where the channels that a layer gives out lie in its kernel.

    None for a dense layer, for which TensorFlow Lite's converter takes one range alone.
    """
    if isinstance(layer, keras.layers.Dense):
        return None
    return 2 if isinstance(layer, keras.layers.DepthwiseConv2D) else 3


def unsupported_layers(model: keras.Model) -> list[str]:
    """Name the layers that tfmot cannot quantize, each with its type.

    Batch norm and dropout count as supported, since `folded` does without them.
    """
    registry = default_8bit_registry.Default8BitQuantizeRegistry()
    return [
        f"{layer.name} ({type(layer).__name__})"
        for layer in model.layers
        if not isinstance(layer, GONE) and not _supports(registry, layer)
    ]


def _supports(registry: Any, layer: keras.layers.Layer) -> bool:
    if not registry.supports(layer):
        return False
    try:  # an Activation layer is judged by its function, and only when asked
        registry.get_quantize_config(layer).get_output_quantizers(layer)
    except ValueError:
        return False
    return True
