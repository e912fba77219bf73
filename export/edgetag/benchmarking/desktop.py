"""The float model under TensorFlow, for comparison: on the GPU where there is one, else the CPU."""

import importlib.util
import subprocess
import tempfile
import threading

from edgetag.benchmarking.effort import MOST_WINDOWS, SETTLED, Effort
from edgetag.benchmarking.job import BEAT
from edgetag.benchmarking.latency import percentiles, spread
from edgetag.benchmarking.result import Desktop, MissingRuntime
from edgetag.machine import Machine
from edgetag.networks.timing_job import TimingJob, TimingOutcome
from edgetag.preprocess import Pixels
from edgetag.progress import Progress, Task
from edgetag.recipe import Recipe
from edgetag.runtimes.process import Launch, describe_end, on_host
from edgetag.scratch import scratch_folder
from edgetag.workspace import Workspace, write_array

NAME = "TensorFlow"
MODULE = "edgetag.networks.timing"
TIME_LIMIT_S = 1800.0
"""Of all of it: in full mode that is over 1,024 inferences of a whole batch."""


def time_reference(
    recipe: Recipe,
    workspace: Workspace,
    pixels: Pixels,
    machine: Machine,
    asked: Effort,
    progress: Progress,
) -> tuple[Desktop, ...] | MissingRuntime:
    """Time the trained model at batch 1 and at the batch with the highest rate.

    Args:
        recipe: Gives network and contract.
        workspace: Holds `train/model.npz`.
        pixels: `[images, size, size, 3]` uint8.
        machine: Names the CPU.
        asked: Timed inferences of each batch, and seconds, at least.
        progress: Told of every timed inference.
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
            answer=folder / "answer.json",
        )
        write_array(job.images, pixels)
        (folder / "job.json").write_text(job.model_dump_json(), encoding="utf-8")
        with progress.track(f"latency under {NAME}", None, "runs") as task:
            problem = _follow(on_host(MODULE, str(folder / "job.json")), task)
        if problem is None and not job.answer.exists():
            problem = "it gave no answer"
        if problem is not None:
            return MissingRuntime(runtime=NAME, reason=problem)
        outcome = TimingOutcome.model_validate_json(job.answer.read_text(encoding="utf-8"))
    return _measurements(outcome, recipe, machine)


def _follow(launch: Launch, task: Task) -> str | None:
    """Run the timing process to its end and return what went wrong, None where nothing did."""
    late = threading.Event()
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            launch.command, env=launch.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=messages,
        )  # fmt: skip
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(TIME_LIMIT_S, stop)
        timer.start()
        try:
            for line in process.stdout:
                if line.strip() == BEAT:
                    task.advance()
            process.wait()
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
        if late.is_set():
            return f"it has not ended after {TIME_LIMIT_S:g} s"
        if process.returncode == 0:
            return None
        messages.seek(0)
        said = messages.read().decode(errors="replace").strip().splitlines()[-1:]
        return ": ".join([describe_end(process.returncode), *said])[:300]


def _measurements(outcome: TimingOutcome, recipe: Recipe, machine: Machine) -> tuple[Desktop, ...]:
    found = []
    for times in outcome.batches:
        latency, width = percentiles(times.latencies_ms), spread(times.latencies_ms)
        found.append(
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
    return tuple(found)
