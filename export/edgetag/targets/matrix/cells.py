"""What a cell of the matrix is made of: scores, their agreement, counts, latency."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.conversion.result import ExportedVariant
from edgetag.runtimes import Engine, LoadFailure, ScoreRun
from edgetag.targets.agreement import compare, tolerance
from edgetag.targets.matrix.agreement import FileThresholds, agreement_of
from edgetag.targets.matrix.latencies import Latencies
from edgetag.targets.matrix.outcomes import Outcomes, host_of
from edgetag.targets.matrix.result import Cell, SameEngine
from edgetag.targets.result import CountFailure, InstructionCount
from edgetag.targets.scoring import Outcome


@dataclass(frozen=True)
class Cells:
    """Makes cells of what was found."""

    outcomes: Outcomes
    counts: Sequence[InstructionCount | CountFailure]
    latencies: Latencies
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
            agreement=agreement,
            same_engine=self._same_engine(file, engine),
            latency=self.latencies.of(file, engine.name),
            instructions={
                count.cpu or "": count.instructions
                for count in here
                if isinstance(count, InstructionCount)
            },
            not_counted=next(
                (lost.reason for lost in here if isinstance(lost, CountFailure)), None
            ),
        )

    def _same_engine(self, file: ExportedVariant, engine: Engine) -> SameEngine | None:
        host = host_of(file, engine) if engine.available() is None else None
        if host is None:
            return None
        here, there = self.outcomes[file.variant, host], self.outcomes[file.variant, engine.name]
        return same_engine(file, host, here, there)


def same_engine(file: ExportedVariant, host: str, here: Outcome, there: Outcome) -> SameEngine:
    """Judge a file's scores elsewhere by those of the same engine here."""
    limit = tolerance(file)
    comparison = compare(here, there, limit)
    return SameEngine(
        host=host,
        tolerance=limit,
        agreement=comparison.agreement,
        largest_difference=comparison.max_difference,
    )
