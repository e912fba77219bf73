"""Models made by other tools: what their input wants and what their scores mean.

Standard TFLite metadata tells it (MediaPipe Model Maker writes it), flags override it, and what
neither tells is assumed from the recipe and said so. The file is never loaded here: a runtime does
that in a process of its own.
"""

import hashlib
import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edgetag.conversion import metadata_schema
from edgetag.conversion.boundary import Boundary, End, read_boundary, read_bytes
from edgetag.conversion.explain_signature import SIGNATURE
from edgetag.conversion.flatfile import gzip_size
from edgetag.conversion.labels import labels_behind, match_labels, read_label_file, shown
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.tags import Vocabulary

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
INPUT_TYPES = ("float32", "uint8", "int8", "int16")
LABEL_TYPES = (metadata_schema.TENSOR_AXIS_LABELS, metadata_schema.TENSOR_VALUE_LABELS)


@dataclass(frozen=True)
class ExternalModel:
    """A file made elsewhere, ready to be judged like one of the recipe's variants.

    Attributes:
        path: The file.
        name: What it is called beside the recipe's variants.
        sha256: Digest of the file.
        size_bytes: Size on disk.
        gzip_bytes: Size after gzip level 9.
        contract: How a picture becomes its input.
        columns: Position in its output of each tag of the vocabulary.
        explains: Whether it has the second signature, which gives heat maps.
        notes: Where each part of the contract and the order of the scores come from.
        members: Of an ensemble, the files whose scores are averaged; empty for a file.
        bundle: The bundle that the file comes from and its variant there; None for a plain file.
    """

    path: Path
    name: str
    sha256: str
    size_bytes: int
    gzip_bytes: int
    contract: Preprocessing
    columns: tuple[int, ...]
    notes: tuple[str, ...]
    explains: bool = False
    members: tuple["Weighted", ...] = ()
    bundle: tuple[Path, str] | None = None


@dataclass(frozen=True)
class Weighted:
    """A file of an ensemble, and the weight of its scores."""

    model: ExternalModel
    weight: float


def read_external(
    path: Path,
    recipe_contract: Preprocessing,
    vocabulary: Vocabulary,
    *,
    name: str | None = None,
    mean: float | None = None,
    std: float | None = None,
    labels: Path | None = None,
    taken: Collection[str] = (),
) -> ExternalModel:
    """Read what is to be known of a `.tflite` file before it is scored.

    Args:
        path: The file.
        recipe_contract: Gives the input's size, and whatever the file and the flags leave open.
        vocabulary: The tags that it must score, in any order.
        name: What to call it; default: the file's name without its end.
        mean: Subtracted from each pixel; overrides the metadata.
        std: Divides the difference; overrides the metadata.
        labels: A file with one tag a line, in the order of the scores; overrides the metadata.
        taken: Names that others have.

    Raises:
        InputError: The file is no classifier of these tags for images of this size, it or its
            metadata is damaged, or a flag does not fit.
    """
    name = file_name(path, name, taken)
    data = read_bytes(path)
    boundary = read_boundary(data, path)
    size = recipe_contract.input_size
    _check_input(boundary, size, path, f"the recipe's network.input_size, {size}")
    scores = _count_scores(boundary, path)
    fields = _metadata_fields(boundary, path)
    contract, notes = _contract(fields, recipe_contract, mean, std, path, "from the recipe")
    columns, order = _columns(data, fields, vocabulary, labels, scores, path)
    notes = [*notes, order, *_output_notes(boundary, fields)]
    return ExternalModel(
        path=path,
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        gzip_bytes=gzip_size(data),
        contract=contract,
        columns=columns,
        notes=tuple(notes),
        explains=SIGNATURE in boundary.signatures,
    )


@dataclass(frozen=True)
class Classifier:
    """A classifier whose tags need not be known.

    Attributes:
        data: The file's bytes.
        contract: How a picture becomes its input.
        notes: Where each part of the contract comes from.
        last_operator: What computes its scores, such as SOFTMAX.
        input_type: Element type of its input.
        scores: How many it gives.
        labels: Their names, in their order; empty where the file has none,
        label_file: and what the file of them behind the model is called.
    """

    data: bytes
    contract: Preprocessing
    notes: tuple[str, ...]
    last_operator: str
    input_type: str
    scores: int
    labels: tuple[str, ...]
    label_file: str


