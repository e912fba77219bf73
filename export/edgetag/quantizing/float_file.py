"""A float file as the engine wants it."""

from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.checks import CONVERSIONS, FLOAT_TYPES
from edgetag.conversion.flatfile import ints, operators, pack_model
from edgetag.errors import InputError

CALLING = ("IF", "WHILE", "CALL", "CALL_ONCE", "STABLEHLO_COMPOSITE")
"""Operators that run another graph of the file."""

INTEGERS = (
    schema.TensorType.INT4,
    schema.TensorType.INT8,
    schema.TensorType.UINT8,
    schema.TensorType.INT16,
)


def prepared(model: Any, where: Path) -> bytes:
    """Return a float model's first graph alone, as a file.

    Args:
        model: From `flatfile.parse_model`; it is changed.
        where: The file, for the error's text.

    Raises:
        InputError: It is quantized already, wholly or in its weights, or it runs other graphs.
    """
    graph = model.subgraphs[0]
    if any(tensor.type in INTEGERS and _has_scale(tensor) for tensor in graph.tensors):
        raise InputError(f"{where}: it is quantized already; give the float file that it is from")
    if any(tensor.type == schema.TensorType.FLOAT16 for tensor in graph.tensors):
        raise InputError(f"{where}: its weights are float16; give the float32 file that it is from")
    calls = sorted({op.name for op in operators(model, graph)} & set(CALLING))
    if calls:
        raise InputError(
            f"{where}: it runs other graphs ({', '.join(calls)}), which is not supported; convert "
            "it without control flow"
        )
    model.subgraphs = [graph]
    model.signatureDefs = [
        signature for signature in model.signatureDefs or [] if signature.subgraphIndex == 0
    ][:1] or [_signature(graph)]
    return pack_model(model)


def _signature(graph: Any) -> Any:
    """Return names of a graph's ends, which files of older converters lack and the engine needs."""
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = b"serving_default", 0
    signature.inputs, signature.outputs = [], []
    for ends, positions, name in (
        (signature.inputs, graph.inputs, b"image"),
        (signature.outputs, graph.outputs, b"scores"),
    ):
        end = schema.TensorMapT()
        end.name, end.tensorIndex = name, ints(positions)[0]
        ends.append(end)
    return signature


def _has_scale(tensor: Any) -> bool:
    quantization = tensor.quantization
    return quantization is not None and quantization.scale is not None


def float_operators(model: Any) -> int:
    """Return how many operators of the first graph compute in float, casts aside."""
    graph = model.subgraphs[0]
    return sum(
        op.name not in CONVERSIONS
        and any(graph.tensors[at].type in FLOAT_TYPES for at in op.outputs)
        for op in operators(model, graph)
    )
