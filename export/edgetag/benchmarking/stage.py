"""The bench stage: every exported file on every runtime with every number of threads."""

from datetime import UTC, datetime

from edgetag.benchmarking import history
from edgetag.benchmarking.budgets import check_budgets
from edgetag.benchmarking.conditions import Moment, look
from edgetag.benchmarking.desktop import time_reference
from edgetag.benchmarking.effort import effort
from edgetag.benchmarking.figures import figure
from edgetag.benchmarking.measure import Plan, Times, measure, too_many
from edgetag.benchmarking.result import (
    BenchResult,
    Conditions,
    Desktop,
    Failure,
    Measurement,
    MissingRuntime,
)
from edgetag.catalogue.variants import BASE
from edgetag.conversion.exported import exported_files
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.preprocess import Pixels
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.runtimes import engines
from edgetag.workspace import Workspace

IMAGES = 16
"""Real images that are used in turn; the first of the split that decides."""


def run(
    recipe: Recipe, workspace: Workspace, progress: Progress, full: bool = False
) -> BenchResult:
    """Measure latency, load time, memory and size, and check the budgets on them.

    A file that a runtime cannot load, that crashes it or hangs it, is reported and the others
    are measured.

    In full mode at least 1,024 runs and 60 s per figure are taken.

    Raises:
        InputError: The history is damaged, there is nothing to measure, a file has changed since it
            was exported, or no runtime of the recipe is installed.
    """
    history.check(workspace.bench / history.HISTORY)
    exported, paths = zip(*exported_files(workspace), strict=True)
    pixels = first_images(recipe, workspace)
    missing = _missing_runtimes(recipe)
    for runtime in missing:
        progress.say(f"{runtime.runtime} is left out: {runtime.reason}")
    machine = this_machine()
    results: list[Measurement] = []
    failures: list[Failure] = []
    conditions: list[Conditions] = []
    section = recipe.benchmark
    asked = effort(section, full)
    for name in recipe.benchmark.runtimes:
        if name in {runtime.runtime for runtime in missing}:
            continue
        for threads in recipe.benchmark.threads:
            if reason := too_many(threads):
                progress.say(f"{name}: {reason}")
                nothing = engines.acceleration(name, reason)
                left_out = MissingRuntime(
                    runtime=name, threads=threads, accelerator=nothing, reason=reason
                )
                missing = (*missing, left_out)
                continue
            plan = Plan.of(recipe, name, threads, pixels, full)
            before = look()
            timed = list(zip(exported, measure(paths, plan, progress), strict=True))
            base = next((times for file, times in timed if file.variant == BASE), "")
            for file, outcome in timed:
                if isinstance(outcome, Times):
                    results.append(
                        figure(file, plan, outcome, base, machine.cpu, section.max_spread)
                    )
                else:
                    progress.say(f"{file.variant} on {name}: {outcome}")
                    failures.append(
                        Failure(
                            variant=file.variant,
                            runtime=name,
                            threads=threads,
                            accelerator=engines.acceleration(name, outcome),
                            reason=outcome,
                            sha256=file.sha256,
                        )
                    )
            conditions.append(_conditions(plan, before, look()))
    if not conditions:
        raise InputError(f"benchmark.threads: {missing[-1].reason}; name a smaller number, too")
    desktop: list[Desktop] = []
    if section.reference:
        for timing in time_reference(recipe, workspace, pixels, asked, progress):
            if isinstance(timing, MissingRuntime):
                progress.say(f"{timing.runtime} is left out: {timing.reason}")
                missing = (*missing, timing)
            else:
                desktop += timing
    result = BenchResult(
        machine=machine,
        mode=asked.mode,
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        conditions=tuple(conditions),
        budget_runtime=recipe.benchmark.budget_runtime,
        budget_threads=recipe.benchmark.budget_threads,
        results=tuple(results),
        desktop=tuple(desktop),
        failures=tuple(failures),
        missing_runtimes=missing,
        budgets=check_budgets(recipe, exported, results, failures),
    )
    result.write(workspace.bench / "bench.json")
    history.append(workspace.bench / history.HISTORY, result)
    return result


def first_images(recipe: Recipe, workspace: Workspace) -> Pixels:
    """Return the images that are used in turn, `[images, size, size, 3]`."""
    dataset = open_dataset(workspace, recipe.network.input_size)
    return dataset.images(dataset.rows(recipe.validation.splits[0])[:IMAGES])


def _missing_runtimes(recipe: Recipe) -> tuple[MissingRuntime, ...]:
    """Return the runtimes that are not here.

    Raises:
        InputError: None is.
    """
    reasons = {name: engines.get(name).available() for name in recipe.benchmark.runtimes}
    missing = tuple(
        MissingRuntime(runtime=name, accelerator=engines.acceleration(name, reason), reason=reason)
        for name, reason in reasons.items()
        if reason
    )
    if len(missing) == len(reasons):
        each_reason = "; ".join(f"{runtime.runtime}: {runtime.reason}" for runtime in missing)
        raise InputError(f"no runtime of benchmark.runtimes can be used here. {each_reason}")
    return missing


def _conditions(plan: Plan, before: Moment, after: Moment) -> Conditions:
    known = before.load is not None and after.load is not None
    return Conditions(
        runtime=plan.runtime,
        threads=plan.threads,
        load=(before.load, after.load) if known else None,
        cpu_mhz=(before.cpu_mhz, after.cpu_mhz),
        governor=after.governor,
    )
