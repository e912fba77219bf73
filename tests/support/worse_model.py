"""A file that is a little worse than the tiny one: what a gate must notice."""

from pathlib import Path

import numpy as np

from edgetag.conversion.flatfile import NUMPY_TYPES, pack_model, read_model
from tests.support.paths import MODELS


def worse_model(path: Path) -> Path:
    """Write a file of noisier weights, which loses some points and breaks no budget."""
    model = read_model(MODELS / "tiny_int8_uint8.tflite")
    generator = np.random.default_rng(3)
    for tensor in model.subgraphs[0].tensors:
        buffer = model.buffers[tensor.buffer]
        if buffer.data is None or NUMPY_TYPES.get(tensor.type) != np.dtype("i1"):
            continue
        weights = np.asarray(buffer.data, dtype=np.uint8).view(np.int8).astype(int)
        noise = generator.normal(0, 30, weights.shape).round().astype(int)
        buffer.data = (weights + noise).clip(-127, 127).astype(np.int8).view(np.uint8)
    path.write_bytes(pack_model(model))
    return path
