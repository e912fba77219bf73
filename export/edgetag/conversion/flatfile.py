"""Reading and writing `.tflite` files as flatbuffers, without running them.

The object API of `ai_edge_litert.schema_py_generated` gives plain Python objects for every table
of TensorFlow Lite's schema. Reading trusts nothing: whatever the bytes are, the outcome is a model
whose indices are all in range, or an `InputError`.
"""

import gzip
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edgetag.errors import InputError
from edgetag.userfiles import otherwise

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
MAX_BYTES = 2**31 - 1
"""Flatbuffers hold offsets in 31 bits."""

BUFFER_ALIGNMENT = 16
"""`force_align` of Buffer.data in the schema; kernels read weights where they lie in the file."""

MOST_UNFOLDED = 4
"""Most bytes that tables may name, in sizes of their file: two graphs may share all that they have.
Where tables name each other over and over, a small file would fill any memory."""

LEAST_TABLE_BYTES = 8
"""Of a table: where it lies, and where its fields are listed."""

GZIP_LEVEL = 9

NO_TENSOR = -1
"""Marks an optional input that is left out."""

OPERATOR_NAMES: dict[int, str] = {
    code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)
}

NUMPY_TYPES: dict[int, np.dtype[Any]] = {
    schema.TensorType.FLOAT32: np.dtype("<f4"),
    schema.TensorType.FLOAT16: np.dtype("<f2"),
    schema.TensorType.FLOAT64: np.dtype("<f8"),
    schema.TensorType.INT8: np.dtype("i1"),
    schema.TensorType.UINT8: np.dtype("u1"),
    schema.TensorType.INT16: np.dtype("<i2"),
    schema.TensorType.INT32: np.dtype("<i4"),
    schema.TensorType.INT64: np.dtype("<i8"),
}


@dataclass(frozen=True)
class Operator:
    """One operator of the graph.

    Attributes:
        name: As TensorFlow Lite names it, such as `CONV_2D`.
        version: Version of the operator that the runtime must have.
        inputs: Tensor positions; -1 where an optional input is left out.
        outputs: Tensor positions.
    """

    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_model(path: Path) -> Any:
    """Read a `.tflite` file.

    Returns:
        A `ModelT` whose indices (operator codes, tensors, buffers) are all in range.

    Raises:
        InputError: The file is missing, empty, truncated, or not a TensorFlow Lite model.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: over 2 GiB, which no TensorFlow Lite model can be")
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: missing; run: edgetag export") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_model(data, path)


def parse_model(data: bytes, where: object) -> Any:
    """Parse the bytes of a `.tflite` file; see `read_model`."""
    if not data:
        raise InputError(f"{where}: the file is empty; export it again")
    if data[4:8] != IDENTIFIER:
        raise InputError(
            f"{where}: not a TensorFlow Lite model (it lacks the mark {IDENTIFIER.decode()})"
            f"{otherwise(data)}; "
            "export it again"
        )
    try:
        root = schema.Model.GetRootAs(data, 0)
        _check_unfolded(root, len(data))
        model = schema.ModelT.InitFromObj(root)
        _take_in_values(model, data)
        _check_structure(model)
    except Exception as error:  # reading damaged offsets raises nearly anything
        detail = str(error) or type(error).__name__
        raise InputError(
            f"{where}: a damaged or truncated TensorFlow Lite model ({detail}); export it again"
        ) from None
    return model


def _check_unfolded(model: Any, size: int) -> None:
    """Refuse a file that would be read into far more objects than it has bytes for."""
    left = MOST_UNFOLDED * size
    for length in _lengths(model):
        left -= LEAST_TABLE_BYTES + length
        if left < 0:
            raise ValueError(f"it unfolds to more than {MOST_UNFOLDED} times its size")


def _lengths(model: Any) -> Iterator[int]:
    """Yield of each table that may be named more than once how many bytes it names itself."""
    for place in range(model.SubgraphsLength()):
        graph = model.Subgraphs(place)
        yield len(graph.Name() or b"") + 4 * (graph.InputsLength() + graph.OutputsLength())
        for position in range(graph.TensorsLength()):
            tensor, sparsity = graph.Tensors(position), graph.Tensors(position).Sparsity()
            parts = tensor.VariantTensorsLength()
            parts += 0 if sparsity is None else sparsity.DimMetadataLength()
            yield len(tensor.Name() or b"") + 4 * tensor.ShapeLength() + LEAST_TABLE_BYTES * parts
        for position in range(graph.OperatorsLength()):
            operator = graph.Operators(position)
            yield 4 * (operator.InputsLength() + operator.OutputsLength())
    for place in range(model.SignatureDefsLength()):
        signature = model.SignatureDefs(place)
        ends = signature.InputsLength() + signature.OutputsLength()
        yield len(signature.SignatureKey() or b"") + LEAST_TABLE_BYTES * ends
    for place in range(model.OperatorCodesLength()):
        yield len(model.OperatorCodes(place).CustomCode() or b"")
    for place in range(model.MetadataLength()):
        yield len(model.Metadata(place).Name() or b"")


def _take_in_values(model: Any, data: bytes) -> None:
    """Take in stored values that lie behind the flatbuffer, as litert-quantizer writes them."""
    for buffer in model.buffers or []:
        if buffer.offset > 1:  # 0 and 1 mean that they do not
            if buffer.offset + buffer.size > len(data):
                raise ValueError("stored values are missing at its end")
            stored = np.frombuffer(data, np.uint8, buffer.size, buffer.offset)
            buffer.data, buffer.offset, buffer.size = stored, 0, 0


def _check_structure(model: Any) -> None:
    if model.version != SCHEMA_VERSION:
        raise ValueError(f"schema version {model.version}, expected {SCHEMA_VERSION}")
    if not model.subgraphs or not model.buffers:
        raise ValueError("no graph or no buffers")
    for subgraph in model.subgraphs:
        tensors = subgraph.tensors or []
        for tensor in tensors:
            _within(tensor.buffer, len(model.buffers), "a tensor's buffer")
        operators = subgraph.operators or []
        for operator in operators:
            _within(operator.opcodeIndex, len(model.operatorCodes or []), "an operator's code")
        for owner in (subgraph, *operators):
            for index in (*ints(owner.inputs), *ints(owner.outputs)):
                if index != NO_TENSOR:
                    _within(index, len(tensors), "a tensor's position")
    for entry in model.metadata or []:
        _within(entry.buffer, len(model.buffers), "a metadata entry's buffer")


def _within(index: int, count: int, what: str) -> None:
    if not 0 <= index < count:
        raise ValueError(f"{what} is {index}, but there are {count}")


def ints(values: Any) -> tuple[int, ...]:
    """Return a vector of the file as plain integers; one that is left out is empty."""
    return () if values is None else tuple(int(v) for v in values)


class _AlignedBuffer(schema.BufferT):
    """A buffer that is written at a multiple of 16 bytes.

    The generated Python drops the schema's `force_align`, so its weights would land anywhere.
    """

    def Pack(self, builder: Any) -> int:  # noqa: N802 (overrides generated code)
        """Write the bytes and the table; return the table's offset."""
        offset = None
        if self.data is not None and len(self.data):
            raw = np.asarray(self.data, dtype=np.uint8).tobytes()
            builder.StartVector(1, len(raw), BUFFER_ALIGNMENT)
            builder.head -= len(raw)
            builder.Bytes[builder.head : builder.head + len(raw)] = raw
            offset = builder.EndVector()
        schema.BufferStart(builder)
        if offset is not None:
            schema.BufferAddData(builder, offset)
        return int(schema.BufferEnd(builder))


