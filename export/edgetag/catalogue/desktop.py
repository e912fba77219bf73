"""The engines that compute the float network on a desktop. Each is a file in `edgetag/desktop`."""

from dataclasses import dataclass
from typing import Literal

from edgetag.catalogue import by_name


@dataclass(frozen=True)
class DesktopLine:
    """What is known of an engine before it is imported.

    Attributes:
        name: As `--engine` writes it, and its file.
        title: For people.
        imports: Modules of its packages, all of which it needs.
        install: What installs them.
        takes: What it opens: the weights of `train`, or the ONNX file of `export`.
    """

    name: str
    title: str
    imports: tuple[str, ...]
    install: str
    takes: Literal["weights", "onnx"]


DESKTOP = by_name(
    DesktopLine(
        "tensorflow",
        "TensorFlow",
        ("tensorflow", "tf_keras"),
        "pip install 'edgetag[train]'",
        "weights",
    ),
    DesktopLine(
        "onnxruntime",
        "ONNX Runtime",
        ("onnxruntime",),
        "pip install onnxruntime (with an NVIDIA GPU: onnxruntime-gpu)",
        "onnx",
    ),
    DesktopLine(
        "torch", "PyTorch", ("torch", "onnx2torch"), "pip install torch onnx2torch", "onnx"
    ),
)
"""The first computes the reference of a run; the others check it, or stand in where it is not."""
