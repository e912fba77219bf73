"""The layers of a quantized file, each with its counterpart in a float file of the same network."""

import re
from dataclasses import dataclass
from typing import Any

from edgetag.conversion.checks import FLOAT_TYPES
from edgetag.conversion.flatfile import Operator, operators, tensor_name
from edgetag.errors import InputError

CASTS = ("QUANTIZE", "DEQUANTIZE")
"""Only change the type of a number; no layers, and without counterpart in the float file."""

_READ = re.compile(r"/ReadVariableOp\d*$")
"""Behind an operator: the reading of its weights."""


@dataclass(frozen=True)
class Layer:
    """One operator that both files have.

    Attributes:
        name: Name of its output tensor in the float file; unique.
        operator: Such as `CONV_2D`.
        quantized: Its position among the quantized file's operators.
        floating: Its position among the float file's.
    """

    name: str
    operator: str
    quantized: int
    floating: int

    @property
    def label(self) -> str:
        """See `label`."""
        return label(self.name)


def label(name: str) -> str:
    """Return the network's name of a layer, for people.

    The converter names a tensor after everything that it fused, such as
    `net/stem_relu/Relu6;net/stem_bn/FusedBatchNormV3;net/stem/Conv2D`; the shortest is the layer
    that holds the weights.
    """
    parts = [_READ.sub("", part).split("/") for part in name.split(";")]
    return min((part[-2] for part in parts if len(part) > 1), key=len, default=name)


def matched_layers(quantized: Any, floating: Any, where: object) -> tuple[Layer, ...]:
    """Match the operators of two files one by one, in order of execution.

    What computes in float in the quantized file too, such as its scores, is no layer of it.

    Args:
        quantized: The quantized model, from `flatfile.read_model`.
        floating: The float model of the same network.
        where: The quantized file, for the error's text.

    Raises:
        InputError: The files do not hold the same operators with outputs of the same shapes.
    """
    ours, theirs = _computing(quantized), _computing(floating)
    same = len(ours) == len(theirs) and all(
        a.name == b.name
        and len(a.inputs) == len(b.inputs)
        and _shapes(quantized, a) == _shapes(floating, b)
        for (_, a), (_, b) in zip(ours, theirs, strict=True)
    )
    if not same:
        raise InputError(
            f"{where}: its {len(ours)} operators are not those of the float network "
            f"({len(theirs)}) one by one, so no layer has its counterpart; make both with the same "
            "converter"
        )
    tensors = floating.subgraphs[0].tensors
    return tuple(
        Layer(tensor_name(tensors[b.outputs[0]]), b.name, quantized=i, floating=j)
        for (i, a), (j, b) in zip(ours, theirs, strict=True)
        if quantized.subgraphs[0].tensors[a.outputs[0]].type not in FLOAT_TYPES
    )


def _computing(model: Any) -> list[tuple[int, Operator]]:
    numbered = enumerate(operators(model, model.subgraphs[0]))
    return [(position, op) for position, op in numbered if op.name not in CASTS]


def _shapes(model: Any, op: Operator) -> list[list[int]]:
    tensors = model.subgraphs[0].tensors
    return [[int(n) for n in tensors[position].shape] for position in op.outputs]
