"""The one door to TensorFlow: Keras 2, quiet, imported only when asked for.

`TF_USE_LEGACY_KERAS` must be set before TensorFlow is imported, since
tensorflow-model-optimization works with Keras 2 alone. Use it as

    from edgetag.tf import keras, tf
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from edgetag.errors import MissingExtraError

VERBOSE_VARIABLE = "EDGETAG_VERBOSE"


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hold back what native code prints to stderr; show it if the block fails.

    Nothing is held back when the environment variable EDGETAG_VERBOSE is set.
    """
    if os.environ.get(VERBOSE_VARIABLE):
        yield
        return
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        except Exception:
            sys.stderr.flush()
            sink.seek(0)
            os.write(saved, sink.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)


os.environ["TF_USE_LEGACY_KERAS"] = "1"
if not os.environ.get(VERBOSE_VARIABLE):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
try:
    with quiet_stderr():
        import tensorflow as tf
        import tf_keras as keras
except ModuleNotFoundError as error:
    raise MissingExtraError(error.name or "tensorflow", "train") from None

tf.get_logger().setLevel("ERROR")

__all__ = ["keras", "quiet_stderr", "tf"]
