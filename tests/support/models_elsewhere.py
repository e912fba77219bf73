"""Models as other tools make them, written by hand: ends, metadata and labels as asked for."""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion import metadata_schema
from edgetag.conversion.flatfile import pack_model
from tests.support.handmade_model import handmade_model

SIZE = 64
TAGS = ("a", "b", "c", "d", "e")
IMAGE, MAPS, LOGITS, SCORES = 0, 4, 5, 6
"""Positions of the tensors."""


def model_elsewhere(size: int = SIZE, last: str = "LOGISTIC", keep_dims: bool = False) -> Any:
    """Build image `[1, size, size, 3]` → scores `[1, 5]`, or `[1, 1, 1, 5]` with kept axes.

    Args:
        size: Height and width.
        last: LOGISTIC, SOFTMAX, or nothing for scores that are not squeezed into 0..1.
        keep_dims: Whether the mean keeps the axes it is taken over.
    """
    model = handmade_model()
    graph = model.subgraphs[0]
    graph.tensors[IMAGE].shape = [1, size, size, 3]
    graph.tensors[MAPS].shape = [1, size, size, 5]
    if keep_dims:
        graph.operators[1].builtinOptions.keepDims = True
        graph.tensors[LOGITS].shape = graph.tensors[SCORES].shape = [1, 1, 1, 5]
    if last == "SOFTMAX":
        code = model.operatorCodes[2]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.SOFTMAX
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        graph.operators[2].builtinOptionsType = schema.BuiltinOptions.SoftmaxOptions
        graph.operators[2].builtinOptions = options
    elif not last:
        graph.operators.pop()
        graph.outputs = [LOGITS]
    return model


def normalization(mean: Sequence[float], std: Sequence[float]) -> dict[str, Any]:
    return {"options": ("NormalizationOptions", {"mean": list(mean), "std": list(std)})}


def label_file(name: str = "labels.txt", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": metadata_schema.TENSOR_AXIS_LABELS, **more}


def metadata(
    units: Sequence[dict[str, Any]] = (),
    files: Sequence[dict[str, Any]] = (),
    image: dict[str, Any] | None = None,
    scores: dict[str, Any] | None = None,
) -> bytes:
    """Return a metadata flatbuffer with process units of the input and files of the output."""
    graph = {
        "input_tensor_metadata": [{"process_units": list(units), **(image or {})}],
        "output_tensor_metadata": [{"associated_files": list(files), **(scores or {})}],
    }
    return metadata_schema.encode({"name": "made elsewhere", "subgraph_metadata": [graph]})


def add_metadata(model: Any, data: bytes) -> Any:
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = list(data)
    entry.name, entry.buffer = b"TFLITE_METADATA", len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [entry]
    return model


def add_zip(
    data: bytes, files: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    archive_bytes = io.BytesIO(data)
    with zipfile.ZipFile(archive_bytes, "a", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return archive_bytes.getvalue()


def described(
    labels: Sequence[str] = TAGS,
    mean: Sequence[float] = (0.0,),
    std: Sequence[float] = (255.0,),
    **changes: Any,
) -> bytes:
    """Return a file as MediaPipe Model Maker writes it: metadata, labels, and softmax if asked."""
    model = model_elsewhere(**changes)
    add_metadata(model, metadata([normalization(mean, std)], [label_file()]))
    text = "".join(f"{label}\n" for label in labels).encode()
    return add_zip(pack_model(model), [("labels.txt", text)])
