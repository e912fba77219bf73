"""Does scoring cost much beside the model itself? Both are timed in turn, on the same cores."""

import statistics
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgetag.conversion.exported import exported_file
from edgetag.dataset import Rows, open_dataset
from edgetag.machine import this_machine
from edgetag.pool import open_pool
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress, Task
from edgetag.recipe import Recipe
from edgetag.runtimes import Engine, LoadFailure, ScoreRun, engines, score
from edgetag.runtimes.scoring import BARE, WORKER
from edgetag.validation.rate import RateFailure, RuntimeRate, ScoringRate
from edgetag.workspace import Workspace

ROUNDS = 7
IMAGES = 600
"""Default number of images in a round."""

SILENCE_S = 600.0
"""The bare loop says nothing before its end."""


@dataclass(frozen=True)
class _Timed:
    """One measurement: images a second of all processes, processor time, time around the loop."""

    images_per_s: float
    cpu_s: float
    start_s: float


@dataclass(frozen=True)
class _Bench:
    """What both measurements have in common."""

    model: Path
    cache: Path
    rows: Rows
    contract: Preprocessing
    processes: int
    task: Task
    cancelled: threading.Event = field(default_factory=threading.Event)


def measure(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    variant: str,
    images: int = IMAGES,
    rounds: int = ROUNDS,
) -> ScoringRate:
    """Time scoring and the bare interpreter on one exported file, on each of the recipe's runtimes.

    Each round times both, in an order that changes from round to round, over as many processes as
    there are cores, as validation uses them.

    Args:
        recipe: Names the runtimes and the images: those of the split that decides.
        workspace: Holds data and exported files; nothing is written.
        progress: Is told of rounds.
        variant: Which file.
        images: Number scored in each round; images are repeated where the split has fewer.
        rounds: Rounds of each measurement.

    Raises:
        InputError: There is no such variant, or a file is missing, changed or damaged.
    """
    dataset = open_dataset(workspace)
    machine = this_machine()
    runtimes = recipe.validation.runtimes
    rates: list[RuntimeRate] = []
    failures: list[RateFailure] = []
    with progress.track("timing scoring", len(runtimes) * rounds * 2 * images, "images") as task:
        bench = _Bench(
            model=exported_file(workspace, variant)[1],
            cache=workspace.cache,
            rows=np.resize(dataset.rows(recipe.validation.splits[0]), images),
            contract=recipe.network.preprocessing(),
            processes=min(machine.cores, images),
            task=task,
        )
        for name in runtimes:
            rate = _measure_runtime(engines.get(name), bench, rounds)
            if isinstance(rate, LoadFailure):
                failures.append(
                    RateFailure(
                        runtime=name,
                        accelerator=engines.acceleration(name, rate),
                        reason=f"{rate.kind}: {rate.reason}",
                    )
                )
            else:
                rates.append(rate)
    return ScoringRate(
        variant=variant,
        images=images,
        processes=bench.processes,
        rounds=rounds,
        machine=machine,
        rates=tuple(rates),
        failures=tuple(failures),
    )


def _measure_runtime(engine: Engine, bench: _Bench, rounds: int) -> RuntimeRate | LoadFailure:
    bare: list[_Timed] = []
    whole: list[_Timed] = []
    for number in range(rounds):
        turns = [(BARE, bare), (WORKER, whole)]
        for module, timed in turns if number % 2 == 0 else reversed(turns):
            outcome = _in_parallel(module, engine, bench)
            if isinstance(outcome, LoadFailure):
                return outcome
            timed.append(outcome)
            bench.task.advance(len(bench.rows), engine.name)
    ratios = [w.images_per_s / b.images_per_s for w, b in zip(whole, bare, strict=True)]
    bare_rate, whole_rate = (
        statistics.median(timed.images_per_s for timed in timings) for timings in (bare, whole)
    )
    bare_cpu_s, whole_cpu_s = (
        statistics.median(timed.cpu_s for timed in timings) for timings in (bare, whole)
    )
    return RuntimeRate(
        runtime=engine.name,
        runtime_version=engine.version(),
        accelerator=engines.acceleration(engine.name),
        bare_images_per_s=bare_rate,
        validate_images_per_s=whole_rate,
        ratio=whole_rate / bare_rate,
        ratios=(min(ratios), max(ratios)),
        cpu_ratio=bare_cpu_s / whole_cpu_s,
        start_s=statistics.median(timed.start_s for timed in whole),
    )


def _in_parallel(module: str, engine: Engine, bench: _Bench) -> _Timed | LoadFailure:
    """Run one measurement in all processes at once."""

    def once(rows: Rows) -> ScoreRun | LoadFailure:
        return score(
            engine,
            bench.model,
            bench.cache,
            rows,
            bench.contract,
            timeout_s=SILENCE_S,
            cancelled=bench.cancelled,
            module=module,
            keeps_scores=module != BARE,
        )

    parts = np.array_split(bench.rows, bench.processes)
    with open_pool(bench.processes, bench.cancelled) as pool:
        started = time.monotonic()
        outcomes = list(pool.map(once, parts))
        wall_s = time.monotonic() - started
    runs: list[ScoreRun] = []
    for outcome in outcomes:
        if isinstance(outcome, LoadFailure):
            return outcome
        runs.append(outcome)
    return _Timed(
        images_per_s=sum(len(rows) / run.seconds for rows, run in zip(parts, runs, strict=True)),
        cpu_s=sum(run.cpu_seconds for run in runs),
        start_s=wall_s - max(run.seconds for run in runs),
    )
