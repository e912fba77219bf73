"""The float model under TensorFlow, for comparison: on the GPU where there is one, else the CPU."""

import importlib.util
from functools import partial

from edgetag.arrays import write_array
from edgetag.benchmarking.effort import MOST_WINDOWS, SETTLED, Effort
from edgetag.benchmarking.latency import percentiles, spread
from edgetag.benchmarking.result import Desktop, MissingRuntime
from edgetag.machine import Machine
from edgetag.networks.timing_job import EVENT, Event, Inferred, TimingJob, TimingOutcome
from edgetag.preprocess import Pixels
from edgetag.process import on_host, run_job
from edgetag.progress import Progress, Task
from edgetag.recipe import Recipe
from edgetag.scratch import scratch_folder
from edgetag.workspace import Workspace

NAME = "TensorFlow"
MODULE = "edgetag.networks.timing"
SILENCE_LIMIT_S = 300.0
"""Longest time without an inference. Before the first one TensorFlow is imported and the model is
built and traced, which may take a busy machine a minute."""


def time_reference(
    recipe: Recipe,
    workspace: Workspace,
    pixels: Pixels,
    machine: Machine,
    asked: Effort,
    progress: Progress,
) -> tuple[Desktop, ...] | MissingRuntime:
    """Time the trained model at batch 1 and at the batch with the highest rate.

    Each batch is timed as often and long as `asked` says, at least. `pixels` are `[images,
    size, size, 3]` uint8.
    """
    weights = workspace.train / "model.npz"
    if importlib.util.find_spec("tensorflow") is None:
        return MissingRuntime(
            runtime=NAME, reason="not installed; install it with: pip install 'edgetag[train]'"
        )
    if not weights.exists():
        return MissingRuntime(runtime=NAME, reason=f"{weights} is not here")
    with scratch_folder() as folder:
        job = TimingJob(
            network=recipe.network,
            tags=len(recipe.data.tags),
            weights=weights.resolve(),
            contract=recipe.network.preprocessing(),
            images=folder / "images.npy",
            warmup_runs=recipe.benchmark.warmup_runs,
            settled=SETTLED,
            most_windows=MOST_WINDOWS,
            runs=asked.runs,
            min_s=asked.min_s,
        )
        write_array(job.images, pixels)
        with progress.track(f"latency under {NAME}", None, "runs") as task:
            outcome = _timed(job, task)
    if isinstance(outcome, str):
        return MissingRuntime(runtime=NAME, reason=outcome)
    return _measurements(outcome, recipe, machine)


def _timed(job: TimingJob, task: Task) -> TimingOutcome | str:
    """Return what the timing process found, or one line that says why it found nothing."""
    outcome: TimingOutcome | str = "it gave no answer"

    def hear(event: Event) -> None:
        nonlocal outcome
        match event:
            case Inferred():
                task.advance()
            case TimingOutcome():
                outcome = event

    failure = run_job(partial(on_host, MODULE), job, EVENT, hear, SILENCE_LIMIT_S)
    return outcome if failure is None else failure.while_doing("timing")


def _measurements(outcome: TimingOutcome, recipe: Recipe, machine: Machine) -> tuple[Desktop, ...]:
    measurements = []
    for times in outcome.batches:
        latency, width = percentiles(times.latencies_ms), spread(times.latencies_ms)
        measurements.append(
            Desktop(
                engine=NAME,
                version=outcome.version,
                device=outcome.device or machine.cpu,
                batch=times.batch,
                runs=len(times.latencies_ms),
                latency_ms=latency,
                images_per_s=1e3 * times.batch / latency.p50,
                spread=width,
                warm=times.warm,
                stable=times.warm and width <= recipe.benchmark.max_spread,
            )
        )
    return tuple(measurements)
