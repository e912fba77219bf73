"""MobileNetV2 with a channel multiplier, and with fewer blocks in each stage if asked for.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018), table 2.
"""

import math

from edgetag.networks.blocks import Builder, round_channels
from edgetag.recipe import NetworkSection
from edgetag.tf import keras

STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
# expansion, channels, repeats, stride
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def features(
    image: keras.layers.Layer, network: NetworkSection, batch_norm_momentum: float
) -> keras.layers.Layer:
    """Build the network up to its last feature map: 1280 channels, a cell each `map_stride` pixels.

    See `building.Architecture`.
    """
    width = network.width
    build = Builder(epsilon=1e-3, momentum=batch_norm_momentum)
    x = build.convolution(image, round_channels(STEM_CHANNELS * width), 3, 2, "stem")
    block = 0
    for expansion, channels, repeats, first_stride in STAGES:
        for repeat in range(math.ceil(repeats * network.depth)):
            stride = first_stride if repeat == 0 else 1
            if stride > 1:
                finer = x
            x = build.inverted_residual(
                x, round_channels(channels * width), 3, stride, expansion, f"block{block}"
            )
            block += 1
    return build.top(x, HEAD_CHANNELS, finer if network.map_stride == 16 else None)
