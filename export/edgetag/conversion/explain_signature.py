"""The second signature `explain`: the scores, and beside them the map that each is the mean of.

The float model is not converted a second time. A second graph is made of the very operators and
tensors of the first, and gives one more of its values: the class activation maps, which the last
pooling averages. So it needs no calibration of its own, nothing about the scores can change, and
the file grows by some kilobytes: both graphs name the same tables of the file, weights and all.
"""

import math
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.flatfile import (
    NUMPY_TYPES,
    Operator,
    constant,
    ints,
    operators,
    tensor_name,
)
from edgetag.errors import InputError

SIGNATURE = "explain"
DEFAULT_SIGNATURE = "serving_default"
MAPS = "maps"

CASTS = ("QUANTIZE", "DEQUANTIZE")
SPATIAL_AXES = {1, 2}
"""Height and width; only the mean over both makes a score the mean of its map."""


@dataclass(frozen=True)
class ExplainMaps:
    """The maps that a file gives.

    Attributes:
        height: Of a map, in cells.
        width: Likewise.
        mean_step: Real value of one step of the mean of a map, as the file computes it from the
            maps on its way to the score; 0 for floats.
        mean_low: Smallest value that it can hold,
        mean_high: and largest.
    """

    height: int
    width: int
    mean_step: float
    mean_low: float
    mean_high: float


def add_explain(model: Any, where: object) -> None:
    """Add the signature to a model, in place; see the module.

    Its outputs are `scores`, as in the first graph, and `maps` `[1, height, width, tags]` in the
    same element type: what casts the scores at the end casts the maps likewise.

    The model has one graph and one signature.

    Raises:
        InputError: The scores are not the sigmoid of the mean of maps.
    """
    graph = model.subgraphs[0]
    (default,) = model.signatureDefs
    chain, position = _chain(model, graph, where)
    second = copy(graph)
    second.name = SIGNATURE.encode()
    # The same objects: `pack_model` writes once what several graphs hold.
    second.tensors, second.operators = list(graph.tensors), list(graph.operators)
    maps = copy(graph.tensors[position])
    maps.name = MAPS.encode()
    (scores,) = ints(graph.outputs)
    last = chain[0]
    if last.name in CASTS:
        if graph.tensors[last.inputs[0]].type != maps.type:
            raise InputError(f"{where}: the maps have another element type than the scores")
        second.tensors.append(_cast_like(graph, scores, last.inputs[0], maps))
        second.operators.append(_copied(model, graph, scores, position, len(graph.tensors)))
        given = len(graph.tensors)
    else:
        second.tensors[position] = maps
        given = position
    second.outputs = [scores, given]
    model.subgraphs.append(second)
    model.signatureDefs = [default, _signature(default, scores, given)]


def read_explain(model: Any, where: object) -> ExplainMaps | None:
    """Return what maps a file gives, or None where it has no such signature.

    Raises:
        InputError: It has one that edgetag did not write.
    """
    signatures = [s for s in model.signatureDefs or [] if s.signatureKey == SIGNATURE.encode()]
    if not signatures:
        return None
    if len(model.subgraphs) <= signatures[0].subgraphIndex:
        raise InputError(f"{where}: its signature {SIGNATURE} names a graph that is not there")
    graph = model.subgraphs[signatures[0].subgraphIndex]
    chain, position = _chain(model, graph, where)
    _, height, width, _ = ints(graph.tensors[position].shape)
    return ExplainMaps(height, width, *_range(graph.tensors[chain[-1].outputs[0]]))


def without_explain(model: Any) -> None:
    """Take the signature and its graph out of a model, in place; others stay."""
    model.signatureDefs = [
        signature
        for signature in model.signatureDefs or []
        if signature.signatureKey != SIGNATURE.encode()
    ]
    model.subgraphs = model.subgraphs[:1]


def _chain(model: Any, graph: Any, where: object) -> tuple[list[Operator], int]:
    """Follow the scores back to the mean that makes them, and return its input's position.

    Returns:
        The operators from the scores' own back to the mean, and the maps' position.
    """
    makers = {output: op for op in operators(model, graph) for output in op.outputs}
    outputs = ints(graph.outputs)
    chain: list[Operator] = []
    position = outputs[0] if outputs else -1
    while position in makers and len(chain) <= len(makers):
        op = makers[position]
        chain.append(op)
        position = op.inputs[0]
        if op.name == "MEAN":
            break
        if op.name not in (*CASTS, "LOGISTIC"):
            break
    names = [op.name for op in chain if op.name not in CASTS]
    if names != ["LOGISTIC", "MEAN"] or not _averages(model, graph, chain[-1], outputs[0]):
        raise InputError(
            f"{where}: its scores are not the sigmoid of the mean of maps, so it has no maps to "
            "give; take the variant out of export.explain"
        )
    return chain, position


