"""Parts of a model: some of its operators as a file of their own, which is run here.

A layer's numbers then come from the very kernels that will run the whole file, and every operator
runs once for a picture, however many layers are looked at.
"""

from collections.abc import Sequence
from copy import copy
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.calibration.pictures import Values
from edgetag.conversion.flatfile import NO_TENSOR, ints, pack_model
from edgetag.native_output import INFORMATION, quiet_stderr


class Part:
    """Some operators, loaded; one thread, so that equal pictures give equal numbers.

    Args:
        model: From `flatfile.parse_model`; it is read.
        operators: Of its first graph, in their order, or changed copies of them.
        inputs: Positions of the tensors that are fed.
        outputs: Positions of the tensors that are read.
    """

    def __init__(
        self, model: Any, operators: Sequence[Any], inputs: Sequence[int], outputs: Sequence[int]
    ) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        data = _cut_out(model, operators, self.inputs, self.outputs)
        with quiet_stderr(INFORMATION):
            self._interpreter = Interpreter(model_content=data, num_threads=1)
            self._interpreter.allocate_tensors()
        self._fed = [end["index"] for end in self._interpreter.get_input_details()]
        self._read = [end["index"] for end in self._interpreter.get_output_details()]

    def run(self, values: Sequence[Values]) -> dict[int, Values]:
        """Feed one picture's values of `inputs`; return output → its values."""
        for index, value in zip(self._fed, values, strict=True):
            self._interpreter.set_tensor(index, value)
        self._interpreter.invoke()
        read = (self._interpreter.get_tensor(index) for index in self._read)
        return dict(zip(self.outputs, read, strict=True))


def _cut_out(
    model: Any, operators: Sequence[Any], inputs: Sequence[int], outputs: Sequence[int]
) -> bytes:
    graph = model.subgraphs[0]
    ends = [end for operator in operators for end in (operator.inputs, operator.outputs)]
    used = {position for end in (*ends, inputs, outputs) for position in ints(end)} - {NO_TENSOR}
    place = {old: new for new, old in enumerate(sorted(used))} | {NO_TENSOR: NO_TENSOR}
    part, cut = copy(model), copy(graph)
    cut.tensors = [graph.tensors[position] for position in sorted(used)]
    cut.inputs, cut.outputs = ([place[i] for i in end] for end in (inputs, outputs))
    cut.operators = [copy(operator) for operator in operators]
    for operator in cut.operators:
        operator.inputs = [place[i] for i in ints(operator.inputs)]
        operator.outputs = [place[i] for i in ints(operator.outputs)]
    held = {tensor.buffer for tensor in cut.tensors}
    part.buffers = [
        buffer if position in held else schema.BufferT()
        for position, buffer in enumerate(model.buffers)
    ]
    part.subgraphs, part.metadata, part.signatureDefs = [cut], [], []
    return pack_model(part)
