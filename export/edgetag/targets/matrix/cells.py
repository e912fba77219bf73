"""What a cell of the matrix is made of: scores, their agreement, counts, latency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgetag.benchmarking.result import BenchResult
from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.conversion.result import ExportedVariant
from edgetag.metrics import Scores
from edgetag.runtimes import Engine, LoadFailure, ScoreRun, engines
from edgetag.targets.agreement import compare, tolerance
from edgetag.targets.matrix.outcomes import Outcomes, host_of
from edgetag.targets.matrix.result import Agreement, Cell, Latency, SameEngine
from edgetag.targets.result import CountFailure, InstructionCount
from edgetag.targets.scoring import Outcome
from edgetag.training.result import Thresholds
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace


class FileThresholds:
    """The thresholds that each file is judged by.

    Those of the verdict, where it judged this very file; else those of training.
    """

    def __init__(self, workspace: Workspace, tags: Sequence[str]) -> None:
        self._tags = tags
        verdict, trained = workspace.validate / "verdict.json", workspace.train / "thresholds.json"
        self._verdict = Verdict.read_if_there(verdict, "validate")
        self._trained = Thresholds.read_if_there(trained, "train")

    def of(self, file: ExportedVariant) -> list[float] | None:
        """Return `[tags]` thresholds of a file; None where a tag has none."""
        thresholds: Mapping[str, float] = self._trained.thresholds if self._trained else {}
        if self._verdict and any(
            (entry.variant, entry.sha256) == (file.variant, file.sha256)
            for entry in self._verdict.variants
        ):
            thresholds = self._verdict.thresholds.get(file.variant, thresholds)
        if any(tag not in thresholds for tag in self._tags):
            return None
        return [thresholds[tag] for tag in self._tags]


@dataclass(frozen=True)
class Cells:
    """Makes cells of what was found."""

    outcomes: Outcomes
    counts: Sequence[InstructionCount | CountFailure]
    bench: BenchResult | None
    thresholds: FileThresholds

    def of(self, file: ExportedVariant, engine: Engine) -> Cell:
        """Return the cell of a file on a runtime."""
        outcome = self.outcomes[file.variant, engine.name]
        reference = self.outcomes[file.variant, DEFAULT_ENGINE]
        agreement = None
        if isinstance(outcome, ScoreRun) and isinstance(reference, ScoreRun):
            thresholds = self.thresholds.of(file)
            agreement = agreement_of(outcome.scores, reference.scores, thresholds)
        failed = outcome if isinstance(outcome, LoadFailure) else None
        here = [
            count
            for count in self.counts
            if (count.variant, count.engine) == (file.variant, engine.name)
        ]
        return Cell(
            variant=file.variant,
            target=engine.name,
            state=failed.kind.value if failed else "scored",
            reason=failed.reason if failed else None,
            accelerator=engines.acceleration(engine.name, outcome),
            agreement=agreement,
            same_engine=self._same_engine(file, engine),
            latency=self._latency(file, engine.name),
            instructions={
                count.cpu or "": count.instructions
                for count in here
                if isinstance(count, InstructionCount)
            },
            not_counted=next(
                (lost.reason for lost in here if isinstance(lost, CountFailure)), None
            ),
        )

    def _latency(self, file: ExportedVariant, runtime: str) -> Latency | None:
        """Return the median latency of this very file with one thread."""
        measured = self.bench and self.bench.find(file.variant, runtime, 1)
        if not self.bench or not measured or measured.sha256 != file.sha256:
            return None
        return Latency.like(measured, p50_ms=measured.latency_ms.p50, mode=self.bench.mode)

    def _same_engine(self, file: ExportedVariant, engine: Engine) -> SameEngine | None:
        host = host_of(file, engine) if engine.available() is None else None
        if host is None:
            return None
        here, there = self.outcomes[file.variant, host], self.outcomes[file.variant, engine.name]
        return same_engine(host, tolerance(file, engine.inner), here, there)


def same_engine(host: str, limit: float, here: Outcome, there: Outcome) -> SameEngine:
    """Judge a file's scores elsewhere by those of the same engine here."""
    comparison = compare(here, there, limit)
    return SameEngine(
        host=host,
        tolerance=limit,
        agreement=comparison.agreement,
        largest_difference=comparison.max_difference,
    )


def agreement_of(
    scores: Scores, reference: Scores, thresholds: Sequence[float] | None
) -> Agreement:
    """Compare scores of one file on two runtimes.

    Both are `[images, tags]`; thresholds are `[tags]`, None where unknown.
    """
    decided = np.zeros_like(scores, dtype=bool)
    if thresholds is not None:
        limits = np.asarray(thresholds, dtype=np.float64)
        decided = (scores >= limits) != (reference >= limits)
    return Agreement(
        identical=bool(np.array_equal(scores, reference)),
        largest_difference=float(np.abs(scores - reference).max(initial=0.0)),
        decisions=scores.size if thresholds is not None else 0,
        flips=int(decided.sum()),
    )
