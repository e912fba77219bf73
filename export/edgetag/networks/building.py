"""From a recipe's network section to a model with the tags as outputs."""

from edgetag.networks import efficientnet_lite0, mobilenet_v2, model3
from edgetag.networks.pretrained import load_imagenet_weights
from edgetag.recipe import NetworkSection
from edgetag.tf import keras

CAM = "cam"
"""Name of the 1x1 convolution whose maps, averaged, are the scores before the sigmoid."""


def build(
    network: NetworkSection, n_tags: int, *, seed: int = 1, batch_norm_momentum: float = 0.9
) -> keras.Model:
    """Build a float32 network, with ImageNet weights where the recipe wants them.

    Args:
        network: The recipe's section.
        n_tags: Number of outputs.
        seed: Seeds the weights that are not loaded.
        batch_norm_momentum: Of every batch norm; 0.99 is too slow for short runs.

    Returns:
        A model from `image`, float32 `[batch, size, size, 3]` scaled by `network.preprocessing()`,
        to `scores`, float32 `[batch, n_tags]` in 0..1.
    """
    model = build_untrained(network, n_tags, seed, batch_norm_momentum)
    if network.uses_pretrained:
        load_imagenet_weights(model)
    return model


def build_untrained(
    network: NetworkSection, n_tags: int, seed: int = 1, batch_norm_momentum: float = 0.9
) -> keras.Model:
    """Build the network of `build` with random weights throughout."""
    keras.utils.set_random_seed(seed)
    size = network.input_size
    image = keras.Input((size, size, 3), name="image")
    if network.name == "model3":
        x = model3.features(image, network.dropout, batch_norm_momentum)
        x = keras.layers.Dense(n_tags, name="logits")(x)
    else:
        if network.name == "efficientnet_lite0":
            x = efficientnet_lite0.features(image, batch_norm_momentum)
        else:
            x = mobilenet_v2.features(image, network.width, batch_norm_momentum)
        x = keras.layers.SpatialDropout2D(network.dropout, name="dropout")(x)
        x = keras.layers.Conv2D(n_tags, 1, name=CAM)(x)
        # keepdims must stay False: LiteRT 2.3 on ARM64 gives a wrong shape with it, silently.
        x = keras.layers.GlobalAveragePooling2D(name="logits")(x)
    scores = keras.layers.Activation("sigmoid", name="scores", dtype="float32")(x)
    return keras.Model(image, scores, name=network.name)


def head_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers with weights that are new for every vocabulary."""
    names = (CAM,) if model.name != "model3" else ("dense", "logits")
    return [model.get_layer(name) for name in names]
