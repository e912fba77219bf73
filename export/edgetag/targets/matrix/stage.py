"""Scoring every exported file on every runtime over a few images of the deciding split."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from edgetag.benchmarking.result import BenchResult
from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.conversion.exported import exported_files
from edgetag.conversion.result import ExportedVariant
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.progress import Progress
from edgetag.recipe import CpuName, Recipe
from edgetag.runtimes import Engine, ScoreRun, engines
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.sampling import spread
from edgetag.tables.formats import counted
from edgetag.targets.asked import engines_of
from edgetag.targets.counting.count import able_to_count, count_files
from edgetag.targets.matrix.cells import Cells, FileThresholds
from edgetag.targets.matrix.outcomes import Outcomes, Wanted, score_all
from edgetag.targets.matrix.proof import OLD_RUNTIME, prove
from edgetag.targets.matrix.result import MatrixResult, Proof, Target
from edgetag.targets.matrix.tables import to_markdown_page
from edgetag.targets.naming import resolve
from edgetag.targets.scoring import Job, read_pictures
from edgetag.targets.store import read_current
from edgetag.workspace import Workspace
from edgetag.writing import write_text

IMAGES = 64
SLOW_IMAGES = 16
"""Where an emulated machine takes part: six files on three of its engines take 3 minutes."""


def run(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    on: Sequence[str] = (),
    images: int | None = None,
) -> MatrixResult:
    """Score, compare, count, prove, and write `matrix/matrix.json` and `matrix/matrix.md`.

    Args:
        recipe: Names the deciding split, the contract and the time limit.
        workspace: Holds the data and the exported files.
        progress: Told what is done.
        on: Names of runtimes; all that edgetag knows if empty. One that is not available is shown
            as such.
        images: How many to score, spread evenly over the split; None for 64, and for 16 where an
            emulated machine takes part.

    Raises:
        InputError: A runtime is unknown, data or exported files are missing or damaged, or the
            reference runtime is not available.
    """
    every = (*engines.names(), *engines.target_names())
    wanted: Wanted = {name: engines.get(name) for name in on or every}
    missing = engines.get(DEFAULT_ENGINE).available()
    if missing is not None:
        raise InputError(f"the matrix compares with {DEFAULT_ENGINE}, but {missing}")
    files = exported_files(workspace)
    pictures = read_pictures(recipe, workspace)
    ready = [engine for engine in wanted.values() if engine.available() is None]
    slow = any(isinstance(engine, Emulated) for engine in ready)
    rows = spread(pictures.rows, images or (SLOW_IMAGES if slow else IMAGES))
    progress.say(
        f"{counted(len(files), 'file')} on {counted(len(ready), 'runtime')}, "
        f"{counted(len(rows), 'picture')} each"
    )
    outcomes = score_all(files, wanted, pictures, rows, progress)
    jobs = [
        Job(file, path, engine, rows[:1])
        for file, path in files
        for engine in able_to_count(_on_every_processor(ready))
        if isinstance(outcomes[file.variant, engine.name], ScoreRun)
    ]
    counts = count_files(jobs, pictures, progress, known=read_current(recipe, workspace))
    thresholds = FileThresholds(workspace, pictures.tags)
    cells = Cells(outcomes, counts, benchmark_here(workspace, progress), thresholds)
    result = MatrixResult(
        machine=this_machine(),
        reference=DEFAULT_ENGINE,
        split=pictures.split,
        images=len(rows),
        targets=tuple(_target(engine) for engine in wanted.values()),
        cells=tuple(cells.of(file, engine) for file, _ in files for engine in wanted.values()),
        proofs=tuple(_proof(file, path, outcomes) for file, path in files),
    )
    folder = workspace.root / "matrix"
    write_text(folder / "matrix.md", to_markdown_page(result))
    result.write(folder / "matrix.json")
    return result


def benchmark_here(workspace: Workspace, progress: Progress) -> BenchResult | None:
    """Return the run's benchmark; None without one, and where it is another machine's.

    Raises:
        InputError: It is damaged.
    """
    bench = BenchResult.read_if_there(workspace.bench / "bench.json", "bench")
    if bench is None or bench.machine.kind == this_machine().kind:
        return bench
    progress.say(
        f"latency is left out: it was measured on {bench.machine.kind}; run: edgetag bench"
    )
    return None


def _on_every_processor(ready: Sequence[Engine]) -> tuple[Engine, ...]:
    places = [resolve(engine.name) for engine in ready if isinstance(engine, Emulated)]
    return engines_of(places, (), get_args(CpuName))


def _target(engine: Engine) -> Target:
    missing = engine.available()
    version = None if missing else engine.version()
    return Target(name=engine.name, version=version, missing=missing)


def _proof(file: ExportedVariant, path: Path, outcomes: Outcomes) -> Proof:
    old = outcomes[file.variant, OLD_RUNTIME]
    reference = outcomes[file.variant, DEFAULT_ENGINE]
    return prove(file, path, engines.get(OLD_RUNTIME), old, reference)
