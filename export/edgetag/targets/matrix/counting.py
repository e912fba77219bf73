"""ARM instructions of every file on every emulated machine that counts them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgetag.conversion.result import ExportedVariant
from edgetag.pool import open_pool
from edgetag.progress import Progress
from edgetag.runtimes import LoadFailure, ScoreRun
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.runtimes.emulation.engine import get as get_emulated
from edgetag.targets.counting.count import Input, count_file
from edgetag.targets.matrix.outcomes import Outcomes, Wanted
from edgetag.targets.result import TargetsResult
from edgetag.targets.spots import Spot


@dataclass(frozen=True)
class Counted:
    """Of one file on one runtime.

    Attributes:
        instructions: Core → instructions of one inference.
        problem: Why one core's are missing; None where none is.
    """

    instructions: dict[str, int]
    problem: str | None = None


@dataclass(frozen=True)
class _Job:
    file: ExportedVariant
    path: Path
    engine: Emulated


def count_all(
    files: Sequence[tuple[ExportedVariant, Path]],
    wanted: Wanted,
    outcomes: Outcomes,
    given: Input,
    known: TargetsResult | None,
    progress: Progress,
) -> dict[tuple[str, str], Counted]:
    """Count one inference of every file that was scored, on every core of its emulated machine.

    What `edgetag target count` counted of the very file, on the same runtime and emulator, is taken
    from there.

    Args:
        files: What to count.
        wanted: Those that are emulated are counted on, if they can.
        outcomes: A file that gave no scores is passed over.
        given: The image.
        known: Counts of these files; None where there are none.
        progress: Told how many are counted.

    Returns:
        Variant and runtime → what was counted.
    """
    able = [engine for engine in wanted.values() if isinstance(engine, Emulated) and _able(engine)]
    jobs = [
        _Job(file, path, get_emulated(engine.name, cpu.name, engine.cache))
        for file, path in files
        for engine in able
        if isinstance(outcomes[file.variant, engine.name], ScoreRun)
        for cpu in engine.target.cpus
    ]
    found: dict[tuple[str, str], Counted] = {}
    with (
        progress.track("counting ARM instructions", len(jobs), "counts") as task,
        open_pool(cancelled=given.cancelled) as pool,
    ):
        for job, outcome in zip(
            jobs, pool.map(lambda job: _known(job, known) or _count(job, given), jobs), strict=True
        ):
            place = job.file.variant, job.engine.name
            before = found.get(place, Counted({}))
            cpu = job.engine.cpu.name
            found[place] = (
                Counted(before.instructions, outcome.reason)
                if isinstance(outcome, LoadFailure)
                else Counted({**before.instructions, cpu: outcome}, before.problem)
            )
            task.advance(1, f"{job.file.variant} on {job.engine.name}, {cpu}")
    return found


def _known(job: _Job, known: TargetsResult | None) -> int | None:
    """Return what was counted before, None where it was not, or otherwise than now."""
    engine = job.engine
    count = known and known.find(
        job.file.variant, engine.target.name, engine.inner, engine.cpu.name
    )
    if not count:
        return None
    spot = Spot(engine, engine.target.name, engine.inner, engine.cpu.name)
    now = job.file.sha256, engine.version(), spot.program()
    return (
        count.instructions if (count.sha256, count.runtime_version, count.program) == now else None
    )


def _count(job: _Job, given: Input) -> int | LoadFailure:
    outcome = count_file(job.path, job.engine, given)
    return outcome if isinstance(outcome, LoadFailure) else outcome[0]


def _able(engine: Emulated) -> bool:
    """Whether a machine is set up, and counts."""
    return engine.available() is None and engine.why_no_count() is None
