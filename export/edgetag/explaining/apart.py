"""A float file taken apart: each layer can be run on inputs that come from elsewhere."""

from collections.abc import Sequence
from pathlib import Path

from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.flatfile import ints, pack_model, read_model


def take_apart(path: Path, positions: Sequence[int]) -> tuple[bytes, list[int]]:
    """Cut a `.tflite` file behind some tensors.

    Each of them gets a twin that is an input of the file, and whatever read the tensor reads the
    twin. The tensor itself is still computed, and becomes an output.

    Args:
        path: The file; only its first graph is kept.
        positions: Tensors, each the output of an operator.

    Returns:
        The file cut up, and each tensor's twin by position. Other positions stay as they are, and
        the first input is still the image.

    Raises:
        InputError: The file is damaged.
    """
    model = read_model(path)
    graph = model.subgraphs[0]
    twins: dict[int, int] = {}
    for position in positions:
        original, twin = graph.tensors[position], schema.TensorT()
        twin.name = (original.name or b"") + b" (fed)"
        twin.shape, twin.type = original.shape, original.type
        twin.buffer = 0  # by convention the empty one
        twins[position] = len(graph.tensors)
        graph.tensors.append(twin)
    for operator in graph.operators:
        operator.inputs = [twins.get(position, position) for position in ints(operator.inputs)]
    graph.inputs = [*ints(graph.inputs), *twins.values()]
    graph.outputs = list(twins)
    model.subgraphs = [graph]
    model.signatureDefs = []  # they name inputs and outputs that are others now
    return pack_model(model), [twins[position] for position in positions]
