"""Names and records of the files in a bundle; see also `result.BundleManifest`."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool

from edgetag.records import Record, Result

MANIFEST = "manifest.json"
SCHEMA = "manifest.schema.json"
LABELS_TEXT = "labels.txt"
LABELS = "labels.json"
THRESHOLDS = "thresholds.json"
PREPROCESSING = "preprocessing.json"
GOLDEN = "golden.json"
GOLDEN_INPUTS = "golden-inputs.bin"
GOLDEN_MAPS = "golden-maps.bin"
CARD = "model-card.md"
VERDICT = "verdict.json"
ATTRIBUTION = "attribution.md"

ON_DEVICES = (
    LABELS,
    THRESHOLDS,
    PREPROCESSING,
    GOLDEN,
    GOLDEN_INPUTS,
    GOLDEN_MAPS,
    ATTRIBUTION,
)
"""What an app carries beside manifest and models, where the bundle has it."""

NOT_IN_ALL = (GOLDEN_MAPS, ATTRIBUTION)
"""Those of them that a bundle may lack."""

ALWAYS = (
    SCHEMA,
    LABELS_TEXT,
    LABELS,
    THRESHOLDS,
    PREPROCESSING,
    GOLDEN,
    GOLDEN_INPUTS,
    CARD,
    VERDICT,
)
"""Files that every bundle has beside the manifest, the models and the golden pictures."""

MODEL_SUFFIX = ".tflite"


def labels_text(tags: Sequence[str]) -> bytes:
    """Return `LABELS_TEXT`: a tag a line."""
    return "".join(f"{tag}\n" for tag in tags).encode()


MOST_PICTURES = 16
MOST_PICTURE_BYTES = 2_000_000
"""A larger picture makes every app that takes the bundle larger."""

Family = Literal["litert", "tflite-runtime", "tflite-runtime-reference"]
"""Kernels that round alike: `litert` (XNNPACK; integer files are bit-identical on x86, ARM64 and
WebAssembly), `tflite-runtime` (optimized kernels on x86), `tflite-runtime-reference` (what
tflite-runtime and TensorFlow Lite give for integer files on ARM)."""

FAMILIES: tuple[Family, ...] = ("litert", "tflite-runtime", "tflite-runtime-reference")

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]


class Label(Record):
    """One tag as an app shows it.

    `en` and `ja` are the tag's names; with `sensitive` an app covers pictures that have it.
    """

    tag: str
    en: str
    ja: str
    sensitive: StrictBool


class Labels(Result):
    """`labels.json`, in the order of the scores."""

    SCHEMA: ClassVar[str] = "edgetag.labels/1.0"
    labels: tuple[Label, ...]


class BundleThresholds(Result):
    """`thresholds.json`: variant → tag → score from which the tag counts as present."""

    SCHEMA: ClassVar[str] = "edgetag.bundle-thresholds/1.0"
    thresholds: dict[str, dict[str, Share]]


class GoldenPicture(Record):
    """A source picture of the golden inputs.

    Its size is in pixels, upright; with `lossless` every decoder gives the same pixels.
    """

    file: str
    width: int = Field(ge=1, le=100_000, strict=True)
    height: int = Field(ge=1, le=100_000, strict=True)
    lossless: StrictBool


class ExpectedMaps(Record):
    """Heat maps that a variant gives for the golden inputs; `golden_maps` says where they lie.

    Attributes:
        height: In cells.
        width: In cells.
        tolerance: Largest absolute difference of a cell that is the same.
    """

    height: int = Field(ge=1, le=1024, strict=True)
    width: int = Field(ge=1, le=1024, strict=True)
    tolerance: Share


class Expected(Record):
    """What a variant gives for the golden inputs on one family of kernels.

    Attributes:
        variant: Which file.
        family: Whose kernels.
        runtime: The engine that was really run.
        version: Version of the engine.
        tolerance: Largest absolute difference of a score that is the same.
        scores: `[pictures, tags]`.
        maps: None where the variant makes none there.
    """

    variant: str
    family: Family
    runtime: str
    version: str
    tolerance: Share
    scores: tuple[tuple[Share, ...], ...]
    maps: ExpectedMaps | None = None


class Golden(Result):
    """`golden.json`: inputs with known outputs, for an app's self-test.

    Attributes:
        inputs: The file of raw uint8, C order: letterboxed pixels before scaling.
        shape: Shape of the inputs: pictures, size, size, 3.
        pictures: Where the inputs come from, in order.
        expected: Per variant and family.
        maps: The file of known heat maps; None without any.
    """

    SCHEMA: ClassVar[str] = "edgetag.golden/1.1"
    inputs: Literal["golden-inputs.bin"]
    shape: tuple[
        Annotated[int, Field(ge=1, le=MOST_PICTURES, strict=True)],
        Annotated[int, Field(ge=32, le=1024, strict=True)],
        Annotated[int, Field(ge=32, le=1024, strict=True)],
        Literal[3],
    ]
    pictures: tuple[GoldenPicture, ...]
    expected: tuple[Expected, ...]
    maps: Literal["golden-maps.bin"] | None = None
