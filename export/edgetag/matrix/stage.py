"""Scoring every exported file on every runtime over a few images of the deciding split."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edgetag.benchmarking.result import BenchResult
from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.dataset import open_dataset
from edgetag.dataset.view import Rows
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.matrix.agreement import FileThresholds, compare
from edgetag.matrix.proof import OLD_RUNTIME, prove
from edgetag.matrix.result import Agreement, Cell, MatrixResult, Proof, Target
from edgetag.matrix.sheets import to_markdown_page
from edgetag.progress import Progress, Task
from edgetag.recipe import Recipe
from edgetag.runtimes import Engine, FailureKind, LoadFailure, ScoreRun, engines, score
from edgetag.workspace import Workspace, write_text

REFERENCE = "litert"
"""The runtime of current apps, on this machine."""

SILENCE_S = 300.0
"""A runtime that finishes no image for so long counts as hung; an emulated one is slow."""

Outcome = ScoreRun | LoadFailure
Instructions = Mapping[tuple[str, str], dict[str, int]]
"""Variant and target → core → ARM instructions of one inference."""


def run(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    on: Sequence[str] = (),
    images: int = 64,
    instructions: Instructions | None = None,
    silence_s: float = SILENCE_S,
) -> MatrixResult:
    """Score, compare, prove, and write `matrix/matrix.json` and `matrix/matrix.md`.

    Args:
        recipe: Names the deciding split and the contract.
        workspace: Holds the data and the exported files.
        progress: Told what is done.
        on: Names of runtimes; all that edgetag knows if empty. One that is unknown or not
            available is shown as such.
        images: How many to score, spread evenly over the split.
        instructions: Counted elsewhere, shown beside.
        silence_s: Longest silence of a runtime.

    Raises:
        InputError: Data or exported files are missing or damaged, or the reference runtime is
            not available.
    """
    every = (*engines.names(), *engines.target_names())
    found = {name: _engine(name) for name in dict.fromkeys(on or every)}
    missing = engines.get(REFERENCE).available()
    if missing is not None:
        raise InputError(f"the matrix compares with {REFERENCE}, but {missing}")
    files = ExportResult.read(workspace.export / "export.json", "export").variants
    paths = {file.variant: workspace.verified_file(file.file, file.sha256) for file in files}
    dataset = open_dataset(workspace)
    split = recipe.validation.splits[0]
    rows = spread(dataset.rows(split), images)
    scorer = _Scorer(recipe, workspace, rows, len(dataset.vocabulary), silence_s)
    bench = _Bench(workspace)
    thresholds = FileThresholds(workspace, dataset.vocabulary.names)
    cells: list[Cell] = []
    proofs: list[Proof] = []
    with progress.track("scoring on every runtime", len(files) * len(found), "cells") as task:
        for file in files:
            outcomes = scorer.outcomes(file, paths[file.variant], found, progress, task)
            limits = thresholds.of(file)
            for name, outcome in outcomes.items():
                if name not in found:
                    continue
                cell = _cell(file, name, outcome, outcomes[REFERENCE], limits)
                more = {
                    "latency_p50_ms": bench.latency_p50_ms(file, name),
                    "instructions": (instructions or {}).get((file.variant, name), {}),
                }
                cells.append(cell.model_copy(update=more))
            proofs.append(prove(file, engines.get(OLD_RUNTIME), outcomes[OLD_RUNTIME]))
    result = MatrixResult(
        machine=this_machine(),
        reference=REFERENCE,
        split=split,
        images=len(rows),
        targets=tuple(_target(name, engine) for name, engine in found.items()),
        cells=tuple(cells),
        proofs=tuple(proofs),
    )
    folder = workspace.root / "matrix"
    write_text(folder / "matrix.md", to_markdown_page(result))
    write_text(folder / "matrix.json", result.to_json())
    return result


def spread(rows: Rows, count: int) -> Rows:
    """Return `count` rows from the first to the last at even distances; all if there are fewer."""
    if count >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).round().astype(np.int64)]


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


class _Scorer:
    """Scores files on engines, each in a process of its own."""

    def __init__(
        self, recipe: Recipe, workspace: Workspace, rows: Rows, tags: int, silence_s: float
    ) -> None:
        self._cache = workspace.cache
        self._contract = recipe.network.preprocessing()
        self._rows = rows
        self._tags = tags
        self._silence_s = silence_s

    def outcomes(
        self,
        file: ExportedVariant,
        path: Path,
        wanted: Mapping[str, Engine | str],
        progress: Progress,
        task: Task,
    ) -> dict[str, Outcome]:
        """Return the outcome on every wanted engine, on the reference and on the old runtime.

        The old runtime scores a single image where it is not wanted: loading is all it proves.
        """
        found: dict[str, Outcome] = {}
        for name in dict.fromkeys((*wanted, REFERENCE, OLD_RUNTIME)):
            engine = wanted.get(name) or engines.get(name)
            rows = self._rows[:1] if name == OLD_RUNTIME and name not in wanted else self._rows
            outcome = found[name] = self._score(engine, path, rows)
            if isinstance(outcome, LoadFailure) and outcome.kind is not FailureKind.UNAVAILABLE:
                progress.say(f"{file.variant} on {name}: {outcome.kind}: {outcome.reason}")
            if name in wanted:
                task.advance(1, f"{file.variant} on {name}")
        return found

    def _score(self, engine: Engine | str, path: Path, rows: Rows) -> Outcome:
        if isinstance(engine, str):
            return LoadFailure(FailureKind.UNAVAILABLE, engine)
        outcome = score(
            engine, path, self._cache, rows, self._contract, 1, _Silent(), self._silence_s
        )
        if isinstance(outcome, ScoreRun) and outcome.scores.shape[1] != self._tags:
            reason = f"it gives {outcome.scores.shape[1]} scores, but there are {self._tags} tags"
            return LoadFailure(FailureKind.WRONG_OUTPUT, reason)
        return outcome


class _Silent:
    """A task for images where cells are what is counted."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Do nothing."""


def _cell(
    file: ExportedVariant,
    name: str,
    outcome: Outcome,
    reference: Outcome,
    thresholds: Sequence[float] | None,
) -> Cell:
    if isinstance(outcome, LoadFailure):
        return Cell(
            variant=file.variant, target=name, state=outcome.kind.value, reason=outcome.reason
        )
    agreement: Agreement | None = None
    if isinstance(reference, ScoreRun):
        agreement = compare(outcome.scores, reference.scores, thresholds)
    return Cell(variant=file.variant, target=name, state="scored", agreement=agreement)


class _Bench:
    """What the benchmark measured, where there is one."""

    def __init__(self, workspace: Workspace) -> None:
        path = workspace.bench / "bench.json"
        self._result = BenchResult.read(path, "bench") if path.exists() else None

    def latency_p50_ms(self, file: ExportedVariant, runtime: str) -> float | None:
        """Return the median latency of this file with one thread; of another file it is none."""
        found = self._result.find(file.variant, runtime, 1) if self._result else None
        return found.latency_ms.p50 if found and found.sha256 == file.sha256 else None
