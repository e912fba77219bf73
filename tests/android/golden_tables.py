"""Writes tables of quantization that the Kotlin code must repeat: `tables.json`."""

import json
from pathlib import Path

import numpy as np

from edgetag.contract import Preprocessing
from edgetag.runtimes.encoding import decode, encoding_table
from edgetag.runtimes.session import Tensor

TABLES = 60
DTYPES = ("uint8", "int8", "int16", "float32")


def write_tables(folder: Path) -> None:
    """Write random contracts and tensors with the input of each pixel value, and decoded ones.

    The first one of each type has the scale `1 / std` of the exporter.
    """
    random = np.random.default_rng(21)
    tables = []
    for number in range(TABLES):
        contract = Preprocessing(
            input_size=32,
            mean=127.0 if number < len(DTYPES) else float(random.uniform(0, 255)),
            std=128.0 if number < len(DTYPES) else float(random.uniform(1, 200)),
        )
        tensor = _tensor(random, DTYPES[number % len(DTYPES)], exact=number < len(DTYPES))
        table = encoding_table(contract, tensor)
        tables.append(
            {
                "contract": contract.model_dump(mode="json"),
                "type": tensor.dtype,
                "scale": tensor.scale,
                "zero_point": tensor.zero_point,
                "table": table.tolist(),
                "decoded": decode(table, tensor).tolist(),
            }
        )
    (folder / "tables.json").write_text(json.dumps({"tables": tables}), encoding="utf-8")


def _tensor(random: np.random.Generator, dtype: str, *, exact: bool) -> Tensor:
    if dtype == "float32":
        return Tensor("image", (1, 32, 32, 3), dtype, 0.0, 0)
    zero_points = {"uint8": 127, "int8": -1, "int16": 0}
    scale, zero_point = 1 / 128, zero_points[dtype]
    if not exact:
        scale = float(np.float32(random.uniform(1e-4, 0.05)))
        if dtype != "int16":
            limits = np.iinfo(dtype)
            zero_point = int(random.integers(limits.min, limits.max + 1))
    return Tensor("image", (1, 32, 32, 3), dtype, scale, zero_point)