def read_classifier(path: Path, mean: float | None = None, std: float | None = None) -> Classifier:
    """Read what is to be known of a classifier of anybody's before it is run.

    Args:
        path: The file.
        mean: Subtracted from each pixel; overrides the metadata.
        std: Divides the difference; overrides the metadata.

    Raises:
        InputError: The file is no classifier of square pictures with one input and one output, it
            or its metadata is damaged, or a flag does not fit.
    """
    data = read_bytes(path)
    boundary = read_boundary(data, path)
    shape = boundary.inputs[0].shape if len(boundary.inputs) == 1 else (1, 0, 0, 3)
    size = shape[1] if len(shape) == 4 else 0
    if boundary.inputs and boundary.inputs[0].open_axes:
        raise InputError(
            f"{path}: height, width or channels of its input are open; convert it with a fixed "
            "shape [1, size, size, 3]"
        )
    _check_input(boundary, size, path, f"square, {size} x {size}")
    scores = _count_scores(boundary, path)
    try:
        assumed = Preprocessing(input_size=size, mean=127.5, std=127.5)
    except ValidationError:
        raise InputError(f"{path}: it takes pictures of {size} px, expected 32 to 1024") from None
    fields = _metadata_fields(boundary, path)
    named = _label_file(fields) or ""
    contract, notes = _contract(fields, assumed, mean, std, path, "for want of metadata")
    return Classifier(
        data,
        contract,
        tuple(notes),
        boundary.last_operator,
        boundary.inputs[0].dtype,
        scores,
        (named and labels_behind(data, named, path)) or (),
        named,
    )


def own_description(path: Path) -> tuple[int, tuple[str, ...] | None]:
    """Return what a `.tflite` file says of itself: its input's side in pixels, and its labels.

    Returns:
        The labels are in the order of the scores; None where the file has none.

    Raises:
        InputError: The file is no classifier of square images, or it is damaged.
    """
    data = read_bytes(path)
    boundary = read_boundary(data, path)
    shape = boundary.inputs[0].shape if boundary.inputs else ()
    if len(shape) != 4 or shape[1] != shape[2]:
        raise InputError(f"{path}: its input is {list(shape)}, expected [1, size, size, 3]")
    named = _label_file(_metadata_fields(boundary, path))
    return shape[1], labels_behind(data, named, path) if named else None


def file_name(path: Path, given: str | None, taken: Collection[str]) -> str:
    """Return what a given file is called: as asked, or as its own name says.

    Raises:
        InputError: It cannot be called so, or another one is.
    """
    name = path.stem if given is None else given
    if not NAME.fullmatch(name):
        raise InputError(
            f"{path}: {shown(name)!r} cannot be its name; give one of a-z, 0-9, '.', '_' and '-' "
            "(at most 64, a letter or digit first): NAME=FILE"
        )
    if name in taken:
        raise InputError(f"{path}: the name {name} is taken; give another: NAME=FILE")
    return name


def _check_input(boundary: Boundary, size: int, where: Path, wanted: str) -> None:
    if len(boundary.inputs) != 1:
        raise InputError(f"{where}: it has {len(boundary.inputs)} inputs, expected one image")
    image = boundary.inputs[0]
    shape = list(image.shape)
    expected = [1, size, size, 3]
    if len(shape) == 4 and shape[1] == 3 and shape[3] != 3:
        raise InputError(
            f"{where}: its input is {shape}, channels first as in ONNX and PyTorch; convert it "
            f"with channels last, {expected}"
        )
    if len(shape) == 4 and shape[0] != 1 and shape[1:] == expected[1:]:
        raise InputError(f"{where}: its input is {shape}; convert it for one image, {expected}")
    if len(shape) == 4 and shape[0] == 1 and shape[3] == 3:
        if shape != expected:
            raise InputError(
                f"{where}: it takes images of {shape[2]} x {shape[1]}, expected {wanted}"
            )
    elif shape != expected:
        raise InputError(f"{where}: its input is {shape}, expected an image {expected}")
    _check_type(image, "input", where)


def _count_scores(boundary: Boundary, where: Path) -> int:
    if len(boundary.outputs) != 1:
        raise InputError(
            f"{where}: it has {len(boundary.outputs)} outputs, expected one list of scores"
            f"{_fitting_signature(boundary)}"
        )
    scores = boundary.outputs[0]
    shape = scores.shape
    if not _are_scores(shape):
        raise InputError(
            f"{where}: its output is {list(shape)}, expected scores [1, tags]"
            f"{_fitting_signature(boundary)}"
        )
    _check_type(scores, "output", where)
    return shape[-1]


def _are_scores(shape: tuple[int, ...]) -> bool:
    return shape[:-1] in ((1,), (1, 1, 1)) and shape[-1] >= 1


def _fitting_signature(boundary: Boundary) -> str:
    """Name the signatures that would fit, for a file whose first graph does not."""
    fitting = [
        shown(name)
        for name, shapes in boundary.signatures.items()
        if len(shapes) == 1 and _are_scores(shapes[0])
    ]
    if not fitting:
        return ""
    first = " and ".join(map(shown, boundary.first_signatures)) or "none"
    return (
        f". That is its first graph, of the signature {first}, which is what runs where no "
        f"signature is named; {' and '.join(fitting)} would fit: convert the file with that "
        "signature alone, or first"
    )


def _check_type(end: End, what: str, where: Path) -> None:
    if end.dtype not in INPUT_TYPES:
        raise InputError(
            f"{where}: its {what} is {end.dtype}, expected one of {', '.join(INPUT_TYPES)}"
        )
    if end.dtype != "float32" and not end.quantized:
        raise InputError(
            f"{where}: its {what} is {end.dtype} but has no scale, so that its values mean "
            f"nothing; convert it with a quantized or a float {what}"
        )


