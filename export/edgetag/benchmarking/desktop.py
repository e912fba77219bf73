"""The float model under TensorFlow, for comparison: on the GPU where there is one, else the CPU."""

import importlib.util
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from edgetag.benchmarking.latency import percentiles, spread
from edgetag.benchmarking.result import Desktop, MissingRuntime
from edgetag.machine import Machine
from edgetag.networks.timing_job import TimingJob, TimingOutcome
from edgetag.preprocess import Pixels
from edgetag.recipe import Recipe
from edgetag.runtimes.process import describe_end, on_host
from edgetag.workspace import Workspace

NAME = "TensorFlow"
MODULE = "edgetag.networks.timing"
TIME_LIMIT_S = 600.0


def time_reference(
    recipe: Recipe, workspace: Workspace, pixels: Pixels, machine: Machine
) -> tuple[Desktop, ...] | MissingRuntime:
    """Time the trained model at batch 1 and at the batch with the highest rate.

    Args:
        recipe: Gives network, contract and runs.
        workspace: Holds `train/model.npz`.
        pixels: `[images, size, size, 3]` uint8.
        machine: Names the CPU.
    """
    weights = workspace.train / "model.npz"
    if importlib.util.find_spec("tensorflow") is None:
        return MissingRuntime(
            runtime=NAME, reason="not installed; install it with: pip install 'edgetag[train]'"
        )
    if not weights.exists():
        return MissingRuntime(runtime=NAME, reason=f"{weights} is not here")
    with tempfile.TemporaryDirectory(prefix="edgetag-bench-") as name:
        folder = Path(name)
        job = TimingJob(
            network=recipe.network,
            tags=len(recipe.data.tags),
            weights=weights.resolve(),
            contract=recipe.network.preprocessing(),
            images=folder / "images.npy",
            runs=recipe.benchmark.runs,
            answer=folder / "answer.json",
        )
        np.save(job.images, pixels, allow_pickle=False)
        (folder / "job.json").write_text(job.model_dump_json(), encoding="utf-8")
        launch = on_host(MODULE, str(folder / "job.json"))
        try:
            done = subprocess.run(
                launch.command, env=launch.environment, capture_output=True, timeout=TIME_LIMIT_S
            )
        except subprocess.TimeoutExpired:
            return MissingRuntime(runtime=NAME, reason=f"no answer in {TIME_LIMIT_S:g} s")
        if done.returncode or not job.answer.exists():
            said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            reason = ": ".join([describe_end(done.returncode), *said])
            return MissingRuntime(runtime=NAME, reason=reason[:300])
        outcome = TimingOutcome.model_validate_json(job.answer.read_text(encoding="utf-8"))
    return _measurements(outcome, recipe, machine)


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
                stable=width <= recipe.benchmark.max_spread,
            )
        )
    return tuple(found)
