"""A model run in stretches over pictures, so that what lies ahead can still be changed."""

from collections.abc import Sequence
from typing import Any

from edgetag.conversion.calibration.parts import Part
from edgetag.conversion.calibration.pictures import Pictures, Values
from edgetag.conversion.flatfile import ints


class Walk:
    """Goes through the operators of a model in their order, with all pictures at once.

    Args:
        model: From `flatfile.parse_model`. Operators that were not walked over may change.
        pictures: What it is fed.
    """

    def __init__(self, model: Any, pictures: Pictures) -> None:
        self._model = model
        self._graph = model.subgraphs[0]
        self._start = 0
        self._known = {ints(self._graph.inputs)[0]: list(pictures.fed_to(model))}

    def advance(self, end: int) -> None:
        """Run what lies before an operator; what nothing reads from there on is forgotten."""
        if end == self._start:
            return
        operators, later = self._graph.operators[self._start : end], self._graph.operators[end:]
        needed = {position for operator in later for position in ints(operator.inputs)}
        made = {position for operator in operators for position in ints(operator.outputs)}
        kept = sorted(made & needed)
        computed = self._run(operators, kept)
        self._known = {at: values for at, values in self._known.items() if at in needed}
        self._known |= {at: [values[at] for values in computed] for at in kept}
        self._start = end

    def values(self, position: int) -> list[Values]:
        """Return a tensor that an operator ahead reads, of each picture."""
        return self._known[position]

    def next_output(self) -> list[Values]:
        """Return what the next operator would give for each picture, and stay where one is."""
        operator = self._graph.operators[self._start]
        (output,) = ints(operator.outputs)
        return [values[output] for values in self._run([operator], [output])]

    def _run(self, operators: Sequence[Any], outputs: Sequence[int]) -> list[dict[int, Values]]:
        read = {position for operator in operators for position in ints(operator.inputs)}
        fed = [position for position in self._known if position in read]
        part = Part(self._model, operators, fed, outputs)
        return [
            part.run(values)
            for values in zip(*(self._known[position] for position in fed), strict=True)
        ]