def _metadata_fields(boundary: Boundary, where: Path) -> dict[str, Any]:
    """Return the first graph's metadata, empty where there is none."""
    if boundary.metadata is None:
        return {}
    try:
        graphs = metadata_schema.decode(boundary.metadata).get("subgraph_metadata", [])
    except Exception as error:  # damaged flatbuffers raise nearly anything
        detail = shown(str(error) or type(error).__name__)
        raise InputError(
            f"{where}: damaged TFLite metadata ({detail}); write it again with the tool that made "
            "the file, or take it out and give --mean, --std and --labels"
        ) from None
    return graphs[0] if graphs else {}


def _contract(
    fields: dict[str, Any],
    recipe: Preprocessing,
    mean: float | None,
    std: float | None,
    where: Path,
    assumed: str,
) -> tuple[Preprocessing, list[str]]:
    """Return the contract and where its numbers come from; `assumed` says where those of none."""
    image: dict[str, Any] = next(iter(fields.get("input_tensor_metadata", [])), {})
    kind, properties = image.get("content", {}).get("content_properties", ("", {}))
    if (
        kind == "ImageProperties"
        and properties.get("color_space") == metadata_schema.COLOR_SPACE_GRAYSCALE
    ):
        raise InputError(f"{where}: by its metadata it takes grey pictures, expected RGB")
    normalization = _normalization(image)
    values: dict[str, float] = {}
    notes: list[str] = []
    for key, flag in (("mean", mean), ("std", std)):
        if flag is not None:
            value, source = float(flag), f"from --{key}"
        elif normalization.get(key):
            value, source = _one(normalization[key], key, where), "from the file's metadata"
        else:
            value, source = getattr(recipe, key), f"assumed {assumed}"
        if not math.isfinite(value) or (key == "std" and value <= 0):
            above = " above 0" if key == "std" else ""
            raise InputError(f"{where}: {key} {value:g}, {source}, must be a number{above}")
        values[key] = value
        notes.append(f"{key} {value:g}: {source}")
    notes.append(f"how a picture is fitted into the square: assumed {assumed}")
    return recipe.model_copy(update=values), notes


def _normalization(image: dict[str, Any]) -> dict[str, list[float]]:
    """Return `mean` and `std` of the first normalization, empty where there is none."""
    for unit in image.get("process_units", []):
        kind, options = unit.get("options", ("", {}))
        if kind == "NormalizationOptions":
            return dict(options)
    return {}


def _one(values: list[float], key: str, where: Path) -> float:
    if len(set(values)) > 1:
        each = ", ".join(f"{value:g}" for value in values[:4])
        raise InputError(
            f"{where}: by its metadata each channel has its own {key} ({each}), but edgetag has "
            f"one for all; convert it with one, or give the nearest with --{key}"
        )
    return float(values[0])


def _columns(
    data: bytes,
    fields: dict[str, Any],
    vocabulary: Vocabulary,
    file: Path | None,
    scores: int,
    where: Path,
) -> tuple[tuple[int, ...], str]:
    """Return the output position of each tag, and how it is known."""
    named = _label_file(fields)
    own_labels: tuple[str, ...] | None
    if file is not None:
        own_labels, source = read_label_file(file), f"from {file}"
    elif named is not None:
        own_labels, source = labels_behind(data, named, where), f"from {shown(named)} in the file"
    else:
        own_labels, source = None, ""
    if own_labels is None:
        if scores != len(vocabulary):
            raise InputError(
                f"{where}: it gives {scores} scores, but the recipe has {len(vocabulary)} tags"
            )
        lost = f"; its metadata names {shown(named)}, which the file has lost" if named else ""
        return tuple(range(scores)), f"order of tags: assumed to be the recipe's{lost}"
    columns = match_labels(own_labels, vocabulary, where, source)
    if scores != len(own_labels):
        raise InputError(
            f"{where}: it gives {scores} scores, but there are {len(own_labels)} labels {source}"
        )
    return columns, f"order of tags: by the labels {source}"


def _label_file(fields: dict[str, Any]) -> str | None:
    """Return the name of the scores' label file, the one without a language if there are more."""
    output: dict[str, Any] = next(iter(fields.get("output_tensor_metadata", [])), {})
    files = [f for f in output.get("associated_files", []) if f.get("type") in LABEL_TYPES]
    files.sort(key=lambda f: bool(f.get("locale")))
    return next((f["name"] for f in files if f.get("name")), None)


def _output_notes(boundary: Boundary, fields: dict[str, Any]) -> list[str]:
    """Return what a reader should know of the scores."""
    notes = []
    if boundary.last_operator == "SOFTMAX":
        notes.append("its scores are a softmax: they sum to 1, as if each picture had one tag")
    output: dict[str, Any] = next(iter(fields.get("output_tensor_metadata", [])), {})
    if output.get("process_units"):
        notes.append("its metadata asks to calibrate or cut the scores: that is not done here")
    return notes
