"""What a report is written from: every stage's result."""

from collections.abc import Callable
from dataclasses import dataclass

from edgetag.benchmarking.result import BenchResult
from edgetag.conversion.result import ExportResult
from edgetag.dataset import Rows
from edgetag.dataset.result import DatasetResult, DroppedImage
from edgetag.explaining.result import Explanation
from edgetag.phones.result import PhonesResult
from edgetag.preprocess import Pixels
from edgetag.recipe import Recipe
from edgetag.reporting.float_model import FloatModel
from edgetag.robustness.result import Robustness
from edgetag.targets.result import TargetsResult
from edgetag.validation.details import Details
from edgetag.validation.result import Verdict


@dataclass(frozen=True)
class PackedBundle:
    """The bundle as it lies in the run folder; `file` is relative to that."""

    file: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Sources:
    """What a report is written from; what is None is left out, and the page says so.

    Attributes:
        recipe: What was built.
        verdict: Verdict of validation.
        details: Its curves and changed decisions.
        exported: The files; None where only stored scores or given files were judged.
        bench: Latency and memory.
        explanation: Layers to blame, mistakes in preprocessing.
        versions: Package → version of the run.
        thumbnails: Rows of the manifest `[n]` int64 → images `[n, height, width, 3]` uint8; None
            where the images are not at hand.
        targets: Result of other machines.
        phones: Result of phones.
        robustness: What attacks cost.
        float_model: What the float model decided.
        data: Counts by tag and split, and what was left out.
        rejected: What was left out, row by row.
        attribution: Makers and licences of the images, as Markdown.
        bundle: What the app ships.
    """

    recipe: Recipe
    verdict: Verdict
    details: Details | None
    exported: ExportResult | None
    bench: BenchResult | None
    explanation: Explanation | None
    versions: dict[str, str]
    thumbnails: Callable[[Rows], Pixels] | None = None
    targets: TargetsResult | None = None
    phones: PhonesResult | None = None
    robustness: Robustness | None = None
    float_model: FloatModel | None = None
    data: DatasetResult | None = None
    rejected: tuple[DroppedImage, ...] = ()
    attribution: str | None = None
    bundle: PackedBundle | None = None
