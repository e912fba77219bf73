"""What goes into a `.tflite` file and what comes out, read without running or unfolding it.

For files of unknown origin: only the parts that are asked for are read, so that a file whose
tables name each other over and over costs no more than any other.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.flatfile import IDENTIFIER, MAX_BYTES, OPERATOR_NAMES, SCHEMA_VERSION
from edgetag.errors import InputError
from edgetag.userfiles import otherwise, read_file

METADATA_ENTRY = b"TFLITE_METADATA"
MOST_ENDS = 64
MOST_AXES = 16
MOST_ENTRIES = 1000
MOST_OPERATORS = 100_000
MOST_BUFFERS = 100_000
MOST_METADATA_BYTES = 1 << 20
"""Limits that no image classifier comes near; real metadata takes a few thousand bytes."""

TYPE_NAMES: dict[int, str] = {
    code: name.lower() for name, code in vars(schema.TensorType).items() if isinstance(code, int)
}

DATA_SLOT = 4
"""Of Buffer.data in the generated schema's table."""

PASSING = ("DEQUANTIZE", "QUANTIZE", "RESHAPE", "SQUEEZE")
"""Operators that leave scores what they are."""


@dataclass(frozen=True)
class End:
    """An input or output.

    `dtype` is as numpy names it, `open_axes` says whether an axis behind the first is left open
    until it runs. `scale` is the real value of one step, 0 where it has none, or several;
    `zero_point` is the value that stands for 0.
    """

    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int
    open_axes: bool

    @property
    def quantized(self) -> bool:
        """Whether it has one scale."""
        return self.scale > 0


@dataclass(frozen=True)
class Boundary:
    """What a file's first graph takes and gives.

    Attributes:
        inputs: In the file's order.
        outputs: Likewise.
        last_operator: What computes the first output, such as SOFTMAX; empty where not found.
        metadata: The TFLite metadata's flatbuffer; None where there is none.
        signatures: Signature → shapes of its outputs, in the file's order.
        first_signatures: Those of the first graph.
    """

    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    last_operator: str
    metadata: bytes | None
    signatures: dict[str, tuple[tuple[int, ...], ...]]
    first_signatures: tuple[str, ...]


def read_bytes(path: Path) -> bytes:
    """Return a model file's bytes.

    Raises:
        InputError: It is missing, no file, or larger than a model can be.
    """
    try:
        return read_file(path, "TensorFlow Lite model", MAX_BYTES)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def read_boundary(data: bytes, where: object) -> Boundary:
    """Read a `.tflite` file's ends.

    Raises:
        InputError: It is no TensorFlow Lite model, or damaged.
    """
    if data[4:8] != IDENTIFIER:
        raise InputError(
            f"{where}: not a TensorFlow Lite model (it lacks the mark {IDENTIFIER.decode()})"
            f"{otherwise(data)}"
        )
    try:
        model = schema.Model.GetRootAs(data, 0)
        if model.Version() != SCHEMA_VERSION:
            raise ValueError(f"schema version {model.Version()}, expected {SCHEMA_VERSION}")
        if not model.SubgraphsLength():
            raise ValueError("no graph")
        _check_buffers(model, len(data))
        _check_operator_codes(model)
        graph = model.Subgraphs(0)
        graph_of = _signatures(model)
        inputs = _positions(graph.Inputs, graph.InputsLength(), graph)
        outputs = _positions(graph.Outputs, graph.OutputsLength(), graph)
        return Boundary(
            inputs=tuple(_end(graph.Tensors(position)) for position in inputs),
            outputs=tuple(_end(graph.Tensors(position)) for position in outputs),
            last_operator=_maker(model, graph, outputs[0]) if outputs else "",
            metadata=_metadata(model),
            signatures={name: _output_shapes(model, at) for name, at in graph_of.items()},
            first_signatures=tuple(name for name, at in graph_of.items() if at == 0),
        )
    except Exception as error:  # reading damaged offsets raises nearly anything
        detail = str(error) or type(error).__name__
        raise InputError(
            f"{where}: a damaged or truncated TensorFlow Lite model ({detail})"
        ) from None


def _limited(count: int, most: int, what: str) -> int:
    if count > most:
        raise ValueError(f"{count} {what}, expected at most {most}")
    return count


