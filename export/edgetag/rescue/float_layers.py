"""Layers kept in float: the float file's operators and weights in the quantized file."""

from collections.abc import Collection, Sequence
from copy import copy
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.flatfile import NO_TENSOR, ints
from edgetag.rescue.grafting import DEQUANTIZE, QUANTIZE, Graft, renamed

FLOAT32 = schema.TensorType.FLOAT32

DEQUANTIZE_VERSIONS = {schema.TensorType.INT16: 3}
"""Version that reads a type; 2 reads int8. From TensorFlow Lite's `op_version.cc`."""

QUANTIZE_VERSIONS = {schema.TensorType.INT16: 2}
"""Version that writes a type; 1 writes int8."""


class FloatGraft(Graft):
    """Kept layers compute in float32."""

    def twin(self, position: int) -> Any:
        """Return a float tensor of the same shape."""
        tensor = renamed(self.graph.tensors[position], "_float")
        tensor.type, tensor.quantization = FLOAT32, None
        return tensor

    def layer(self, original: Any, counterpart: Any) -> Any:
        """Return the float operator with the float file's constants."""
        operator = copy(counterpart)
        code = self.floating.operatorCodes[counterpart.opcodeIndex]
        builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
        operator.opcodeIndex = self.code(builtin, code.version)
        pairs = zip(ints(original.inputs), ints(counterpart.inputs), strict=True)
        operator.inputs = [
            ours if ours == NO_TENSOR or self.is_computed(ours) else self._constant(theirs)
            for ours, theirs in pairs
        ]
        return operator

    def casts_taken_over(self, operators: Sequence[Any], kept: Collection[int]) -> set[int]:
        """Let kept layers take and write floats themselves that a cast beside them has."""
        made = {output for place in kept for output in ints(operators[place].outputs)}
        taken_elsewhere = {
            source
            for place, operator in enumerate(operators)
            if place not in kept
            for source in ints(operator.inputs)
        } | set(ints(self.graph.outputs))
        taken = set()
        for place, operator in enumerate(operators):
            code = self.model.operatorCodes[operator.opcodeIndex]
            builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
            source, target = ints(operator.inputs)[0], ints(operator.outputs)[0]
            if builtin == DEQUANTIZE and source in made:
                self.twins[source] = target
                taken.add(place)
            elif builtin == QUANTIZE and self.graph.tensors[source].type == FLOAT32:
                self.twins[target] = source
                if target not in taken_elsewhere:
                    taken.add(place)
        return taken

    def casts(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return DEQUANTIZE and QUANTIZE."""
        kind = self._activation_type()
        return (
            (DEQUANTIZE, DEQUANTIZE_VERSIONS.get(kind, 2)),
            (QUANTIZE, QUANTIZE_VERSIONS.get(kind, 1)),
        )

    def _constant(self, position: int) -> int:
        """Copy a constant of the float file."""
        tensor = copy(self.floating.subgraphs[0].tensors[position])
        data = self.floating.buffers[tensor.buffer].data
        return self.add_tensor(tensor, data)

    def _activation_type(self) -> int:
        """Return int16 for an int16x8 file, else int8."""
        kinds = {tensor.type for tensor in self.graph.tensors}
        int16 = schema.TensorType.INT16
        return int16 if int16 in kinds else schema.TensorType.INT8
