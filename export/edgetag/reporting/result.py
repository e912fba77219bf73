"""What the report stage leaves: the rows that people read, as data."""

from typing import ClassVar, Literal

from edgetag.recipe import Variant
from edgetag.records import Record, Result

Decision = Literal["pass", "fail", "undecided"]
Bounds = tuple[float, float]


class Accuracy(Record):
    """A variant on one runtime over one split; drops are reference minus variant, as fractions.

    Attributes:
        split: Which images.
        runtime: Which engine.
        decides: Whether this split decides.
        n_images: Images in it.
        n_scored_tags: Tags with enough positives; the means are over them.
        map: Mean average precision; null where no tag is scored, as are the next two.
        map_drop: From the reference.
        map_drop_interval: Of the drop.
        flip_rate: Share of decisions that differ from the reference's.
    """

    split: str
    runtime: str
    decides: bool
    n_images: int
    n_scored_tags: int
    map: float | None
    map_drop: float | None
    map_drop_interval: Bounds | None
    flip_rate: float | None


class Speed(Record):
    """A variant on one runtime with one number of threads."""

    runtime: str
    threads: int
    p50_ms: float
    p90_ms: float
    load_ms: float
    peak_memory_bytes: int | None


class VariantRow(Record):
    """One exported file: everything the table of variants shows.

    Attributes:
        variant: Its name.
        size_bytes: Of the file.
        gzip_bytes: Of the file after gzip.
        accuracy: One entry per split and runtime that scored it.
        speed: One entry per runtime and number of threads that measured it.
        verdict: Worst of validation's decision and the benchmark's budgets.
    """

    variant: Variant
    size_bytes: int
    gzip_bytes: int
    accuracy: tuple[Accuracy, ...]
    speed: tuple[Speed, ...]
    verdict: Decision

    def on(self, split: str, runtime: str) -> Accuracy | None:
        """Return the accuracy over a split on a runtime, None where there is none."""
        for entry in self.accuracy:
            if (entry.split, entry.runtime) == (split, runtime):
                return entry
        return None


class BudgetRow(Record):
    """One limit of the recipe against what was measured, and where."""

    variant: Variant
    runtime: str
    budget: str
    limit: float
    measured: float | None
    verdict: Decision


class FailureRow(Record):
    """A variant that a runtime did not run; `stage` is where that was seen."""

    variant: Variant
    runtime: str
    stage: str
    reason: str


class ReportResult(Result):
    """`report/report.json`.

    Attributes:
        file: The summary for people, relative to the run folder.
        verdict: Worst of all variants' verdicts.
        split: The split that decides.
        runtime: The runtime whose accuracy the table of variants shows.
        variants: In the order of the export.
        budgets: Every limit that the recipe sets.
        failures: What did not run.
    """

    SCHEMA: ClassVar[str] = "edgetag.report/1.0"
    file: str
    verdict: Decision
    split: str
    runtime: str
    variants: tuple[VariantRow, ...]
    budgets: tuple[BudgetRow, ...]
    failures: tuple[FailureRow, ...]
