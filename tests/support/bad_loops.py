"""Models that no runtime can bear: a loop without an end, its own body, too large."""

import copy
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.flatfile import pack_model
from tests.support.models_elsewhere import LOGITS, SCORES, model_elsewhere


def _tensor(name: bytes, shape: list[int], kind: int, buffer: int = 0) -> Any:
    made = schema.TensorT()
    made.name, made.shape, made.type, made.buffer = name, shape, kind, buffer
    return made


def _graph(tensors: list[Any], inputs: list[int], outputs: list[int], operators: list[Any]) -> Any:
    graph = schema.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs = tensors, inputs, outputs
    graph.operators = operators
    return graph


def endless_model() -> bytes:
    """Return image `[1, 64, 64, 3]` → scores `[1, 5]` through `while (true) x = sigmoid(x)`."""
    return pack_model(_looping())


def crashing_model() -> bytes:
    """Return the endless model with the loop in its own body: preparing it overflows the stack."""
    model = _looping()
    inner = copy.deepcopy(model.subgraphs[0].operators[2])
    inner.inputs, inner.outputs = [0], [1]
    model.subgraphs[2].operators = [inner]
    return pack_model(model)


def _looping() -> Any:
    model = model_elsewhere()
    kind = schema.TensorType
    true = schema.BufferT()
    true.data = [1]
    model.buffers.append(true)
    step = schema.OperatorT()
    step.opcodeIndex, step.inputs, step.outputs = 2, [0], [1]  # LOGISTIC
    value = [_tensor(b"x", [1, 5], kind.FLOAT32), _tensor(b"y", [1, 5], kind.FLOAT32)]
    always = _tensor(b"true", [1], kind.BOOL, len(model.buffers) - 1)
    condition = _graph([value[0], always], [0], [1], [])
    model.subgraphs += [condition, _graph(value, [0], [1], [step])]
    code, loop = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.WHILE
    code.version = 1
    model.operatorCodes.append(code)
    loop.opcodeIndex = len(model.operatorCodes) - 1
    loop.builtinOptionsType = schema.BuiltinOptions.WhileOptions
    loop.builtinOptions = schema.WhileOptionsT()
    loop.builtinOptions.condSubgraphIndex, loop.builtinOptions.bodySubgraphIndex = 1, 2
    loop.inputs, loop.outputs = [LOGITS], [SCORES]
    model.subgraphs[0].operators[2] = loop
    return model


def hungry_model(values: int) -> bytes:
    """Return image → scores `[1, 5]` that on its way fills so many float32 values, for nothing."""
    model = model_elsewhere()
    kind, graph = schema.TensorType, model.subgraphs[0]
    side = int(values**0.5)
    for data in (np.array([side, side], np.int32), np.array([1.0], np.float32)):
        buffer = schema.BufferT()
        buffer.data = list(data.tobytes())
        model.buffers.append(buffer)
    last = len(model.buffers) - 1
    graph.tensors += [
        _tensor(b"shape", [2], kind.INT32, last - 1),
        _tensor(b"value", [], kind.FLOAT32, last),
        _tensor(b"filled", [side, side], kind.FLOAT32),
    ]
    code, fill = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FILL
    code.version = 1
    model.operatorCodes.append(code)
    fill.opcodeIndex = len(model.operatorCodes) - 1
    count = len(graph.tensors)
    fill.inputs, fill.outputs = [count - 3, count - 2], [count - 1]
    graph.operators.append(fill)
    return pack_model(model)
