"""Instructions of every file on every emulated processor."""

from collections.abc import Sequence

from edgetag.conversion.exported import exported_files
from edgetag.errors import InputError
from edgetag.pool import open_pool
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.runtimes import Engine, LoadFailure, engines
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.targets import store
from edgetag.targets.asked import facts_of, require_ready, target_of
from edgetag.targets.counting.one_file import count_file
from edgetag.targets.result import CountFailure, InstructionCount, TargetsResult
from edgetag.targets.scoring import Job, Pictures, read_pictures
from edgetag.workspace import Workspace


def count_instructions(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    there: Sequence[Engine],
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
        there: The engines on targets; WebAssembly is passed over.
        variants: Which files; all where none is named.
        by_operator: Also count what each operator costs; takes about a minute a file.

    Returns:
        What was found now.

    Raises:
        InputError: A machine is not set up, or none of them can count; there are no files or
            images, or a file has changed.
    """
    require_ready(there)
    able = able_to_count(there)
    unable = dict.fromkeys(why for engine in there if (why := _why_not(engine)))
    if not able:
        raise InputError("\n".join(unable) or "only emulated machines count instructions")
    for why in unable:
        progress.say(why)
    files = exported_files(workspace, variants)
    pictures = read_pictures(recipe, workspace)
    jobs = [Job(file, path, engine, pictures.rows[:1]) for file, path in files for engine in able]
    counted = count_files(jobs, pictures, progress, by_operator)
    result = store.make(
        recipe,
        counts=(count for count in counted if isinstance(count, InstructionCount)),
        failures=(lost for lost in counted if isinstance(lost, CountFailure)),
    )
    store.add(recipe, workspace, result)
    return result


def able_to_count(there: Sequence[Engine]) -> list[Emulated]:
    """Return the engines that can count; all must be ready."""
    emulated = [engine for engine in there if isinstance(engine, Emulated)]
    return [engine for engine in emulated if engine.why_no_count() is None]


def _why_not(engine: Engine) -> str | None:
    why = engine.why_no_count() if isinstance(engine, Emulated) else None
    return None if why is None else f"{target_of(engine)} cannot count instructions: {why}"


def count_files(
    jobs: Sequence[Job[Emulated]],
    pictures: Pictures,
    progress: Progress,
    by_operator: bool = False,
    known: TargetsResult | None = None,
) -> tuple[InstructionCount | CountFailure, ...]:
    """Count all jobs, several at once.

    The first of the pictures is fed. Of `known`, counts of before, those are taken that are of
    the very file, runtime and emulator.
    """
    if not jobs:
        return ()
    names = ", ".join(dict.fromkeys(target_of(job.engine) for job in jobs))
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
            task.advance(1, job.name)
    return tuple(counted)


def _known(job: Job[Emulated], known: TargetsResult | None) -> InstructionCount | None:
    engine = job.engine
    count = known and known.find(
        job.file.variant, engine.target.name, engine.inner, engine.cpu.name
    )
    return count if count and count.is_of(facts_of(job.file, engine)) else None


def _count(
    job: Job[Emulated], pictures: Pictures, by_operator: bool
) -> InstructionCount | CountFailure:
    facts = facts_of(job.file, job.engine)
    outcome = count_file(job.path, job.engine, pictures, by_operator)
    accelerator = engines.acceleration(job.engine.name, outcome)
    if isinstance(outcome, LoadFailure):
        return CountFailure(**facts, accelerator=accelerator, reason=outcome.reason)
    instructions, operators = outcome
    return InstructionCount(
        **facts, accelerator=accelerator, instructions=instructions, operators=operators
    )
