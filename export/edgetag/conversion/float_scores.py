"""Scores in float at the end of a file of integers.

A converter rounds three times behind the last weights: the mean of each map, its sigmoid, and the
score, which then has 256 values. Here the maps, or the logits of a dense layer, are cast to float,
and what is behind them, a few hundred operations, computes in float.
"""

from collections import Counter
from copy import copy
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.flatfile import Operator, ints, operators, pack_model, parse_model

ENDS = ("MEAN", "LOGISTIC", "SOFTMAX", "RESHAPE")
"""Operators behind the last weights that floats may take over: none has weights."""

CAST = "DEQUANTIZE"


def with_float_scores(data: bytes) -> bytes:
    """Return a `.tflite` file whose end computes in float, where that is possible.

    Args:
        data: A file whose scores are cast to float32 at the very end. One whose scores come from
            elsewhere stays as it is.
    """
    model = parse_model(data, "the converted file")
    graph = model.subgraphs[0]
    *ends, (cast_at, cast) = _chain(model, graph)
    if not ends:
        return data
    source, rounded = ends[0][1].inputs[0], cast.inputs[0]
    kept = [op for at, op in enumerate(graph.operators) if at not in {at for at, _ in ends}]
    kept.remove(graph.operators[cast_at])
    moved = graph.operators[cast_at]
    # The place of the scores as integers, which nobody needs any more, becomes that of the floats.
    floats = graph.tensors[rounded] = copy(graph.tensors[source])
    floats.name, floats.buffer = (floats.name or b"") + b"_float", 0
    moved.inputs, moved.outputs, flowing = [source], [rounded], rounded
    graph.operators[ends[-1][0]].outputs = cast.outputs
    for at, _ in ends:
        operator = graph.operators[at]
        operator.inputs = [flowing, *ints(operator.inputs)[1:]]
        (flowing,) = ints(operator.outputs)
        _to_float(graph.tensors[flowing])
    _to_float(floats)
    graph.operators = [*kept, moved, *(graph.operators[at] for at, _ in ends)]
    return pack_model(model)


def _to_float(tensor: Any) -> None:
    tensor.type, tensor.quantization = schema.TensorType.FLOAT32, None


def _chain(model: Any, graph: Any) -> list[tuple[int, Operator]]:
    """Return the last operators, from the first that floats may take over, with their places."""
    numbered = list(enumerate(operators(model, graph)))
    readers = Counter(position for _, operator in numbered for position in operator.inputs)
    makers = {output: (at, operator) for at, operator in numbered for output in operator.outputs}
    chain = [makers[output] for output in ints(graph.outputs)]
    if len(chain) != 1 or chain[0][1].name != CAST:
        return chain[-1:]
    while True:
        fed = chain[0][1].inputs[0]
        if fed not in makers or makers[fed][1].name not in ENDS or readers[fed] != 1:
            return chain
        chain.insert(0, makers[fed])
