"""Convolution blocks that the mobile networks share."""

from dataclasses import dataclass

from edgetag.tf import keras


def round_channels(channels: float, multiple: int = 8) -> int:
    """Round to a multiple, at least one, and never below 0.9 of the value."""
    rounded = max(multiple, int(channels + multiple / 2) // multiple * multiple)
    return rounded if rounded >= 0.9 * channels else rounded + multiple


@dataclass(frozen=True)
class Builder:
    """Builds blocks with one batch norm setting.

    Layers are named `<name>_<part>`, with `_bn` and `_relu` after it, so that weights and pruning
    patterns can be given by name.

    Attributes:
        epsilon: Of every batch norm.
        momentum: Of every batch norm.
        most: Where activations end: 6 is ReLU6, None ReLU.
        symmetric: Whether strided convolutions pad as much before an image as behind it, as torch
            does. Keras' "same" pads even sizes behind alone, and so sees other pixels.
    """

    epsilon: float
    momentum: float
    most: float | None = 6.0
    symmetric: bool = False

    def convolution(
        self,
        x: keras.layers.Layer,
        channels: int,
        kernel: int,
        stride: int,
        name: str,
        activate: bool = True,
        scale: float = 1.0,
    ) -> keras.layers.Layer:
        """Convolution without bias, batch norm, and ReLU unless `activate` is false.

        `scale` is what the batch norm starts at.
        """
        x, padding = self._padded(x, kernel, stride, name)
        x = keras.layers.Conv2D(
            channels, kernel, strides=stride, padding=padding, use_bias=False, name=name
        )(x)
        return self._normalize(x, name, activate, scale)

    def depthwise(
        self, x: keras.layers.Layer, kernel: int, stride: int, name: str, activate: bool = True
    ) -> keras.layers.Layer:
        """Depthwise convolution without bias, batch norm, and ReLU unless `activate` is false."""
        x, padding = self._padded(x, kernel, stride, name)
        x = keras.layers.DepthwiseConv2D(
            kernel, strides=stride, padding=padding, use_bias=False, name=name
        )(x)
        return self._normalize(x, name, activate)

    def inverted_residual(
        self,
        x: keras.layers.Layer,
        channels: int,
        kernel: int,
        stride: int,
        expansion: int,
        name: str,
    ) -> keras.layers.Layer:
        """Expand, filter depthwise, project; add the input where the shapes agree.

        Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018).
        """
        shortcut = x
        if expansion != 1:
            x = self.convolution(x, x.shape[-1] * expansion, 1, 1, f"{name}_expand")
        x = self.depthwise(x, kernel, stride, f"{name}_depthwise")
        x = self.convolution(x, channels, 1, 1, f"{name}_project", activate=False)
        if stride == 1 and shortcut.shape[-1] == channels:
            x = keras.layers.Add(name=f"{name}_add")([shortcut, x])
        return x

    def top(
        self, x: keras.layers.Layer, channels: int, finer: keras.layers.Layer | None = None
    ) -> keras.layers.Layer:
        """End a network in its last feature map.

        Where a finer one is given, its cells are the result's: the coarse features are spread over
        them, and what the fine ones add starts at zero, so that weights that were trained without
        them give what they gave. Lin et al., "Feature Pyramid Networks" (2017), and for the zero
        Goyal et al., "Accurate, Large Minibatch SGD" (2017).

        `x` is the last block's output, `finer` an earlier block's, `[batch, 2 height, 2
        width, …]`.
        """
        if finer is None:
            return self.convolution(x, channels, 1, 1, "top")
        x = self.convolution(x, channels, 1, 1, "top", activate=False)
        # Runtimes delegate a bilinear resize, and none to the nearest.
        x = keras.layers.UpSampling2D(2, interpolation="bilinear", name="top_spread")(x)
        fine = self.convolution(finer, channels, 1, 1, "top_fine", activate=False, scale=0.0)
        x = keras.layers.Add(name="top_add")([x, fine])
        return keras.layers.ReLU(self.most, name="top_relu")(x)

    def _padded(
        self, x: keras.layers.Layer, kernel: int, stride: int, name: str
    ) -> tuple[keras.layers.Layer, str]:
        """Return what a convolution reads, and how it pads that itself."""
        if not self.symmetric or stride == 1:
            return x, "same"
        return keras.layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x), "valid"

    def _normalize(
        self, x: keras.layers.Layer, name: str, activate: bool, scale: float = 1.0
    ) -> keras.layers.Layer:
        x = keras.layers.BatchNormalization(
            epsilon=self.epsilon,
            momentum=self.momentum,
            gamma_initializer=keras.initializers.Constant(scale),
            name=f"{name}_bn",
        )(x)
        return keras.layers.ReLU(self.most, name=f"{name}_relu")(x) if activate else x
