"""What the page is written from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgetag.benchmarking.result import BenchResult
from edgetag.conversion.result import ExportResult
from edgetag.dataset.result import DatasetResult, DroppedImage
from edgetag.dataset.view import Rows
from edgetag.device.result import DeviceResult
from edgetag.explaining.result import Explanation
from edgetag.phones.result import PhonesResult
from edgetag.preprocess import Pixels
from edgetag.recipe import Recipe
from edgetag.reporting.float_model import FloatModel
from edgetag.reporting.result import ReportResult
from edgetag.validation.details import Details, VariantDetails
from edgetag.validation.result import VariantVerdict, Verdict


@dataclass(frozen=True)
class PackedBundle:
    """The bundle as it lies in the run folder; `file` is relative to that."""

    file: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class PageSources:
    """Every stage's result that the page shows; what is None is left out, and the page says so.

    Attributes:
        recipe: What was built.
        verdict: Of validation.
        details: Its curves and changed decisions.
        exported: The files; None where only stored scores or given files were judged.
        bench: Latency and memory.
        explanation: Layers to blame, mistakes in preprocessing.
        versions: Package → version of the run.
        thumbnails: Rows of the manifest `[n]` int64 → images `[n, height, width, 3]` uint8; None
            where the images are not at hand.
        device: Of other machines.
        phones: Of phones.
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
    thumbnails: Callable[[Rows], Pixels] | None
    device: DeviceResult | None = None
    phones: PhonesResult | None = None
    float_model: FloatModel | None = None
    data: DatasetResult | None = None
    rejected: tuple[DroppedImage, ...] = ()
    attribution: str | None = None
    bundle: PackedBundle | None = None


@dataclass(frozen=True)
class View:
    """The sources, and what the report chose to show of them.

    Attributes:
        report: The rows of all files, and the runtime whose accuracy is shown first.
        sources: What it was made from.
    """

    report: ReportResult
    sources: PageSources

    @property
    def bundled(self) -> str:
        """The variant that the app ships."""
        return self.report.leading

    def variants(self) -> list[str]:
        """Return all names: those of the report, then any that only the verdict has."""
        named: list[str] = [row.variant for row in self.report.variants]
        named += [found.variant for found in self.sources.verdict.variants]
        named += [failure.variant for failure in self.sources.verdict.failures]
        return list(dict.fromkeys(named))

    def bundled_first(self) -> list[str]:
        """Return all names, the one that ships before the others."""
        return sorted(self.variants(), key=lambda name: name != self.bundled)

    def scored(self, variant: str) -> VariantVerdict | None:
        """Return a variant on the shown runtime over the deciding split; None without scores."""
        for found in self.sources.verdict.variants:
            if found.variant == variant and found.decides and found.runtime == self.report.runtime:
                return found
        return None

    def all_scored(self) -> Iterator[VariantVerdict]:
        """Yield what the page shows tag by tag, the variant that ships first."""
        for name in self.bundled_first():
            if found := self.scored(name):
                yield found

    def details(self, variant: str) -> VariantDetails | None:
        """Return the curves and changes of a variant on the shown runtime."""
        details = self.sources.details
        return details.find(variant, self.report.runtime) if details else None

    def with_losses(self, variant: str) -> bool:
        """Whether a variant lost something that no decision shows."""
        return any(row.variant == variant and row.with_losses for row in self.report.variants)

    def decision(self, variant: str) -> str:
        """Return what came of a variant in all: validation and benchmark."""
        for row in self.report.variants:
            if row.variant == variant:
                return row.verdict
        return self.sources.verdict.decisions.get(variant, "undecided")
