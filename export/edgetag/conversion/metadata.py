"""Standard TFLite metadata in a `.tflite` file: what the input wants and what the scores mean.

Tools such as MediaPipe's ImageClassifier and Android Studio read it. The description is a
flatbuffer in a buffer of the model, found by the entry TFLITE_METADATA; the labels are a zip
appended to the file. See https://ai.google.dev/edge/litert/models/metadata.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from ai_edge_litert import schema_py_generated as schema

from edgetag import __version__
from edgetag.conversion import metadata_schema
from edgetag.conversion.explain_signature import MAPS, SIGNATURE, add_explain
from edgetag.conversion.flatfile import pack_model, parse_model
from edgetag.preprocess import Preprocessing
from edgetag.recipe import Recipe, Variant
from edgetag.tags import Vocabulary

ENTRY = "TFLITE_METADATA"
LABELS_FILE = "labels.txt"
INPUT, OUTPUT = "image", "scores"

MIN_PARSER_VERSION = "1.0.0"
"""Every field written here is in the schema since 1.0.0."""

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""The zip format's earliest time, so that equal contents are equal bytes."""


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says about itself.

    Attributes:
        name: The recipe's name.
        description: One or two sentences.
        author: Who answers for it; may be empty.
        license: Its licence; may be empty.
        vocabulary: The tags, in the order of the scores.
        contract: How a picture becomes the input.
    """

    name: str
    description: str
    author: str
    license: str
    vocabulary: Vocabulary
    contract: Preprocessing

    @classmethod
    def of(cls, recipe: Recipe, variant: Variant) -> Self:
        """Return what a recipe's variant says about itself."""
        return cls(
            name=recipe.name,
            description=(
                f"Scores of {len(recipe.data.tags)} tags for a picture: {recipe.network.name}, "
                f"variant {variant}, made by edgetag {__version__}."
            ),
            author=recipe.export.author,
            license=recipe.export.license,
            vocabulary=recipe.data.vocabulary(),
            contract=recipe.network.preprocessing(),
        )


def describe(info: ModelInfo, explain: bool = False) -> bytes:
    """Return the metadata flatbuffer.

    With `explain` it has the second signature.
    """
    contract = info.contract
    bounds = [(pixel - contract.mean) / contract.std for pixel in (0, 255)]
    image = {
        "name": INPUT,
        "description": (
            f"A picture in {contract.color_space}, letterboxed to {contract.input_size} x "
            f"{contract.input_size} pixels: [1, height, width, 3]. Quantized inputs take the "
            "pixels as they are (int8: minus 128)."
        ),
        "content": {
            "content_properties": (
                "ImageProperties",
                {
                    "color_space": metadata_schema.COLOR_SPACE_RGB,
                    "default_size": {
                        "width": contract.input_size,
                        "height": contract.input_size,
                    },
                },
            )
        },
        "process_units": [
            {
                "options": (
                    "NormalizationOptions",
                    {"mean": [contract.mean], "std": [contract.std]},
                )
            }
        ],
        "stats": {"min": bounds[:1], "max": bounds[1:]},
    }
    scores = {
        "name": OUTPUT,
        "description": "The score of each tag, 0 to 1; tags do not exclude each other.",
        "content": {"content_properties": ("FeatureProperties", {})},
        "stats": {"min": [0.0], "max": [1.0]},
        "associated_files": [
            {
                "name": LABELS_FILE,
                "description": "The tags, one a line, in the order of the scores.",
                "type": metadata_schema.TENSOR_AXIS_LABELS,
            }
        ],
    }
    graphs: list[dict[str, Any]] = [
        {"input_tensor_metadata": [image], "output_tensor_metadata": [scores]}
    ]
    if explain:
        graphs.append(
            {
                "name": SIGNATURE,
                "input_tensor_metadata": [image],
                "output_tensor_metadata": [scores, _maps()],
            }
        )
    return metadata_schema.encode(
        {
            "name": info.name,
            "description": info.description,
            "subgraph_metadata": graphs,
            "author": info.author,
            "license": info.license,
            "min_parser_version": MIN_PARSER_VERSION,
        }
    )


def _maps() -> dict[str, Any]:
    return {
        "name": MAPS,
        "description": (
            "Where in the picture each tag is seen, before the sigmoid: [1, height, width, tags]. "
            "The sigmoid of a map's mean is the tag's score."
        ),
        "content": {"content_properties": ("FeatureProperties", {})},
    }


def attach(data: bytes, info: ModelInfo, explain: bool = False) -> bytes:
    """Return a `.tflite` file with metadata and labels; replaces what it had.

    The input and output tensors are named `image` and `scores`, as in the signature, since some
    runtimes show one name and some the other.

    The model has one graph, one input and one output; with `explain` the second signature is
    added.

    Raises:
        InputError: The second signature is wanted, but the model has no maps to give.
    """
    model = parse_model(data, "the converted model")
    graph = model.subgraphs[0]
    graph.tensors[graph.inputs[0]].name = INPUT.encode()
    graph.tensors[graph.outputs[0]].name = OUTPUT.encode()
    if explain:
        add_explain(model, "the converted model")
    _metadata_buffer(model).data = list(describe(info, explain))
    return append_labels(pack_model(model), info.vocabulary.names)


def _metadata_buffer(model: Any) -> Any:
    """Return the buffer that the metadata goes to, a new one where the model has none."""
    for entry in model.metadata or []:
        if entry.name == ENTRY.encode():
            return model.buffers[entry.buffer]
    buffer, entry = schema.BufferT(), schema.MetadataT()
    entry.name, entry.buffer = ENTRY.encode(), len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    return buffer


def append_labels(data: bytes, labels: Sequence[str], name: str = LABELS_FILE) -> bytes:
    """Return a `.tflite` file with a zip of labels behind, in the file of a name."""
    file = io.BytesIO(data)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_STORED) as archive:
        member = zipfile.ZipInfo(name, ZIP_TIME)
        member.create_system = 3  # Unix, on every machine
        member.external_attr = 0o644 << 16
        archive.writestr(member, "".join(f"{label}\n" for label in labels))
    return file.getvalue()
