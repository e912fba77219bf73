"""The runtime that newer Pythons have no package of."""

import pytest

from edgetag.runtimes import engines

HAS_TFLITE_RUNTIME = engines.get("tflite-runtime").available() is None

needs_tflite_runtime = pytest.mark.skipif(
    not HAS_TFLITE_RUNTIME, reason="tflite-runtime has no package for this Python"
)
