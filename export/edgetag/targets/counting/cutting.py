"""Where a model can be cut off so that all of its beginning is still needed."""

from pathlib import Path

from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion import flatfile
from edgetag.targets.counting.cuts import Cut, Cuts

OUTPUTS_SLOT = 8
OPERATORS_SLOT = 10
"""Of a SubGraph's fields in TensorFlow Lite's schema, four and two for each field before."""


def find_cuts(path: Path) -> tuple[Cuts | None, tuple[str, ...]]:
    """Return the places of a file's first graph, and the names of all its operators.

    A place is behind an operator whose output is the only one that later operators use. There
    are no cuts (None) where the graph has several outputs.

    Args:
        path: A `.tflite` file.

    Raises:
        InputError: The file is damaged.
    """
    model = flatfile.read_model(path)  # refuses what is damaged
    graph = model.subgraphs[0]
    operators = list(flatfile.operators(model, graph))
    names = tuple(operator.name for operator in operators)
    if len(graph.outputs) != 1:
        return None, names
    cuts = []
    # What follows from constants alone, as weights of an fp16 file, is no result of a beginning.
    follow = {int(index) for index in graph.inputs}
    open_tensors: set[int] = set()
    for position, operator in enumerate(operators[:-1]):
        if not follow.isdisjoint(operator.inputs):
            follow |= set(operator.outputs)
            open_tensors |= set(operator.outputs)
        used = {i for later in operators[: position + 1] for i in later.inputs}
        ends = open_tensors - used
        if len(ends) == 1:
            cuts.append(Cut(operators=position + 1, output=ends.pop()))
    table = schema.Model.GetRootAs(path.read_bytes(), 0).Subgraphs(0)._tab
    return Cuts(
        operators_at=table.Vector(table.Offset(OPERATORS_SLOT)) - 4,
        output_at=table.Vector(table.Offset(OUTPUTS_SLOT)),
        cuts=tuple(cuts),
    ), names