def _averages(model: Any, graph: Any, mean: Operator, scores: int) -> bool:
    """Tell whether a MEAN goes from `[1, h, w, tags]` over height and width to the scores."""
    axes = constant(model, graph.tensors[mean.inputs[1]])
    shape, tags = ints(graph.tensors[mean.inputs[0]].shape), ints(graph.tensors[scores].shape)
    if axes is None or len(shape) != 4:
        return False
    return {int(axis) for axis in axes.ravel()} == SPATIAL_AXES and shape[3] == tags[-1]


def _cast_like(graph: Any, scores: int, before: int, maps: Any) -> Any:
    """Return the tensor of the maps in the type of the scores.

    Its scale is that of the maps; its zero point is as far from theirs as the cast moves that of
    the scores, so that a cast between integers of 8 bits changes no value.
    """
    tensor = copy(graph.tensors[scores])
    tensor.name, tensor.shape = MAPS.encode(), maps.shape
    tensor.shapeSignature = None
    quantization = tensor.quantization
    if quantization is not None and quantization.scale is not None and len(quantization.scale):
        moved = int(quantization.zeroPoint[0]) - _zero_point(graph.tensors[before])
        tensor.quantization = copy(maps.quantization)
        tensor.quantization.zeroPoint = [_zero_point(maps) + moved]
    return tensor


def _copied(model: Any, graph: Any, scores: int, source: int, target: int) -> Any:
    """Return the operator that makes the scores, with other ends."""
    at = next(i for i, op in enumerate(operators(model, graph)) if scores in op.outputs)
    operator = copy(graph.operators[at])
    operator.inputs, operator.outputs = [source], [target]
    return operator


def _signature(default: Any, scores: int, maps: int) -> Any:
    signature = copy(default)
    signature.signatureKey, signature.subgraphIndex = SIGNATURE.encode(), 1
    signature.outputs = []
    for name, position in ((default.outputs[0].name, scores), (MAPS.encode(), maps)):
        end = schema.TensorMapT()
        end.name, end.tensorIndex = name, position
        signature.outputs.append(end)
    return signature


def _zero_point(tensor: Any) -> int:
    return int(tensor.quantization.zeroPoint[0])


def _range(tensor: Any) -> tuple[float, float, float]:
    """Return one step, the smallest and the largest value of a tensor."""
    scales = tensor.quantization.scale if tensor.quantization else None
    if scales is None or not len(scales):
        return 0.0, -math.inf, math.inf
    limits, step = np.iinfo(NUMPY_TYPES[tensor.type]), float(scales[0])
    zero = _zero_point(tensor)
    return step, step * (int(limits.min) - zero), step * (int(limits.max) - zero)


def check_explain(model: Any, where: object) -> None:
    """Refuse a file whose two signatures do not share everything.

    Subgraph 0 must stay the scores, since whoever runs a file without naming a signature gets
    that one; the second graph must take the same image and hold no weight of its own.

    Raises:
        InputError: A signature is missing or elsewhere, or weights are in the file twice.
    """
    places = {s.signatureKey.decode(): s.subgraphIndex for s in model.signatureDefs or []}
    if places != {DEFAULT_SIGNATURE: 0, SIGNATURE: 1}:
        raise InputError(f"{where}: its signatures are {places}; export it again")
    first, second = model.subgraphs
    if ints(first.inputs) != ints(second.inputs) or ints(second.outputs)[0] not in ints(
        first.outputs
    ):
        raise InputError(f"{where}: its signatures take other images or give other scores")
    own = stored_bytes(model, second, besides=first)
    if own:
        names = ", ".join(f"{name} ({size} bytes)" for name, size in list(own.items())[:3])
        raise InputError(
            f"{where}: {sum(own.values())} bytes of weights are of {SIGNATURE} alone, such as "
            f"{names}; export it again"
        )


def stored_bytes(model: Any, graph: Any, besides: Any = None) -> dict[str, int]:
    """Return tensor → bytes of each buffer that a graph uses and another does not.

    Each buffer is counted once; those of `besides` are left out.
    """
    skipped = {tensor.buffer for tensor in (besides.tensors if besides is not None else [])}
    sizes: dict[str, int] = {}
    for tensor in graph.tensors:
        data = model.buffers[tensor.buffer].data
        if tensor.buffer not in skipped and data is not None and len(data):
            skipped.add(tensor.buffer)
            sizes[tensor_name(tensor)] = len(data)
    return sizes
