"""The one door to TensorFlow: Keras 2, quiet, imported only when asked for.

`TF_USE_LEGACY_KERAS` must be set before TensorFlow is imported, since
tensorflow-model-optimization works with Keras 2 alone. Use it as

    from edgetag.tf import keras, tf
"""

import gc
import os
import sys
import tempfile
from types import SimpleNamespace
from typing import Any

from edgetag.errors import MissingExtraError
from edgetag.native_output import VERBOSE_VARIABLE, quiet_stderr
from edgetag.scratch import folder_of_process

os.environ["TF_USE_LEGACY_KERAS"] = "1"
if not os.environ.get(VERBOSE_VARIABLE):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
collects = gc.isenabled()
gc.disable()  # two million objects come to stay: looking through them takes a fifth of the import
# Keras would import it for tables, which nobody gives it here: a fourteenth of the import.
with_pandas = "pandas" in sys.modules
sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]
try:
    with quiet_stderr():
        import tensorflow as tf
        import tf_keras as keras
        from tensorflow.python.autograph.pyct import loader
        from tensorflow.python.framework.ops import gradient_registry
except ModuleNotFoundError as error:
    raise MissingExtraError(error.name or "tensorflow", "train") from None
finally:
    if not with_pandas:
        del sys.modules["pandas"]
    if collects:
        gc.enable()
gc.freeze()  # nor does any later collection look at them

tf.get_logger().setLevel("ERROR")


def _generated_code(**options: Any) -> Any:
    """Open a file for Python that TensorFlow generates, and compiles beside it.

    The compiled files would stay in the place for temporary files, and all where it is killed.
    """
    return tempfile.NamedTemporaryFile(dir=folder_of_process(), **options)


loader.tempfile = SimpleNamespace(NamedTemporaryFile=_generated_code)

__all__ = ["gradient_registry", "keras", "quiet_stderr", "tf"]
