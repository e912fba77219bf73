"""The tools: what they need, and what runs their files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgetag.errors import InputError
from edgetag.machine import Acceleration

Runs = Literal["litert", "onnxruntime", "openvino"]

ON_THE_PROCESSOR = Acceleration(requested="cpu", used="cpu")
"""Of all of these: `worker` asks each for the processor alone, and a file that does not run there
gets no scores, and so no row."""

Kind = Literal["float", "int8", "int8 unsigned"]


@dataclass(frozen=True)
class Tool:
    """Something that a user could take in edgetag's place.

    Attributes:
        key: Its folder, and its name in the worker.
        title: For people.
        requirements: Packages of its environment, each at one version; none for what is made in
            ours.
        runs: What its files are scored and timed with.
        files: Kind → file name; further files of the same stem belong to it.
        settings: What it was asked for, for people.
    """

    key: str
    title: str
    requirements: tuple[str, ...]
    runs: Runs
    files: dict[Kind, str]
    settings: str

    def name(self, kind: Kind) -> str:
        """Return a file's name in tables."""
        return f"{self.title} {kind}"


TFLITE_CONVERTER = "tflite-converter"

TOOLS = (
    Tool(
        TFLITE_CONVERTER,
        "TFLite converter",
        (),
        "litert",
        {"int8": "int8.tflite"},
        "full integer, uint8 in and out, ranges by min-max",
    ),
    Tool(
        "litert-quantizer",
        "litert-quantizer",
        ("litert-quantizer==0.11.0", "ai-edge-litert==2.3.0", "numpy==1.26.4"),
        "litert",
        {"int8": "int8.tflite"},
        "its recipe static_wi8_ai8",
    ),
    Tool(
        "onnxruntime",
        "ONNX Runtime",
        (
            "onnxruntime==1.32.0",
            "onnx==1.23.2",
            "tf2onnx==1.17.0",
            "tensorflow-cpu==2.21.0",
            "sympy==1.14.0",
        ),
        "onnxruntime",
        {"float": "float.onnx", "int8": "int8.onnx", "int8 unsigned": "unsigned.onnx"},
        "tf2onnx, then its preparation and static QDQ, a scale for each channel; activations "
        "signed, its first choice, and unsigned",
    ),
    Tool(
        "openvino",
        "OpenVINO",
        ("openvino==2026.4.1", "nncf==3.4.0"),
        "openvino",
        {"float": "float.xml", "int8": "int8.xml"},
        "its reader of .tflite, then NNCF's quantization after training",
    ),
)
"""Each with the settings that its documentation recommends for networks of convolutions."""


def find(keys: Sequence[str]) -> tuple[Tool, ...]:
    """Return tools by key, all of them where none is named.

    Raises:
        InputError: There is no such tool.
    """
    known = [tool.key for tool in TOOLS]
    for key in keys:
        if key not in known:
            raise InputError(f"--tool {key}: there is none; there are: {', '.join(known)}")
    return tuple(tool for tool in TOOLS if not keys or tool.key in keys)
