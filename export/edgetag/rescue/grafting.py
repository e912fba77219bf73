"""Exchanging layers of a quantized file; every other layer stays as it is, bit for bit.

A kept layer computes in another type. What flows into it from a quantized layer is cast before,
what a quantized layer takes from it is cast behind; between two kept layers nothing is cast.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from copy import copy
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.flatfile import NO_TENSOR, ints, pack_model
from edgetag.conversion.layers import Layer

NO_BUFFER = 0
"""The buffer of tensors that are computed, which the format wants to be empty."""

QUANTIZE, DEQUANTIZE = schema.BuiltinOperator.QUANTIZE, schema.BuiltinOperator.DEQUANTIZE


class Graft(ABC):
    """One exchange of layers.

    Args:
        quantized: The quantized model, from `flatfile.read_model`; it is changed.
        floating: The float model of the same network; it is read.
    """

    def __init__(self, quantized: Any, floating: Any) -> None:
        self.model = quantized
        self.graph = quantized.subgraphs[0]
        self.floating = floating
        self.twins: dict[int, int] = {}
        self._operators: list[Any] = []

    @abstractmethod
    def twin(self, position: int) -> Any:
        """Make the tensor that holds a quantized tensor's values in the kept layers' type."""

    @abstractmethod
    def layer(self, original: Any, counterpart: Any) -> Any:
        """Make the kept layer's operator; activations are still the quantized ones.

        Args:
            original: The operator in the quantized file.
            counterpart: The operator in the float file.
        """

    @abstractmethod
    def casts(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return operator and version of the casts to and from the kept layers' type."""

    def apply(self, kept: Collection[Layer]) -> bytes:
        """Return the `.tflite` file, without the labels that were appended to it."""
        there, back = self.casts()
        exchanged = {layer.quantized: layer.floating for layer in kept}
        originals = list(self.graph.operators)
        still_quantized = set(ints(self.graph.outputs))
        dropped = self.casts_taken_over(originals, exchanged)
        for position, operator in enumerate(originals):
            if position not in exchanged and position not in dropped:
                still_quantized |= set(ints(operator.inputs))
        made: set[int] = set()
        for position, original in enumerate(originals):
            if position in dropped:
                continue
            if position not in exchanged:
                self._operators.append(original)
                continue
            counterpart = self.floating.subgraphs[0].operators[exchanged[position]]
            operator = self.layer(original, counterpart)
            flowing = [i for i in ints(original.inputs) if self.is_computed(i)]
            for source in flowing:
                if source not in self.twins:
                    self._cast(source, self._twin(source), *there)
            outputs = ints(original.outputs)
            operator.inputs = [self.twins.get(i, i) for i in ints(operator.inputs)]
            operator.outputs = [self._twin(i) for i in outputs]
            made |= set(outputs)
            self._operators.append(operator)
            for target in outputs:
                if target in still_quantized:
                    self._cast(self.twins[target], target, *back)
        self.graph.operators = self._operators
        _compact(self.model)
        return pack_model(self.model)

    def casts_taken_over(self, operators: Sequence[Any], kept: Collection[int]) -> set[int]:  # noqa: ARG002
        """Return the operators that fall away since a kept layer gives what they cast to."""
        return set()

    def is_computed(self, position: int) -> bool:
        """Tell whether a tensor of the quantized file has no stored values."""
        if position == NO_TENSOR:
            return False
        data = self.model.buffers[self.graph.tensors[position].buffer].data
        return data is None or not len(data)

    def add_tensor(self, tensor: Any, values: "np.ndarray[Any, Any] | None" = None) -> int:
        """Append a tensor, with stored values or computed; return its position."""
        tensor.buffer = NO_BUFFER
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
            tensor.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def code(self, builtin: int, version: int) -> int:
        """Return the position of an operator's code, a new one where there is none."""
        for position, code in enumerate(self.model.operatorCodes):
            known = max(code.builtinCode, code.deprecatedBuiltinCode)
            if (known, code.version) == (builtin, version):
                return position
        code = schema.OperatorCodeT()
        code.builtinCode, code.version = builtin, version
        code.deprecatedBuiltinCode = min(builtin, 127)  # the byte that old readers look at
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1

    def _twin(self, position: int) -> int:
        if position not in self.twins:
            self.twins[position] = self.add_tensor(self.twin(position))
        return self.twins[position]

    def _cast(self, source: int, target: int, builtin: int, version: int) -> None:
        operator = schema.OperatorT()
        operator.opcodeIndex = self.code(builtin, version)
        operator.inputs, operator.outputs = [source], [target]
        self._operators.append(operator)


def renamed(tensor: Any, ending: str) -> Any:
    """Return a copy of a tensor under another name; names should be unique in a file."""
    twin = copy(tensor)
    twin.name = (tensor.name or b"") + ending.encode()
    return twin


def _compact(model: Any) -> None:
    """Drop what no operator uses any more, so that exchanged weights do not stay in the file."""
    graph = model.subgraphs[0]
    used = sorted({i for i in _references(graph) if i != NO_TENSOR})
    place = {old: new for new, old in enumerate(used)} | {NO_TENSOR: NO_TENSOR}
    for owner in (graph, *graph.operators):
        owner.inputs = np.array([place[i] for i in ints(owner.inputs)], np.int32)
        owner.outputs = np.array([place[i] for i in ints(owner.outputs)], np.int32)
    for signature in model.signatureDefs or []:
        for end in (*signature.inputs, *signature.outputs):
            end.tensorIndex = place[end.tensorIndex]
    graph.tensors = [graph.tensors[i] for i in used]
    held = {tensor.buffer for tensor in graph.tensors}
    held |= {entry.buffer for entry in model.metadata or []}
    for position, buffer in enumerate(model.buffers):
        if position not in held:
            buffer.data = None


def _references(graph: Any) -> Iterator[int]:
    for owner in (graph, *graph.operators):
        yield from ints(owner.inputs)
        yield from ints(owner.outputs)
