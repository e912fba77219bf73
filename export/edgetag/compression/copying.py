"""Copies of a model that share nothing with it.

Cloning functions that hand back the same layer object, as the pruning and quantization tools do,
would change the float model too. So every compression begins with a copy made here.
"""

from edgetag.tf import keras


def copy_model(model: keras.Model) -> keras.Model:
    """Rebuild a functional model from its layers' settings and copy its weights."""
    copied = keras.models.clone_model(model)  # builds each layer anew from its settings
    copied.set_weights(model.get_weights())
    return copied
