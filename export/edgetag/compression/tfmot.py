"""The one door to tensorflow-model-optimization (tfmot), quiet."""

import warnings

from edgetag.errors import MissingExtraError
from edgetag.tf import quiet_stderr  # before tfmot: it sets which Keras is used

with quiet_stderr(), warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it compares versions with distutils
    try:
        import tensorflow_model_optimization as tfmot

        # Not public, and the only way to a moving average of another decay.
        from tensorflow_model_optimization.python.core.quantization.keras import quant_ops
        from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (
            default_8bit_quantize_registry as default_8bit_registry,
        )
        from tensorflow_model_optimization.python.core.quantization.keras.quantize_layer import (
            QuantizeLayer,
        )

        # Not public, and the only way to choose masks outside of the training graph.
        from tensorflow_model_optimization.python.core.sparsity.keras.pruning_impl import Pruning
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "tensorflow-model-optimization", "train") from None

__all__ = ["Pruning", "QuantizeLayer", "default_8bit_registry", "quant_ops", "tfmot"]
