"""Measures files on one runtime with one number of threads, whatever the files do.

First each file is loaded and run in a process of its own, which gives its memory and shows whether
it can be run at all. Those that can are then timed together in one process, taking turns.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from edgetag.arrays import write_array
from edgetag.benchmarking.effort import effort
from edgetag.benchmarking.job import LOADS, Beat, Event, Job, Outcome, read_marker
from edgetag.children import Launch, on_host
from edgetag.errors import InputError
from edgetag.machine import cores
from edgetag.pixels import Normalization
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.process import run_job
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.scratch import scratch_folder
from edgetag.tables.formats import counted

EVENT: TypeAdapter[Event] = TypeAdapter(Event)

DEFAULT_LAUNCH = partial(on_host, "edgetag.benchmarking.child")

SILENCE_LIMIT_S = 60.0
"""A child that finishes no step in this time is stopped. The slowest step seen took 0.4 s."""

PROBE_RUNS = 3
"""Inferences before memory is read; the second and third ask for nothing new."""


def too_many(threads: int) -> str:
    """Return why so many threads are not timed on this machine; empty where they are.

    With four on two cores tflite-runtime took a thousand times as long as with one.
    """
    if threads <= cores():
        return ""
    return (
        f"{counted(threads, 'thread')} on {counted(cores(), 'core')} would wait for each other, "
        "and are not timed"
    )


@dataclass(frozen=True)
class Plan:
    """What to measure with.

    Attributes:
        runtime: The engine's name.
        threads: Given to the engine.
        contract: From pixels to input.
        pixels: `[images, size, size, 3]` uint8, used in turn.
        warmup_runs: Inferences of each file in one window of the warm-up.
        runs: Timed inferences of each file, at least.
        seed: Seed of the order of files within a round.
        silence_limit_s: A process that finishes nothing for so long is stopped.
        min_s: Seconds that each file's timed inferences take together, at least.
    """

    runtime: str
    threads: int
    contract: Preprocessing
    pixels: Pixels
    warmup_runs: int
    runs: int
    seed: int
    silence_limit_s: float = SILENCE_LIMIT_S
    min_s: float = 0.0

    @classmethod
    def of(
        cls, recipe: Recipe, runtime: str, threads: int, pixels: Pixels, full: bool = False
    ) -> "Plan":
        """Return what a recipe asks for of one runtime; `full` as in `effort`.

        Raises:
            InputError: Times of so many threads would say nothing here; see `too_many`.
        """
        if reason := too_many(threads):
            raise InputError(f"{runtime}: {reason}")
        asked = effort(recipe.benchmark, full)
        return cls(
            runtime=runtime,
            threads=threads,
            contract=recipe.network.preprocessing(),
            pixels=pixels,
            warmup_runs=recipe.benchmark.warmup_runs,
            runs=asked.runs,
            seed=recipe.seed,
            min_s=asked.min_s,
        )


@dataclass(frozen=True)
class Crash:
    """How a child ended before it was done.

    `model` is the position in `Job.models` of the one that it was at.
    """

    model: int
    reason: str


@dataclass(frozen=True)
class Times:
    """What was measured of one file.

    Latencies are one per timed inference, in order; `load_ms` is the median over loads. `warm`
    says whether latencies had settled when the warm-up ended.
    """

    latencies_ms: tuple[float, ...]
    load_ms: float
    peak_memory_bytes: int | None
    warmup_runs: int = 0
    warm: bool = True


def measure(models: Sequence[Path], plan: Plan, progress: Progress) -> tuple[Times | str, ...]:
    """Measure files.

    Returns:
        For each file its times, or one line saying why there are none.
    """
    outcomes: dict[int, Times | str] = {}
    with scratch_folder() as folder:
        write_array(folder / "images.npy", plan.pixels)
        place = f"{plan.runtime}, {plan.threads} thread{'s' if plan.threads > 1 else ''}"
        memory: dict[int, int | None] = {}
        with progress.track(f"memory on {place}", len(models), "files") as task:
            for number, path in enumerate(models):
                outcome = _child("probe", [path], plan, folder)
                if isinstance(outcome, Crash):
                    outcomes[number] = outcome.reason
                elif reason := outcome.reasons[0]:
                    outcomes[number] = reason
                else:
                    memory[number] = outcome.peak_memory_bytes
                task.advance()
        while waiting := [number for number in range(len(models)) if number not in outcomes]:
            outcome = _time([models[number] for number in waiting], plan, folder, place, progress)
            if isinstance(outcome, Crash):
                # It passed the probe, so this is rare: leave it out and time the others anew.
                outcomes[waiting[outcome.model]] = outcome.reason
                continue
            for position, number in enumerate(waiting):
                outcomes[number] = _times(outcome, position, memory[number])
    return tuple(outcomes[number] for number in range(len(models)))


def _times(outcome: Outcome, position: int, peak_memory_bytes: int | None) -> Times | str:
    if reason := outcome.reasons[position]:
        return reason
    latencies_ms, load_ms = outcome.latencies_ms[position], outcome.load_ms[position]
    if not latencies_ms or load_ms is None:
        raise RuntimeError("the timing process left out a model without a reason")
    return Times(
        latencies_ms, load_ms, peak_memory_bytes, outcome.warmup_runs, outcome.warm[position]
    )


def _time(
    models: Sequence[Path], plan: Plan, folder: Path, place: str, progress: Progress
) -> Outcome | Crash:
    # How long a warm-up takes, and how many runs fill the time, shows only on the way.
    with progress.track(f"latency on {place}", None, "rounds") as task:
        loads_left = iter(range(LOADS * len(models)))

        def on_beat(share: float) -> None:
            if next(loads_left, None) is None:
                task.advance(1, f"{share:.0%} of what is timed" if share else "warming up")

        return _child("time", models, plan, folder, on_beat)


def _child(
    task: Literal["probe", "time"],
    models: Sequence[Path],
    plan: Plan,
    folder: Path,
    on_beat: Callable[[float], None] = lambda _: None,
) -> Outcome | Crash:
    marker = folder / "marker"
    marker.unlink(missing_ok=True)
    job = Job(
        task=task,
        runtime=plan.runtime,
        threads=plan.threads,
        models=tuple(str(path.resolve()) for path in models),
        images=str(folder / "images.npy"),
        contract=Normalization.of(plan.contract),
        warmup_runs=PROBE_RUNS if task == "probe" else plan.warmup_runs,
        runs=plan.runs,
        min_s=plan.min_s,
        seed=plan.seed,
        marker=str(marker),
    )
    return run_child(job, on_beat, plan.silence_limit_s)


def run_child(
    job: Job,
    on_beat: Callable[[float], None],
    silence_limit_s: float = SILENCE_LIMIT_S,
    launch: Callable[[str], Launch] = DEFAULT_LAUNCH,
) -> Outcome | Crash:
    """Do a job in a process of its own.

    Args:
        job: What to do.
        on_beat: Called for each step the child finished, with the share of what is timed that is
            done, in 0..1.
        silence_limit_s: Longest time between two steps.
        launch: How the child is started; default: edgetag's own.
    """
    outcome: Outcome | None = None

    def hear(event: Event) -> None:
        nonlocal outcome
        match event:
            case Beat(share=share):
                on_beat(share)
            case Outcome():
                outcome = event

    failure = run_job(launch, job, EVENT, hear, silence_limit_s)
    if outcome is not None:
        return outcome  # all was measured, however it ended then
    marker = Path(job.marker)
    doing, model = read_marker(marker.read_bytes() if marker.exists() else b"")
    if failure is None:
        return Crash(model, f"it ended without an answer while {doing}")
    return Crash(model, failure.while_doing(doing))
