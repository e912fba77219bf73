"""The float network on the engines of a desktop, for comparison: on the GPU where there is one."""

from functools import partial

from pydantic import TypeAdapter

from edgetag.arrays import write_array
from edgetag.benchmarking.effort import MOST_WINDOWS, SETTLED, Effort
from edgetag.benchmarking.latency import percentiles, spread
from edgetag.benchmarking.result import Desktop, MissingRuntime, is_stable
from edgetag.catalogue.desktop import DESKTOP, DesktopLine
from edgetag.children import on_host
from edgetag.conversion.exported import exported_if_there
from edgetag.desktop.availability import missing
from edgetag.desktop.job import Advanced, Event, FloatModel, Timed, TimingJob
from edgetag.machine import Acceleration
from edgetag.messages import Refused
from edgetag.pixels import Normalization
from edgetag.preprocess import Pixels
from edgetag.process import run_job
from edgetag.progress import Progress, Task
from edgetag.recipe import Recipe
from edgetag.scratch import scratch_folder
from edgetag.workspace import Workspace

MODULE = "edgetag.desktop.timer"
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
SILENCE_LIMIT_S = 300.0
"""Longest time without an inference. Before the first one TensorFlow is imported and the model is
built and traced, which may take a busy machine a minute."""

Timing = tuple[Desktop, ...] | MissingRuntime


def time_reference(
    recipe: Recipe, workspace: Workspace, pixels: Pixels, asked: Effort, progress: Progress
) -> tuple[Timing, ...]:
    """Time the trained network at batch 1 and at the batch with the highest rate, on each engine.

    Those that take an ONNX file are asked only where the run has one, and PyTorch, which is large,
    only where it is installed. Each batch is timed as often and long as `asked` says, at least.

    Args:
        recipe: Gives the network and its contract.
        workspace: Holds weights and files.
        pixels: `[images, size, size, 3]` uint8.
        asked: How long to time.
        progress: Is told of inferences.

    Returns:
        For each engine that is asked its figures, or why there are none.
    """
    exported = exported_if_there(workspace)
    timings: list[Timing] = []
    for line in DESKTOP.values():
        model = workspace.train / "model.npz"
        if line.takes == "onnx":
            if exported is None or exported.onnx is None:
                continue
            model = workspace.root / exported.onnx.file
        reason = missing(line.name)
        if reason and line.name == "torch":
            continue
        if reason is None and not model.exists():
            reason = f"{model} is not here"
        if reason is not None:
            timings.append(_left_out(line, reason))
            continue
        opened = FloatModel(
            engine=line.name,
            file=model.resolve(),
            network=recipe.network.model_dump(mode="json"),
            tags=len(recipe.data.tags),
        )
        timings.append(_time(opened, line, recipe, pixels, asked, progress))
    return tuple(timings)


def _left_out(line: DesktopLine, reason: str) -> MissingRuntime:
    nothing = Acceleration(requested="gpu", used=None, reason=reason)
    return MissingRuntime(runtime=line.title, accelerator=nothing, reason=reason)


def _time(
    model: FloatModel,
    line: DesktopLine,
    recipe: Recipe,
    pixels: Pixels,
    asked: Effort,
    progress: Progress,
) -> Timing:
    with scratch_folder() as folder:
        job = TimingJob(
            model=model,
            contract=Normalization.of(recipe.network.preprocessing()),
            images=folder / "images.npy",
            warmup_runs=recipe.benchmark.warmup_runs,
            settled=SETTLED,
            most_windows=MOST_WINDOWS,
            runs=asked.runs,
            min_s=asked.min_s,
        )
        write_array(job.images, pixels)
        with progress.track(f"latency under {line.title}", None, "runs") as task:
            outcome = _timed(job, task)
    if isinstance(outcome, Refused):
        return _left_out(line, outcome.reason)
    return _measurements(outcome, line, recipe)


def _timed(job: TimingJob, task: Task) -> Timed | Refused:
    """Return what the timing process measured, or one line that says why it measured nothing."""
    outcome: Timed | Refused = Refused(reason="it gave no answer")

    def hear(event: Event) -> None:
        nonlocal outcome
        match event:
            case Advanced():
                task.advance()
            case Timed() | Refused():
                outcome = event

    failure = run_job(partial(on_host, MODULE), job, EVENT, hear, SILENCE_LIMIT_S)
    return outcome if failure is None else Refused(reason=failure.while_doing("timing"))


def _measurements(outcome: Timed, line: DesktopLine, recipe: Recipe) -> tuple[Desktop, ...]:
    measurements = []
    for times in outcome.batches:
        latency, width = percentiles(times.latencies_ms), spread(times.latencies_ms)
        measurements.append(
            Desktop(
                engine=line.title,
                version=outcome.place.versions[line.imports[0]],
                accelerator=outcome.place.accelerator,
                device=outcome.place.device,
                driver=outcome.place.driver,
                batch=times.batch,
                runs=len(times.latencies_ms),
                latency_ms=latency,
                images_per_s=1e3 * times.batch / latency.p50,
                spread=width,
                warm=times.warm,
                stable=is_stable(times.warm, width, recipe.benchmark.max_spread),
                peak_gpu_bytes=times.peak_gpu_bytes,
                joules_per_image=times.joules_per_image,
            )
        )
    return tuple(measurements)
