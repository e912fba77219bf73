"""What the report stage leaves: the rows that people read, as data."""

from typing import ClassVar, Literal

from edgetag.judging.checks import Bounds, Check, ReasonedCheck
from edgetag.judging.decisions import Decision
from edgetag.machine import Acceleration
from edgetag.recipe import LIMITS
from edgetag.records import Record, Result
from edgetag.reporting.levels import Level
from edgetag.validation.baseline_result import BaselineComparison
from edgetag.validation.result import VariantVerdict


class Accuracy(Record):
    """A variant on one runtime over one split; drops are reference minus variant, as fractions.

    Attributes:
        split: Which images.
        runtime: Which engine.
        accelerator: What it was asked for, and what ran; null before schema 3.2.
        decides: Whether this split decides.
        n_images: Images in it.
        n_scored_tags: Tags with enough positives; the means are over them.
        n_tags: All tags; 0 in a report that an earlier version wrote.
        map: Mean average precision; null where no tag is scored, as are the next two.
        map_drop: From the reference.
        map_drop_interval: Interval of the drop.
        flip_rate: Share of decisions that differ from the reference's.
        logit_rmse: Distance of logits from the reference's; null in a report of an earlier version.
    """

    split: str
    runtime: str
    accelerator: Acceleration | None = None
    decides: bool
    n_images: int
    n_scored_tags: int
    n_tags: int = 0
    map: float | None
    map_drop: float | None
    map_drop_interval: Bounds | None
    flip_rate: float | None
    logit_rmse: float | None = None


class Speed(Record):
    """A variant on one runtime with one number of threads.

    `stable` and `mode` are those of `benchmarking.result`: both are shown with the figure.
    `accelerator` is what was asked for, and what ran; null before schema 3.2.
    """

    runtime: str
    accelerator: Acceleration | None = None
    threads: int
    p50_ms: float
    p90_ms: float
    load_ms: float
    peak_memory_bytes: int | None
    stable: bool = True
    mode: Literal["quick", "full"] = "quick"


class Instructions(Record):
    """Instructions of one inference of a variant, counted on an emulated processor.

    Attributes:
        runtime: Its full name, such as `litert@arm64`.
        accelerator: What it was asked for, and what ran; null before schema 3.2.
        cpu: The processor.
        instructions: Exact; no time follows from them.
        judged: Whether `max_arm_instructions` is judged by them.
    """

    runtime: str
    accelerator: Acceleration | None = None
    cpu: str
    instructions: int
    judged: bool


class VariantRow(Record):
    """One judged file: everything the table of variants shows.

    Attributes:
        variant: Its name.
        origin: Whether edgetag exported it, or `edgetag validate file` was given it.
        size_bytes: Its bytes; None where no runtime scored a file that edgetag did not export.
        gzip_bytes: Bytes of the file after gzip.
        accuracy: One entry per split and runtime that scored it.
        speed: One entry per runtime and number of threads that measured it.
        instructions: One entry per runtime and processor that they were counted on.
        verdict: Worst of validation's decision, the benchmark's budgets, and what other machines
            showed.
        with_losses: Whether findings tell losses of it that no decision shows.
    """

    variant: str
    origin: Literal["export", "external"]
    size_bytes: int | None
    gzip_bytes: int | None
    accuracy: tuple[Accuracy, ...]
    speed: tuple[Speed, ...]
    instructions: tuple[Instructions, ...] = ()
    verdict: Decision
    with_losses: bool = False

    def on(self, split: str, runtime: str) -> Accuracy | None:
        """Return the accuracy over a split on a runtime, None where there is none."""
        entries = (e for e in self.accuracy if (e.split, e.runtime) == (split, runtime))
        return next(entries, None)


class Place(Record):
    """Where a limit was judged.

    Attributes:
        variant: Which file.
        runtime: Which engine; `any` for sizes.
        stage: What judged it.
        tag: Whose margin it is; None for limits over all tags.
    """

    variant: str
    runtime: str
    stage: Literal["validate", "bench", "targets"]
    tag: str | None = None


UNSCORED = "the tag is not scored: too few images with it, or none without; add labelled images"
"""Why a margin that the recipe sets for a tag by name is undecided."""


class BudgetRow(ReasonedCheck, Place):
    """One limit of the recipe against what was measured, and where."""

    @classmethod
    def of(cls, entry: VariantVerdict, check: Check, tag: str | None = None) -> "BudgetRow":
        """Return a limit that validation judged; a file's size is the same on every runtime."""
        runtime = "any" if LIMITS[check.budget].subject == "size" else entry.runtime
        place = {"variant": entry.variant, "runtime": runtime, "stage": "validate", "tag": tag}
        unscored = tag is not None and check.measured is None
        return cls(**place, **check.model_dump(), reason=UNSCORED if unscored else "")


class FailureRow(Record):
    """A variant that a runtime did not run; `stage` is where that was seen.

    `accelerator` is what was asked for, and what ran there; null before schema 3.2.
    """

    variant: str
    runtime: str
    accelerator: Acceleration | None = None
    stage: str
    reason: str


class Finding(Record):
    """One thing that a person should know, in a sentence; plain text, one line.

    Attributes:
        level: `fail`, `undecided` and `not judged` stand between the run and its acceptance. A
            `loss` does not, but nobody should accept without having read it. A `note` is less.
        where: Such as `int8 on litert, tag cat`.
        text: What was found.
        variant: The file that it is about; None where it is about all.
    """

    level: Level
    where: str
    text: str
    variant: str | None = None

    @classmethod
    def about(
        cls, level: Level, text: str, variant: str, runtime: str = "any", tag: str | None = None
    ) -> "Finding":
        """Return one about a file, on one runtime or on any, and of one tag or of all."""
        where = variant if runtime == "any" else f"{variant} on {runtime}"
        where = where if tag is None else f"{where}, tag {tag}"
        return cls(level=level, where=where, text=text, variant=variant)


class ReportResult(Result):
    """`report/report.json`.

    Attributes:
        file: The summary for people, relative to the run folder.
        junit: The verdict as JUnit XML, likewise.
        page: The page for people, likewise; None where none was written.
        verdict: Worst of all variants' verdicts, but those of `validation.result.Verdict`'s
            `passed_over`, and of the baseline's.
        ships: The variants that an app gets, the one that it takes first.
        leading: The variant that is shown first: that one, or what comes nearest to it.
        shipping: Why so, in a sentence; empty where the recipe names what ships, and where none of
            its own files was judged.
        split: The split that decides.
        runtime: The runtime whose accuracy the table of variants shows.
        variants: In the recipe's order; files made elsewhere follow.
        budgets: Every limit over all tags that the recipe sets.
        tag_budgets: Every tag's margin that is not kept, over the deciding split.
        failures: What did not run.
        findings: What stands between the run and its acceptance, and notes; the worst first.
        baseline: What changed since the accepted state; None where there is none.
    """

    SCHEMA: ClassVar[str] = "edgetag.report/3.2"
    file: str
    junit: str
    page: str | None = None
    verdict: Decision
    ships: tuple[str, ...] = ()
    leading: str = ""
    shipping: str = ""
    split: str
    runtime: str
    variants: tuple[VariantRow, ...]
    budgets: tuple[BudgetRow, ...]
    tag_budgets: tuple[BudgetRow, ...]
    failures: tuple[FailureRow, ...]
    findings: tuple[Finding, ...]
    baseline: BaselineComparison | None = None

    @property
    def accepted_with_losses(self) -> bool:
        """Whether all budgets are kept but a file lost something that none of them judges."""
        return self.verdict == "pass" and any(row.with_losses for row in self.variants)
