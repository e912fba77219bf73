"""The sources of the page, and what the report chose to show of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from edgetag.reporting.result import ReportResult
from edgetag.reporting.sources import Sources
from edgetag.validation.details import VariantDetails
from edgetag.validation.result import VariantVerdict

Values = dict[str, object]
"""What a section's template shows, by name."""


@dataclass(frozen=True)
class View:
    """The sources, and what the report chose to show of them.

    Attributes:
        report: The rows of all files, and the runtime whose accuracy is shown first.
        sources: What it was made from.
    """

    report: ReportResult
    sources: Sources

    @property
    def bundled(self) -> str:
        """The variant that the app ships."""
        return self.report.leading

    def variants(self) -> list[str]:
        """Return all names: those of the report, then any that only the verdict has."""
        named: list[str] = [row.variant for row in self.report.variants]
        named += [entry.variant for entry in self.sources.verdict.variants]
        named += [failure.variant for failure in self.sources.verdict.failures]
        return list(dict.fromkeys(named))

    def bundled_first(self) -> list[str]:
        """Return all names, the one that ships before the others."""
        return sorted(self.variants(), key=lambda name: name != self.bundled)

    def scored(self, variant: str) -> VariantVerdict | None:
        """Return a variant on the shown runtime over the deciding split; None without scores."""
        for entry in self.sources.verdict.variants:
            if entry.variant == variant and entry.decides and entry.runtime == self.report.runtime:
                return entry
        return None

    def all_scored(self) -> Iterator[VariantVerdict]:
        """Yield what the page shows tag by tag, the variant that ships first."""
        for name in self.bundled_first():
            if entry := self.scored(name):
                yield entry

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
