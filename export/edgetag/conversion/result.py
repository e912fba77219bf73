"""What the export stage leaves: one entry per `.tflite` file."""

from typing import ClassVar, Literal

from edgetag.recipe import Variant
from edgetag.records import Record, Result

ElementType = Literal["float32", "uint8", "int8", "int16"]


class ExplainSignature(Record):
    """The second signature of a file: scores, and the map that each is the mean of.

    Attributes:
        signature: Its key.
        height: Of a map, in cells.
        width: Likewise.
    """

    signature: Literal["explain"] = "explain"
    height: int
    width: int


class Calibration(Record):
    """How a file was brought nearer to the float file behind its conversion.

    Attributes:
        images: Training images that ranges and means were taken from.
        other_images: Further ones, which chose; the same where there are no more.
        logit_rmse: What was tried → distance of logits from the float file over `other_images`.
        chosen: The nearest of them.
    """

    images: int
    other_images: int
    logit_rmse: dict[str, float]
    chosen: str


class ExportedVariant(Record):
    """One file.

    Attributes:
        variant: Its name, such as `int8-qat`.
        file: Path relative to the run folder.
        sha256: Digest of the file.
        size_bytes: Size on disk.
        gzip_bytes: Size after gzip level 9, about what a store download costs.
        input_type: Element type of the input tensor.
        output_type: Element type of the scores tensor.
        min_runtime_version: Lowest TensorFlow Lite version that has every operator in the version
            that the file uses; empty where that is not known.
        operators: Operator → how often it runs for the scores.
        float_tensors: Tensors of float32 or float16 behind the scores.
        float_scores: Whether a file of integers computes its scores, behind the last weights, in
            float.
        sparsity: Share of zeros among the weights of convolutions and dense layers.
        explain_maps: The signature that gives maps too; None where the file has none.
        calibration: Of a variant that is calibrated after training; None for others.
        rescued: The step of `edgetag rescue` that made the file, such as `int8-float-6`; empty
            where export did.
    """

    variant: Variant
    file: str
    sha256: str
    size_bytes: int
    gzip_bytes: int
    input_type: ElementType
    output_type: ElementType
    min_runtime_version: str
    operators: dict[str, int]
    float_tensors: int
    float_scores: bool = False
    sparsity: float
    explain_maps: ExplainSignature | None = None
    calibration: Calibration | None = None
    rescued: str = ""


class ServingModel(Record):
    """The float model as a SavedModel in TensorFlow Serving's layout.

    Attributes:
        folder: NAME/VERSION, relative to the run folder.
        signatures: `serving_default`, and `explain` where the network has maps.
        size_bytes: Of all its files.
        files: Path in the folder → SHA-256.
        inputs: Digest of everything that it follows from.
    """

    folder: str
    signatures: tuple[str, ...]
    size_bytes: int
    files: dict[str, str]
    inputs: str


class OnnxModel(Record):
    """The float model as an ONNX file, for engines of desktops, and its weights by themselves.

    Attributes:
        file: Path relative to the run folder.
        sha256: Digest of the file.
        size_bytes: Size on disk.
        gzip_bytes: Size after gzip level 9.
        opset: Version of ONNX's operators.
        operators: Operator → how often it occurs.
        made_with: Package → version.
        checked_with: Package → version of what ran it at its export.
        checked_images: Images of the run that it scored there.
        max_difference: Largest difference of a score from TensorFlow's over these.
        weights: Path of the weights in the layout of safetensors, relative to the run folder.
        weights_sha256: Digest of that file.
        trained_sha256: Digest of `train/model.npz`, from which both were made.
        inputs: Digest of everything that they follow from.
    """

    file: str
    sha256: str
    size_bytes: int
    gzip_bytes: int
    opset: int
    operators: dict[str, int]
    made_with: dict[str, str]
    checked_with: dict[str, str]
    checked_images: int
    max_difference: float
    weights: str
    weights_sha256: str
    trained_sha256: str
    inputs: str


class VariantRecord(Result):
    """`export/<variant>.json`: written after its file, so that a killed export resumes.

    Attributes:
        inputs: Digest of everything that the file follows from.
        exported: The file.
    """

    SCHEMA: ClassVar[str] = "edgetag.export-variant/1.3"
    inputs: str
    exported: ExportedVariant


class ExportResult(Result):
    """`export/export.json`.

    Attributes:
        variants: The files.
        warnings: Static checks that a file misses without being unusable.
        serving: None where the recipe asks for none.
        onnx: Likewise.
    """

    SCHEMA: ClassVar[str] = "edgetag.export/1.5"
    variants: tuple[ExportedVariant, ...]
    warnings: tuple[str, ...] = ()
    serving: ServingModel | None = None
    onnx: OnnxModel | None = None
