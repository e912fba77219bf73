"""EfficientNet-Lite0: ReLU6, no squeeze-and-excitation, fixed stem and head widths.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), in
the Lite form of the TensorFlow TPU repository.
"""

from dataclasses import dataclass

from edgetag.networks.blocks import Builder
from edgetag.networks.pretrained import load_imagenet_weights
from edgetag.recipe import NetworkSection
from edgetag.tf import keras

__all__ = ["features", "load_imagenet_weights"]

STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
BATCH_NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class Stage:
    """A row of the architecture's table."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def features(
    image: keras.layers.Layer, network: NetworkSection, batch_norm_momentum: float
) -> keras.layers.Layer:
    """Build the network up to its last feature map: 1280 channels, a cell each `map_stride` pixels.

    See `building.Architecture`.
    """
    build = Builder(BATCH_NORM_EPSILON, batch_norm_momentum)
    x = build.convolution(image, STEM_CHANNELS, kernel=3, stride=2, name="stem")
    block = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            stride = stage.stride if repeat == 0 else 1
            if stride > 1:
                finer = x
            x = build.inverted_residual(
                x, stage.channels, stage.kernel, stride, stage.expansion, name=f"block{block}"
            )
            block += 1
    return build.top(x, HEAD_CHANNELS, finer if network.map_stride == 16 else None)
