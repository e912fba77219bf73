"""A `.tflite` file written by hand, so that reading can be tested without TensorFlow."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.flatfile import pack_model

FLOAT, INT = schema.TensorType.FLOAT32, schema.TensorType.INT32
KERNEL = np.array([[1, 0, 0], [0, 2, 0], [0, 0, -3], [1, 1, 1], [0, 0, 0]], dtype=np.float32)
"""`[tags, channels]`; 9 of 15 weights are zero."""


def handmade_model() -> Any:
    """Build image `[1, 4, 4, 3]` → 1x1 convolution → mean → sigmoid → scores `[1, 5]`."""
    model = schema.ModelT()
    model.version = 3
    model.buffers = [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.tensors = []

    def tensor(name: str, shape: list[int], kind: int, values: Any = None) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.type = name.encode(), shape, kind
        made.buffer = 0
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = list(values.tobytes())
            model.buffers.append(buffer)
            made.buffer = len(model.buffers) - 1
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    image = tensor("in", [1, 4, 4, 3], FLOAT)
    kernel = tensor("kernel", [5, 1, 1, 3], FLOAT, KERNEL.reshape(5, 1, 1, 3))
    bias = tensor("bias", [5], FLOAT, np.zeros(5, np.float32))
    axes = tensor("axes", [2], INT, np.array([1, 2], np.int32))
    maps = tensor("maps", [1, 4, 4, 5], FLOAT)
    logits = tensor("logits", [1, 5], FLOAT)
    scores = tensor("out", [1, 5], FLOAT)

    convolution, mean = schema.Conv2DOptionsT(), schema.ReducerOptionsT()
    convolution.strideW = convolution.strideH = 1
    mean.keepDims = False
    ops, options = schema.BuiltinOperator, schema.BuiltinOptions
    graph.operators, model.operatorCodes = [], []
    for builtin, kind, option, inputs, output in (
        (ops.CONV_2D, options.Conv2DOptions, convolution, [image, kernel, bias], maps),
        (ops.MEAN, options.ReducerOptions, mean, [maps, axes], logits),
        (ops.LOGISTIC, options.NONE, None, [logits], scores),
    ):
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = code.deprecatedBuiltinCode = builtin
        code.version = 1
        operator.opcodeIndex = len(model.operatorCodes)
        operator.builtinOptionsType, operator.builtinOptions = kind, option
        operator.inputs, operator.outputs = inputs, [output]
        model.operatorCodes.append(code)
        graph.operators.append(operator)
    graph.inputs, graph.outputs = [image], [scores]
    model.subgraphs = [graph]
    return model


def handmade_file() -> bytes:
    """Return the model's bytes."""
    return pack_model(handmade_model())
