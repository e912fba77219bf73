"""Copies of a model that share nothing with it.

Cloning functions that hand back the same layer object, as the pruning and quantization tools do,
would change the float model too. So every compression begins with a copy made here.
"""

from collections.abc import Callable
from typing import Any

from edgetag.tf import keras

Config = dict[str, Any]


def copy_model(
    model: keras.Model, change: Callable[[keras.layers.Layer, Config], None] | None = None
) -> keras.Model:
    """Rebuild a model from its layers' settings and copy its weights.

    Args:
        model: A functional model; left as it is.
        change: Called with each layer and its settings, which it may alter in place. It must not
            alter the shapes of weights.

    Returns:
        A new model with equal weights.
    """

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if change:
            change(layer, config)
        return layer.__class__.from_config(config)

    copied = keras.models.clone_model(model, clone_function=clone)
    copied.set_weights(model.get_weights())
    return copied


def without_dropout(layer: keras.layers.Layer, config: Config) -> None:
    """Turn dropout off: for `copy_model`."""
    if isinstance(layer, keras.layers.Dropout):
        config["rate"] = 0.0
