"""An ONNX file made by hand: scores are sigmoids of weighted means of the colours."""

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgetag.conversion.result import OnnxModel
from edgetag.workspace import Workspace, digest_file
from edgetag.writing import write_bytes

WEIGHTS = np.array([[4, -4, 1], [-2, 3, 2], [1, 1, -5]], dtype=np.float32)
"""`[colours, tags]`."""


def handmade_onnx(size: int, beyond: float = 0.0) -> bytes:
    """Return a file for `[batch, size, size, 3]`; `beyond` is added to its scores."""
    ends = {"image": ["batch", size, size, 3], "scores": ["batch", WEIGHTS.shape[1]]}
    image, scores = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in ends.items()
    )
    weights = [
        numpy_helper.from_array(WEIGHTS, "weights"),
        numpy_helper.from_array(np.float32(beyond), "beyond"),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["colours"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["colours", "weights"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["sigmoids"]),
        helper.make_node("Add", ["sigmoids", "beyond"], ["scores"]),
    ]
    graph = helper.make_graph(nodes, "handmade", [image], [scores], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def expected_scores(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return what the file gives for scaled images."""
    logits = images.mean(axis=(1, 2)) @ WEIGHTS
    return (1 / (1 + np.exp(-logits))).astype(np.float32)


def write_onnx(workspace: Workspace, data: bytes) -> OnnxModel:
    """Write a file into a run folder, and return what the export stage would say of it."""
    file, trained = workspace.export / "float.onnx", workspace.train / "model.npz"
    write_bytes(file, data)
    return OnnxModel(
        file="export/float.onnx",
        sha256=digest_file(file),
        size_bytes=len(data),
        gzip_bytes=len(data),
        opset=17,
        operators={"MatMul": 1},
        made_with={"onnx": onnx.__version__},
        checked_with={},
        checked_images=0,
        max_difference=0.0,
        weights="export/weights.safetensors",
        weights_sha256="",
        trained_sha256=digest_file(trained) if trained.exists() else "",
        inputs="",
    )
