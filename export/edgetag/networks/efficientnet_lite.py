"""EfficientNet-Lite: ReLU6, no squeeze-and-excitation, one stem and head width for all sizes.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), in
the Lite form of the TensorFlow TPU repository. Each size is a file of its own.
"""

import math
from dataclasses import dataclass

from edgetag.networks.blocks import Builder, round_channels
from edgetag.networks.pretrained import load_efficientnet
from edgetag.recipe import NetworkSection
from edgetag.tf import keras

STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
BATCH_NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class Stage:
    """A row of the architecture's table, of its smallest size."""

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


@dataclass(frozen=True)
class EfficientNetLite:
    """One size of the architecture; see `building.Architecture`.

    Attributes:
        package: Its ImageNet weights.
        width: Channels of each stage are multiplied by it,
        depth: and repeats of each, but the first and the last.
    """

    package: str
    width: float = 1.0
    depth: float = 1.0

    def features(
        self, image: keras.layers.Layer, network: NetworkSection, batch_norm_momentum: float
    ) -> keras.layers.Layer:
        """Build the network up to its last feature map: 1280 channels in each cell."""
        build = Builder(BATCH_NORM_EPSILON, batch_norm_momentum)
        x = build.convolution(image, STEM_CHANNELS, kernel=3, stride=2, name="stem")
        block = 0
        for stage in STAGES:
            ends = stage in (STAGES[0], STAGES[-1])
            channels = round_channels(stage.channels * self.width)
            for repeat in range(stage.repeats if ends else math.ceil(stage.repeats * self.depth)):
                stride = stage.stride if repeat == 0 else 1
                if stride > 1:
                    finer = x
                x = build.inverted_residual(
                    x, channels, stage.kernel, stride, stage.expansion, name=f"block{block}"
                )
                block += 1
        return build.top(x, HEAD_CHANNELS, finer if network.map_stride == 16 else None)

    def load_imagenet_weights(self, model: keras.Model, with_classes: bool = False) -> None:
        """Load the backbone's weights, and with `with_classes` those of the 1000-way head too.

        Raises:
            MissingExtraError: Their package is not installed.
            InputError: The package's file does not fit the network.
        """
        load_efficientnet(model, self.package, with_classes)
