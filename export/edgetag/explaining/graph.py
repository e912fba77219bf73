"""The layers of a `.tflite` file and which layer of another file each one is.

Quantizing keeps the operators and their order but for the conversions between integers and floats,
which are no layers of their own. Where an exporter fuses differently, what still lines up by
operator and shape is compared.
"""

from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from edgetag.conversion.flatfile import NUMPY_TYPES, ints, operators, read_model, tensor_name
from edgetag.errors import InputError
from edgetag.runtimes.session import Tensor

CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})
"""Operators that only change how numbers are stored."""

COMPARABLE = frozenset({"float32", "int8", "uint8", "int16"})

LEAST_ALIGNED = 0.5
"""Files with a smaller share of common layers are different networks."""


@dataclass(frozen=True)
class Layer:
    """One output of one operator.

    `position` is that of its output among the file's tensors.
    """

    operator: str
    position: int
    tensor: Tensor


@dataclass(frozen=True)
class Graph:
    """A file's image and its layers in order of execution."""

    image: Tensor
    layers: tuple[Layer, ...]


def read_graph(path: Path) -> Graph:
    """Read the first graph of a `.tflite` file, without the conversions of numbers.

    Raises:
        InputError: The file is damaged or takes no image.
    """
    model = read_model(path)
    graph = model.subgraphs[0]
    inputs = ints(graph.inputs)
    if len(inputs) != 1:
        raise InputError(f"{path}: {len(inputs)} inputs, expected one image; export it again")
    layers: list[Layer] = []
    for operator in operators(model, graph):
        if operator.name in CONVERSIONS:
            continue
        for position in operator.outputs:
            layers.append(Layer(operator.name, position, _tensor(graph.tensors[position])))
    return Graph(_tensor(graph.tensors[inputs[0]]), tuple(layers))


def align(reference: Graph, other: Graph) -> list[tuple[int, int]]:
    """Return which layers of two files are the same, as pairs of numbers in rising order.

    Layers correspond if operator and output shape agree and the order does too; a layer whose
    numbers cannot be compared is left out.

    Raises:
        InputError: Less than half of the reference's layers have a counterpart.
    """
    first = [(layer.operator, layer.tensor.shape) for layer in reference.layers]
    second = [(layer.operator, layer.tensor.shape) for layer in other.layers]
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    pairs = [
        (block.a + step, block.b + step)
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    ]
    if len(pairs) < LEAST_ALIGNED * len(first) or not pairs:
        raise InputError(
            f"only {len(pairs)} of {len(first)} layers of the fp32 file have a counterpart "
            f"among the {len(second)} of this one: they are different networks"
        )
    return [
        (a, b)
        for a, b in pairs
        if reference.layers[a].tensor.dtype == "float32" and _comparable(other.layers[b].tensor)
    ]


def _comparable(tensor: Tensor) -> bool:
    return tensor.dtype in COMPARABLE and (tensor.dtype == "float32" or tensor.scale > 0)


def _tensor(stored: Any) -> Tensor:
    quantization = stored.quantization
    scales = [] if quantization is None or quantization.scale is None else quantization.scale
    points = ints(None if quantization is None else quantization.zeroPoint)
    dtype = NUMPY_TYPES.get(stored.type)
    return Tensor(
        name=tensor_name(stored),
        shape=ints(stored.shape),
        dtype="other" if dtype is None else dtype.name,
        # Activations have one scale for all channels.
        scale=float(scales[0]) if len(scales) else 0.0,
        zero_point=points[0] if points else 0,
    )
