"""From a recipe's network section to a model with the tags as outputs."""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from edgetag.catalogue import module_of
from edgetag.catalogue.networks import CAM, NETWORKS
from edgetag.recipe import NetworkSection
from edgetag.tf import keras


class Architecture(Protocol):
    """What the file of a network offers."""

    def features(
        self, image: keras.layers.Layer, network: NetworkSection, batch_norm_momentum: float
    ) -> keras.layers.Layer:
        """Build the network up to the layer before its head.

        Args:
            image: float32 `[batch, size, size, 3]`, scaled `(pixel - 127) / 128`.
            network: The recipe's section.
            batch_norm_momentum: Of every batch norm.

        Returns:
            float32 `[batch, height, width, channels]` where scores are means of maps, else
            `[batch, channels]`.
        """

    def load_imagenet_weights(self, model: keras.Model, with_classes: bool = False) -> None:
        """Load the backbone's weights, and with `with_classes` those of the 1000-way head too.

        Only networks that the catalogue says have some offer it.
        """

    def load_file(self, model: keras.Model, weights: Path, pixels: str) -> None:
        """Load the backbone's weights from a file that a user supplies.

        Only networks that the catalogue says take one offer it; `pixels` is the recipe's
        `network.weights_pixels`.
        """


def architecture(name: str) -> Architecture:
    """Import the file of a network of the catalogue."""
    return cast("Architecture", import_module(f"edgetag.networks.{module_of(name)}"))


def build(
    network: NetworkSection, n_tags: int, *, seed: int = 1, batch_norm_momentum: float = 0.9
) -> keras.Model:
    """Build a float32 network, with the weights that the recipe says it begins with.

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
        architecture(network.name).load_imagenet_weights(model)
    if network.weights is not None:
        architecture(network.name).load_file(model, network.weights, network.weights_pixels)
    return model


def build_untrained(
    network: NetworkSection, n_tags: int, seed: int = 1, batch_norm_momentum: float = 0.9
) -> keras.Model:
    """Build the network of `build` with random weights throughout."""
    keras.utils.set_random_seed(seed)
    size = network.input_size
    image = keras.Input((size, size, 3), name="image")
    x = architecture(network.name).features(image, network, batch_norm_momentum)
    if not network.has_maps:
        x = keras.layers.Dense(n_tags, name="logits")(x)
    else:
        x = keras.layers.SpatialDropout2D(network.dropout, name="dropout")(x)
        x = keras.layers.Conv2D(n_tags, 1, name=CAM)(x)
        # keepdims must stay False: LiteRT 2.3 on ARM64 gives a wrong shape with it, silently.
        x = keras.layers.GlobalAveragePooling2D(name="logits")(x)
    scores = keras.layers.Activation("sigmoid", name="scores", dtype="float32")(x)
    return keras.Model(image, scores, name=network.name)


def head_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers with weights that are new for every vocabulary."""
    return [model.get_layer(name) for name in NETWORKS[model.name].head]