def _check_buffers(model: Any, size: int) -> None:
    """Refuse stored values that do not lie in the file, all of them: it was cut, or is a bomb."""
    total = 0
    for position in range(_limited(model.BuffersLength(), MOST_BUFFERS, "buffers")):
        buffer = model.Buffers(position)
        # Files above 2 GiB keep values behind the flatbuffer; 0 and 1 mean that they do not.
        offset, length = buffer.Offset(), buffer.Size()
        if offset <= 1:
            place = buffer._tab.Offset(DATA_SLOT)
            length = buffer.DataLength()
            offset = buffer._tab.Vector(place) if place else 0
        if offset + length > size:
            raise ValueError(f"{offset + length - size} bytes are missing at its end")
        total += length
    _limited(total, size, "bytes of stored values")


def _check_operator_codes(model: Any) -> None:
    """Read what converters write last into the file; reading raises where it was cut."""
    for position in range(_limited(model.OperatorCodesLength(), MOST_ENTRIES, "operator codes")):
        code = model.OperatorCodes(position)
        code.BuiltinCode(), code.DeprecatedBuiltinCode(), code.Version(), code.CustomCode()


def _signatures(model: Any) -> dict[str, int]:
    """Return signature → position of its graph."""
    graph_of = {}
    for place in range(_limited(model.SignatureDefsLength(), MOST_ENDS, "signatures")):
        signature = model.SignatureDefs(place)
        at = signature.SubgraphIndex()
        if not 0 <= at < model.SubgraphsLength():
            raise ValueError(f"a signature's graph is {at} of {model.SubgraphsLength()}")
        graph_of[(signature.SignatureKey() or b"").decode(errors="replace")] = at
    return graph_of


def _output_shapes(model: Any, at: int) -> tuple[tuple[int, ...], ...]:
    graph = model.Subgraphs(at)
    outputs = _positions(graph.Outputs, graph.OutputsLength(), graph)
    return tuple(_end(graph.Tensors(position)).shape for position in outputs)


def _positions(get: Any, length: int, graph: Any) -> list[int]:
    positions = [int(get(i)) for i in range(_limited(length, MOST_ENDS, "inputs or outputs"))]
    for position in positions:
        if not 0 <= position < graph.TensorsLength():
            raise ValueError(f"a tensor's position is {position} of {graph.TensorsLength()}")
    return positions


def _end(tensor: Any) -> End:
    axes = _limited(tensor.ShapeLength(), MOST_AXES, "axes")
    scale, zero_point = _steps(tensor.Quantization())
    signed = _limited(tensor.ShapeSignatureLength(), MOST_AXES, "axes")
    return End(
        shape=tuple(int(tensor.Shape(axis)) for axis in range(axes)),
        dtype=TYPE_NAMES.get(tensor.Type(), f"type {tensor.Type()}"),
        scale=scale,
        zero_point=zero_point,
        open_axes=any(tensor.ShapeSignature(axis) < 0 for axis in range(1, signed)),
    )


def _steps(quantization: Any) -> tuple[float, int]:
    if quantization is None or quantization.ScaleLength() != 1:
        return 0.0, 0
    zero_point = quantization.ZeroPoint(0) if quantization.ZeroPointLength() else 0
    return float(quantization.Scale(0)), int(zero_point)


def _maker(model: Any, graph: Any, output: int) -> str:
    """Return the operator that computes a tensor, seen through those that only pass it on."""
    if graph.OperatorsLength() > MOST_OPERATORS:
        return ""
    wanted, name = output, ""
    for position in reversed(range(graph.OperatorsLength())):
        operator = graph.Operators(position)
        if not operator.OutputsLength() or operator.Outputs(0) != wanted:
            continue
        if not 0 <= operator.OpcodeIndex() < model.OperatorCodesLength():
            raise ValueError(f"an operator's code is {operator.OpcodeIndex()}")
        code = model.OperatorCodes(operator.OpcodeIndex())
        # Codes below 127 used to be stored in a byte of their own; the larger one is right.
        builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        name = OPERATOR_NAMES.get(builtin, f"builtin {builtin}")
        if name not in PASSING or not operator.InputsLength():
            return name
        wanted = operator.Inputs(0)
    return name


def _metadata(model: Any) -> bytes | None:
    for position in range(_limited(model.MetadataLength(), MOST_ENTRIES, "metadata entries")):
        entry = model.Metadata(position)
        if entry.Name() != METADATA_ENTRY:
            continue
        if not 0 <= entry.Buffer() < model.BuffersLength():
            raise ValueError(f"a metadata entry's buffer is {entry.Buffer()}")
        buffer = model.Buffers(entry.Buffer())
        if not buffer.DataLength():
            return None
        _limited(buffer.DataLength(), MOST_METADATA_BYTES, "bytes of metadata")
        return bytes(buffer.DataAsNumpy())
    return None
