"""Instructions of every file on every emulated processor."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgetag.conversion.exported import exported_files
from edgetag.conversion.result import ExportedVariant
from edgetag.errors import InputError
from edgetag.pool import open_pool
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.runtimes import LoadFailure
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.targets import store
from edgetag.targets.counting.one_file import count_file
from edgetag.targets.result import CountFailure, InstructionCount, TargetsResult
from edgetag.targets.scoring import Pictures, read_pictures
from edgetag.targets.spots import Spot, require_ready
from edgetag.workspace import Workspace


@dataclass(frozen=True)
class CountJob:
    """One file to count on one emulated processor."""

    file: ExportedVariant
    path: Path
    spot: Spot
    engine: Emulated


def count_instructions(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    spots: Sequence[Spot],
    variants: Sequence[str] = (),
    by_operator: bool = False,
) -> TargetsResult:
    """Count the instructions of one inference of every file on emulated machines.

    What cannot be counted is in the result, and the rest is counted. What is found is added to
    `targets/targets.json`.

    Args:
        recipe: Gives the split, the contract, the budgets and the time limit.
        workspace: The run.
        progress: Told how many are counted, and which machine cannot.
        spots: Where; WebAssembly is passed over.
        variants: Which files; all where none is named.
        by_operator: Also count what each operator costs; takes about a minute a file.

    Returns:
        What was found now.

    Raises:
        InputError: A machine is not set up, or none of them can count; there are no files or
            images, or a file has changed.
    """
    require_ready(spots)
    able = able_to_count(spots)
    unable = dict.fromkeys(why for spot in spots if (why := _why_not(spot)))
    if not able:
        raise InputError("\n".join(unable) or "only emulated machines count instructions")
    for why in unable:
        progress.say(why)
    files = exported_files(workspace, variants)
    pictures = read_pictures(recipe, workspace)
    jobs = [CountJob(file, path, spot, engine) for file, path in files for spot, engine in able]
    counted = count_files(jobs, pictures, progress, by_operator)
    result = store.make(
        recipe,
        counts=(count for count in counted if isinstance(count, InstructionCount)),
        failures=(lost for lost in counted if isinstance(lost, CountFailure)),
    )
    store.add(recipe, workspace, result)
    return result


def able_to_count(spots: Sequence[Spot]) -> list[tuple[Spot, Emulated]]:
    """Return the spots on emulated machines that can count; all must be ready."""
    return [
        (spot, spot.engine)
        for spot in spots
        if isinstance(spot.engine, Emulated) and spot.engine.why_no_count() is None
    ]


def _why_not(spot: Spot) -> str | None:
    why = spot.engine.why_no_count() if isinstance(spot.engine, Emulated) else None
    return None if why is None else f"{spot.target} cannot count instructions: {why}"


def count_files(
    jobs: Sequence[CountJob],
    pictures: Pictures,
    progress: Progress,
    by_operator: bool = False,
    known: TargetsResult | None = None,
) -> tuple[InstructionCount | CountFailure, ...]:
    """Count all jobs, several at once.

    Args:
        jobs: What to count and where.
        pictures: The first is fed.
        progress: Told how many are counted.
        by_operator: Also count what each operator costs.
        known: Counts of before, taken where they are of the very file, runtime and emulator.
    """
    names = ", ".join(dict.fromkeys(job.spot.target for job in jobs))
    counted = []
    with (
        progress.track(f"count on {names}", len(jobs), "counts") as task,
        open_pool(cancelled=pictures.cancelled) as pool,
    ):
        for job, outcome in zip(
            jobs,
            pool.map(lambda job: _known(job, known) or _count(job, pictures, by_operator), jobs),
            strict=True,
        ):
            counted.append(outcome)
            task.advance(1, f"{job.file.variant} on {outcome.place}")
    return tuple(counted)


def _known(job: CountJob, known: TargetsResult | None) -> InstructionCount | None:
    spot = job.spot
    count = known and known.find(job.file.variant, spot.target, spot.runtime, spot.cpu)
    same = count and count.is_of(spot.facts_of(job.file))
    return count if count and same else None


def _count(job: CountJob, pictures: Pictures, by_operator: bool) -> InstructionCount | CountFailure:
    facts = job.spot.facts_of(job.file)
    outcome = count_file(job.path, job.engine, pictures, by_operator)
    if isinstance(outcome, LoadFailure):
        return CountFailure(**facts, reason=outcome.reason)
    instructions, operators = outcome
    return InstructionCount(**facts, instructions=instructions, operators=operators)
