"""`model3`: the network of the talk that edgetag began from.

ReLU follows every convolution and comes before the batch norm; the 3x3 convolutions have no bias;
the first pads "same", the others "valid". Made for 256 px; most of its 40 million weights then
sit in the dense layer.
"""

from edgetag.recipe import NetworkSection
from edgetag.tf import keras

STEM_CHANNELS = (64, 128, 256)
DENSE_UNITS = 768


def features(
    image: keras.layers.Layer, network: NetworkSection, batch_norm_momentum: float
) -> keras.layers.Layer:
    """Build the network up to the layer before the scores, `[batch, 768]`.

    See `building.Architecture`.
    """
    layers = keras.layers
    x = image
    for block, channels in enumerate(STEM_CHANNELS):
        for position in range(2):
            name = f"block{block}_conv{position}"
            padding = "same" if block == position == 0 else "valid"
            x = layers.Conv2D(channels, 3, padding=padding, use_bias=False, name=name)(x)
            x = layers.ReLU(name=f"{name}_relu")(x)
        x = layers.BatchNormalization(momentum=batch_norm_momentum, name=f"block{block}_bn")(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Conv2D(64, 1, name="reduce")(x)
    x = layers.ReLU(name="reduce_relu")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(DENSE_UNITS, name="dense")(x)
    x = layers.ReLU(name="dense_relu")(x)
    return layers.Dropout(network.dropout, name="dropout")(x)
