"""Any image classifier: what its input wants and what it says of its scores.

Standard TFLite metadata tells it (MediaPipe Model Maker writes it), flags override it, and what
neither tells is assumed and said so. The file is never loaded here: a runtime does that in a
process of its own.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edgetag.conversion import metadata_schema
from edgetag.conversion.boundary import Boundary, End, read_boundary, read_bytes
from edgetag.conversion.labels import labels_behind, shown
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing

INPUT_TYPES = ("float32", "uint8", "int8", "int16")
LABEL_TYPES = (metadata_schema.TENSOR_AXIS_LABELS, metadata_schema.TENSOR_VALUE_LABELS)
MIDDLE = 127.5
"""Mean and standard deviation that take pixels to -1..1, where nothing says others."""


@dataclass(frozen=True)
class Classifier:
    """A `.tflite` file that takes one picture and gives one list of scores.

    Attributes:
        data: The file's bytes.
        boundary: Its ends.
        metadata: Of its first graph; empty where there are none.
        contract: How a picture becomes its input.
        notes: Where each part of the contract comes from.
        scores: How many it gives.
        label_file: What its metadata call the file of labels behind it; None for none.
    """

    data: bytes
    boundary: Boundary
    metadata: dict[str, Any]
    contract: Preprocessing
    notes: tuple[str, ...]
    scores: int
    label_file: str | None

    def read_labels(self, where: Path) -> tuple[str, ...] | None:
        """Return the labels behind the file in the order of the scores; None where there are none.

        Raises:
            InputError: They are damaged.
        """
        return labels_behind(self.data, self.label_file, where) if self.label_file else None


def read_classifier(
    path: Path,
    mean: float | None = None,
    std: float | None = None,
    recipe: Preprocessing | None = None,
) -> Classifier:
    """Read what is to be known of a classifier of anybody's before it is run.

    Args:
        path: The file.
        mean: Subtracted from each pixel; overrides the metadata.
        std: Divides the difference; overrides the metadata.
        recipe: Gives the input's size, and whatever the file and the flags leave open. Without
            one any square is taken, and pixels are taken to -1..1.

    Raises:
        InputError: The file is no classifier of square pictures with one input and one output, it
            or its metadata is damaged, or a flag does not fit.
    """
    data = read_bytes(path)
    boundary = read_boundary(data, path)
    if recipe is None:
        assumed, source = _of_its_size(boundary, path), "for want of metadata"
    else:
        assumed, source = recipe, "from the recipe"
        wanted = f"the recipe's network.input_size, {recipe.input_size}"
        _check_input(boundary, recipe.input_size, path, wanted)
    scores = _count_scores(boundary, path)
    fields = _metadata_fields(boundary, path)
    contract, notes = _contract(fields, assumed, mean, std, path, source)
    return Classifier(data, boundary, fields, contract, tuple(notes), scores, _label_file(fields))


def _of_its_size(boundary: Boundary, where: Path) -> Preprocessing:
    """Return a contract for the input as it is."""
    shape = boundary.inputs[0].shape if len(boundary.inputs) == 1 else ()
    size = shape[2] if len(shape) == 4 else 0  # also where channels are first
    if boundary.inputs and boundary.inputs[0].open_axes:
        raise InputError(
            f"{where}: height, width or channels of its input are open; convert it with a fixed "
            "shape [1, size, size, 3]"
        )
    _check_input(boundary, size, where, f"square, {size} x {size}")
    try:
        return Preprocessing(input_size=size, mean=MIDDLE, std=MIDDLE)
    except ValidationError:
        raise InputError(f"{where}: it takes pictures of {size} px, expected 32 to 1024") from None


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
    return recipe.replace(**values), notes


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


def _label_file(fields: dict[str, Any]) -> str | None:
    """Return the name of the scores' label file, the one without a language if there are more."""
    output: dict[str, Any] = next(iter(fields.get("output_tensor_metadata", [])), {})
    files = [f for f in output.get("associated_files", []) if f.get("type") in LABEL_TYPES]
    files.sort(key=lambda f: bool(f.get("locale")))
    return next((f["name"] for f in files if f.get("name")), None)