class _Once:
    """A table that several graphs hold, written once: what names it twice, finds it twice."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._offset: int | None = None

    def Pack(self, builder: Any) -> int:  # noqa: N802 (stands in for generated code)
        """Return the table's offset, and write it first where that was not done yet."""
        if self._offset is None:
            self._offset = int(self._table.Pack(builder))
        return self._offset


def _sharing(graphs: list[Any]) -> list[Any]:
    """Return copies of graphs, whose common tensors and operators are written once."""
    tables: dict[int, _Once] = {}

    def shared(parts: list[Any] | None) -> list[_Once]:
        return [tables.setdefault(id(part), _Once(part)) for part in parts or []]

    copies = [copy(graph) for graph in graphs]
    for graph in copies:
        graph.tensors, graph.operators = shared(graph.tensors), shared(graph.operators)
    return copies


def pack_model(model: Any) -> bytes:
    """Return the bytes of a `ModelT`; the same model always gives the same bytes.

    A tensor or operator that is in several graphs, as the same object, is written once.
    """
    for position, buffer in enumerate(model.buffers):
        aligned = _AlignedBuffer()
        aligned.data = buffer.data
        model.buffers[position] = aligned
    size = sum(0 if b.data is None else len(b.data) for b in model.buffers)
    builder = flatbuffers.Builder(size + (1 << 16))
    packed = copy(model)
    if len(model.subgraphs) > 1:
        packed.subgraphs = _sharing(model.subgraphs)
    builder.Finish(packed.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def gzip_size(data: bytes) -> int:
    """Return the size of a file after gzip, about what a store download costs."""
    return len(gzip.compress(data, GZIP_LEVEL, mtime=0))


def operators(model: Any, graph: Any) -> Iterator[Operator]:
    """Yield the operators of one of the model's graphs, in order of execution."""
    for operator in graph.operators or []:
        code = model.operatorCodes[operator.opcodeIndex]
        # Codes below 127 used to be stored in a byte of their own; the larger one is right.
        builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
        yield Operator(
            name=OPERATOR_NAMES.get(builtin, f"builtin {builtin}"),
            version=code.version,
            inputs=ints(operator.inputs),
            outputs=ints(operator.outputs),
        )


def all_operators(model: Any) -> Iterator[Operator]:
    """Yield the operators of every graph."""
    for graph in model.subgraphs:
        yield from operators(model, graph)


def tensor_name(tensor: Any) -> str:
    """Return a tensor's name as text, whatever its bytes."""
    return (tensor.name or b"").decode(errors="replace")


def constant(model: Any, tensor: Any) -> npt.NDArray[Any] | None:
    """Return a tensor's stored values in its shape, or None where it is computed at run time.

    Raises:
        ValueError: The stored bytes do not fill the shape.
    """
    data = model.buffers[tensor.buffer].data
    if data is None or not len(data) or tensor.type not in NUMPY_TYPES:
        return None
    values = np.frombuffer(np.asarray(data, dtype=np.uint8).tobytes(), NUMPY_TYPES[tensor.type])
    return values.reshape(ints(tensor.shape))
