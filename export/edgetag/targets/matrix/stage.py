"""Scoring every exported file on every runtime over a few images of the deciding split."""

from collections.abc import Sequence
from pathlib import Path

from edgetag.conversion.exported import exported_files
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.runtimes import Engine, LoadFailure, ScoreRun, engines
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.sampling import spread
from edgetag.targets.counting.count import Input
from edgetag.targets.matrix.agreement import FileThresholds, compare
from edgetag.targets.matrix.counting import Counted, count_all
from edgetag.targets.matrix.elsewhere import host_of, same_engine
from edgetag.targets.matrix.latencies import Latencies
from edgetag.targets.matrix.outcomes import REFERENCE, Given, Outcomes, Wanted, score_all
from edgetag.targets.matrix.proof import OLD_RUNTIME, prove
from edgetag.targets.matrix.result import Cell, MatrixResult, Proof, SameEngine, Target
from edgetag.targets.matrix.tables import to_markdown_page
from edgetag.targets.store import read_current
from edgetag.workspace import Workspace, write_text

IMAGES = 64
SLOW_IMAGES = 16
"""Where an emulated machine takes part: six files on three of its engines take 3 minutes."""


def run(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    on: Sequence[str] = (),
    images: int | None = None,
    silence_s: float | None = None,
) -> MatrixResult:
    """Score, compare, count, prove, and write `matrix/matrix.json` and `matrix/matrix.md`.

    Args:
        recipe: Names the deciding split and the contract.
        workspace: Holds the data and the exported files.
        progress: Told what is done.
        on: Names of runtimes; all that edgetag knows if empty. One that is unknown or not
            available is shown as such.
        images: How many to score, spread evenly over the split; None for 64, and for 16 where an
            emulated machine takes part.
        silence_s: Longest silence of a runtime; None for the engine's own.

    Raises:
        InputError: Data or exported files are missing or damaged, or the reference runtime is
            not available.
    """
    every = (*engines.names(), *engines.target_names())
    wanted: Wanted = {name: _engine(name) for name in dict.fromkeys(on or every)}
    missing = engines.get(REFERENCE).available()
    if missing is not None:
        raise InputError(f"the matrix compares with {REFERENCE}, but {missing}")
    files = exported_files(workspace)
    dataset = open_dataset(workspace)
    split = recipe.validation.splits[0]
    there = [e for e in wanted.values() if not isinstance(e, str) and e.available() is None]
    slow = any(isinstance(engine, Emulated) for engine in there)
    rows = spread(dataset.rows(split), images or (SLOW_IMAGES if slow else IMAGES))
    if not len(rows):
        raise InputError(f"{workspace.manifest}: split {split} has no image to score")
    progress.say(f"{len(files)} files on {len(there)} runtimes, {len(rows)} pictures each")
    contract = recipe.network.preprocessing()
    given = Given(workspace.cache, rows, contract, len(dataset.vocabulary), silence_s)
    outcomes = score_all(files, wanted, given, progress)
    counted = count_all(
        files,
        wanted,
        outcomes,
        Input(workspace.cache, rows[:1], contract),
        read_current(recipe, workspace),
        progress,
    )
    thresholds = FileThresholds(workspace, dataset.vocabulary.names)
    cells = _Cells(outcomes, counted, Latencies(workspace), thresholds)
    result = MatrixResult(
        machine=this_machine(),
        reference=REFERENCE,
        split=split,
        images=len(rows),
        targets=tuple(_target(name, engine) for name, engine in wanted.items()),
        cells=tuple(cells.of(file, name, wanted[name]) for file, _ in files for name in wanted),
        proofs=tuple(_proof(file, path, outcomes) for file, path in files),
    )
    folder = workspace.root / "matrix"
    write_text(folder / "matrix.md", to_markdown_page(result))
    write_text(folder / "matrix.json", result.to_json())
    return result


def _engine(name: str) -> Engine | str:
    """Return an engine, or why there is none of this name."""
    try:
        return engines.get(name)
    except InputError as error:
        return str(error)


def _target(name: str, engine: Engine | str) -> Target:
    missing = engine if isinstance(engine, str) else engine.available()
    version = None if isinstance(engine, str) or missing else engine.version()
    return Target(name=name, version=version, missing=missing)


def _proof(file: ExportedVariant, path: Path, outcomes: Outcomes) -> Proof:
    old = outcomes[file.variant, OLD_RUNTIME]
    reference = outcomes[file.variant, REFERENCE]
    return prove(file, path, engines.get(OLD_RUNTIME), old, reference)


class _Cells:
    """Makes cells of what was found."""

    def __init__(
        self,
        outcomes: Outcomes,
        counted: dict[tuple[str, str], Counted],
        latencies: Latencies,
        thresholds: FileThresholds,
    ) -> None:
        self._outcomes = outcomes
        self._counted = counted
        self._latencies = latencies
        self._thresholds = thresholds

    def of(self, file: ExportedVariant, name: str, engine: Engine | str) -> Cell:
        """Return the cell of a file on a runtime."""
        outcome = self._outcomes[file.variant, name]
        reference = self._outcomes[file.variant, REFERENCE]
        agreement = None
        if isinstance(outcome, ScoreRun) and isinstance(reference, ScoreRun):
            agreement = compare(outcome.scores, reference.scores, self._thresholds.of(file))
        counted = self._counted.get((file.variant, name), Counted({}))
        failed = outcome if isinstance(outcome, LoadFailure) else None
        return Cell(
            variant=file.variant,
            target=name,
            state=failed.kind.value if failed else "scored",
            reason=failed.reason if failed else None,
            agreement=agreement,
            same_engine=self._same_engine(file, name, engine),
            latency=self._latencies.of(file, name),
            instructions=counted.instructions,
            not_counted=counted.problem,
        )

    def _same_engine(
        self, file: ExportedVariant, name: str, engine: Engine | str
    ) -> SameEngine | None:
        if isinstance(engine, str) or engine.available() is not None:
            return None
        host = host_of(file, engine)
        if host is None:
            return None
        here, there = self._outcomes[file.variant, host], self._outcomes[file.variant, name]
        return same_engine(file, host, here, there)
