"""Which TensorFlow Lite first had each version of an operator.

From `tensorflow/compiler/mlir/lite/tools/versioning/runtime_version.cc`, for the operators that
edgetag's networks are made of, and some that other classifiers often have. The converter writes a
`min_runtime_version` into the file by the same table, but before the last quantizing steps, so that
it is too low for some variants.
"""

from typing import Any

from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.flatfile import Operator, all_operators

FIRST_VERSIONS: dict[str, tuple[str, ...]] = {
    "ADD": ("1.5.0", "1.14.0", "2.4.0", "2.6.0", "2.13.0"),
    "AVERAGE_POOL_2D": ("1.5.0", "1.14.0", "2.3.0"),
    "CONCATENATION": ("1.5.0", "1.14.0", "2.3.0"),
    "CONV_2D": (
        "1.5.0",
        "1.14.0",
        "1.14.0",
        "2.3.0",
        "2.4.0",
        "2.9.0",
        "2.11.0",
        "2.15.0",
    ),
    "DEPTHWISE_CONV_2D": (
        "1.5.0",
        "1.12.0",
        "1.14.0",
        "2.2.0",
        "2.3.0",
        "2.3.0",
        "2.11.0",
    ),
    "DEQUANTIZE": ("1.13.1", "1.14.0", "1.15.0", "2.2.0", "2.7.0", "2.18.0"),
    "FULLY_CONNECTED": (
        "1.5.0",
        "1.10.0",
        "1.14.0",
        "1.14.0",
        "2.0.0",
        "2.1.0",
        "2.3.0",
        "2.3.0",
        "2.3.0",
        "2.11.0",
        "2.15.0",
        "2.17.0",
        "2.18.0",
    ),
    "LOGISTIC": ("1.14.0", "1.14.0", "2.3.0"),
    "MAX_POOL_2D": ("1.5.0", "1.14.0", "2.3.0"),
    "MEAN": ("1.6.0", "1.14.0", "2.4.0"),
    "MUL": ("1.5.0", "1.14.0", "1.15.0", "2.3.0", "2.6.0", "2.11.0", "2.13.0"),
    "PAD": ("1.5.0", "1.14.0", "2.4.0", "2.6.0", "2.20.0"),
    "QUANTIZE": ("1.14.0", "1.15.0", "2.7.0"),
    "RELU": ("1.5.0", "2.1.0", "2.5.0"),
    "RELU6": ("1.5.0", "1.14.0", "2.5.0"),
    "RESHAPE": ("1.5.0",),
    "RESIZE_BILINEAR": ("1.7.0", "1.14.0", "2.2.0", "2.5.0"),
    "SOFTMAX": ("1.5.0", "1.14.0", "2.3.0"),
    "SUB": ("1.6.0", "1.14.0", "2.3.0", "2.4.0", "2.4.0"),
    "SUM": ("1.10.0", "1.15.0"),
    "TRANSPOSE": ("1.6.0", "1.14.0", "1.15.0", "2.3.0", "2.4.0", "2.12.0", "2.14.4"),
}
"""Operator → the runtime that brought its version 1, 2, …"""

FIRST_WITH_INT16 = "2.4.0"
"""Convolutions, LOGISTIC (2.3.0) and MEAN (2.4.0) with 16-bit activations. The converter leaves
their operator versions as for int8."""


def parse_version(text: str) -> tuple[int, ...]:
    """Return `2.14.0` as `(2, 14, 0)`, and the empty tuple for an empty text."""
    return tuple(int(part) for part in text.split(".")) if text else ()


def first_runtime(operator: Operator) -> str:
    """Return the first runtime that has the operator in this version; empty where unknown."""
    known = FIRST_VERSIONS.get(operator.name, ())
    return known[operator.version - 1] if 0 < operator.version <= len(known) else ""


def converter_runtime(model: Any) -> str:
    """Return the `min_runtime_version` that the converter wrote, or an empty text."""
    for entry in model.metadata or []:
        data = model.buffers[entry.buffer].data
        if entry.name == b"min_runtime_version" and data is not None:
            text = bytes(bytearray(data)).rstrip(b"\0").decode("ascii", "replace")
            if all(part.isdecimal() for part in text.split(".")):
                return text
    return ""


def unknown_operators(model: Any) -> tuple[str, ...]:
    """Return the operators of which no first runtime is known, such as `CONV_2D version 99`."""
    used = all_operators(model)
    unknown = {f"{each.name} version {each.version}" for each in used if not first_runtime(each)}
    return tuple(sorted(unknown))


def required_runtime(model: Any) -> str:
    """Return the lowest TensorFlow Lite version that has everything in the file.

    Returns:
        Such as `2.3.0`; empty where that of an operator is not known.
    """
    if unknown_operators(model):
        return ""
    needs = [converter_runtime(model), *map(first_runtime, all_operators(model))]
    if any(
        tensor.type == schema.TensorType.INT16
        for graph in model.subgraphs
        for tensor in graph.tensors or []
    ):
        needs.append(FIRST_WITH_INT16)
    return max(needs, key=parse_version)
