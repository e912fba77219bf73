"""The bench stage: every exported file on every runtime with every number of threads."""

from pathlib import Path

import numpy as np

from edgetag.benchmarking.budgets import check_budgets
from edgetag.benchmarking.measure import Plan, Times, measure
from edgetag.benchmarking.result import (
    BenchResult,
    Failure,
    Latency,
    Measurement,
    MissingRuntime,
)
from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.preprocess import Pixels
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.runtimes import engines
from edgetag.workspace import Workspace, write_text

IMAGES = 16
"""Real images that are used in turn; the first of the split that decides."""


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> BenchResult:
    """Measure latency, load time, memory and size, and check the budgets on them.

    A file that a runtime cannot load, that crashes it or hangs it, is reported and the others
    are measured.

    Raises:
        InputError: There is nothing to measure, a file has changed since it was exported, or no
            runtime of the recipe is installed.
    """
    exported = _exported(workspace)
    paths = [workspace.verified_file(file.file, file.sha256) for file in exported]
    pixels = _first_images(recipe, workspace)
    missing = _missing_runtimes(recipe)
    for runtime in missing:
        progress.say(f"{runtime.runtime} is left out: {runtime.reason}")
    machine = this_machine()
    results: list[Measurement] = []
    failures: list[Failure] = []
    for name in recipe.benchmark.runtimes:
        if name in {runtime.runtime for runtime in missing}:
            continue
        for threads in recipe.benchmark.threads:
            plan = Plan(
                runtime=name,
                threads=threads,
                contract=recipe.network.preprocessing(),
                pixels=pixels,
                warmup_runs=recipe.benchmark.warmup_runs,
                runs=recipe.benchmark.runs,
                seed=recipe.seed,
            )
            for file, found in zip(exported, measure(paths, plan, progress), strict=True):
                if isinstance(found, Times):
                    results.append(_measurement(file, plan, found, machine.cpu))
                else:
                    progress.say(f"{file.variant} on {name}: {found}")
                    failures.append(
                        Failure(variant=file.variant, runtime=name, threads=threads, reason=found)
                    )
    result = BenchResult(
        machine=machine,
        budget_runtime=recipe.benchmark.budget_runtime,
        budget_threads=recipe.benchmark.budget_threads,
        results=tuple(results),
        failures=tuple(failures),
        missing_runtimes=missing,
        budgets=check_budgets(recipe, exported, results),
    )
    write_text(workspace.bench / "bench.json", result.to_json())
    return result


def _exported(workspace: Workspace) -> tuple[ExportedVariant, ...]:
    path: Path = workspace.export / "export.json"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: missing; run: edgetag export") from None
    exported = ExportResult.from_json(text, path).variants
    if not exported:
        raise InputError(f"{path}: lists no file; run: edgetag export")
    return exported


def _first_images(recipe: Recipe, workspace: Workspace) -> Pixels:
    dataset = open_dataset(workspace)
    size = recipe.network.input_size
    if dataset.cache.index.input_size != size:
        raise InputError(
            f"{workspace.cache}: images of {dataset.cache.index.input_size} px, but the recipe's "
            f"input_size is {size}; run: edgetag data build"
        )
    return dataset.images(dataset.rows(recipe.validation.splits[0])[:IMAGES])


def _missing_runtimes(recipe: Recipe) -> tuple[MissingRuntime, ...]:
    """Return the runtimes that are not here.

    Raises:
        InputError: None is.
    """
    reasons = {name: engines.get(name).available() for name in recipe.benchmark.runtimes}
    missing = tuple(
        MissingRuntime(runtime=name, reason=reason) for name, reason in reasons.items() if reason
    )
    if len(missing) == len(reasons):
        told = "; ".join(f"{runtime.runtime}: {runtime.reason}" for runtime in missing)
        raise InputError(f"no runtime of benchmark.runtimes can be used here. {told}")
    return missing


def _measurement(file: ExportedVariant, plan: Plan, times: Times, device: str) -> Measurement:
    p50, p90, p99 = np.percentile(times.latencies_ms, [50, 90, 99]).tolist()
    return Measurement(
        variant=file.variant,
        runtime=plan.runtime,
        runtime_version=engines.get(plan.runtime).version(),
        device=device,
        threads=plan.threads,
        runs=len(times.latencies_ms),
        latency_ms=Latency(p50=p50, p90=p90, p99=p99),
        load_ms=times.load_ms,
        peak_memory_bytes=times.peak_memory_bytes,
        size_bytes=file.size_bytes,
        gzip_bytes=file.gzip_bytes,
    )
