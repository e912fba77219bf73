"""Scores and latencies of files on LiteRT, each in a process of its own."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgetag.benchmarking.measure import Plan, measure
from edgetag.benchmarking.result import Latency
from edgetag.dataset import Dataset
from edgetag.dataset.view import Rows
from edgetag.machine import Machine
from edgetag.metrics import Scores
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress, Task
from edgetag.recipe import Recipe
from edgetag.runtimes import LoadFailure, engines, score
from edgetag.validation.scores import (
    VariantMeta,
    digest_rows,
    read_variant,
    scorer_digest,
    write_variant,
)
from edgetag.workspace import Workspace, digest_file, digest_json

RUNTIME = "litert"
THREADS = 1
SILENCE_S = 300.0
"""A runtime that finishes no image for so long counts as hung."""

TIMED_IMAGES = 16
"""Real images that are timed in turn, as in the benchmark."""


class Runtime:
    """LiteRT over one run folder's images.

    Args:
        workspace: Holds the images and keeps scores.
        dataset: Gives the images.
        contract: How pixels become input.
        machine: Where this is.
    """

    def __init__(
        self,
        workspace: Workspace,
        dataset: Dataset,
        contract: Preprocessing,
        machine: Machine,
    ) -> None:
        self._workspace = workspace
        self._dataset = dataset
        self._contract = contract
        self._machine = machine
        self.engine = engines.get(RUNTIME)

    def score(self, file: Path, rows: Rows, task: Task) -> Scores | LoadFailure:
        """Score a file over rows of the image cache: `[rows, tags]`."""
        cache = self._workspace.cache
        outcome = score(self.engine, file, cache, rows, self._contract, THREADS, task, SILENCE_S)
        return outcome if isinstance(outcome, LoadFailure) else outcome.scores

    def score_once(
        self, file: Path, rows: Rows, kept_at: Path, progress: Progress
    ) -> Scores | LoadFailure:
        """Score a file, or return what an earlier call kept of the same file and rows."""
        wanted = self.making(file, rows)
        kept = read_variant(kept_at, wanted, (len(rows), len(self._dataset.vocabulary)))
        if kept is not None:
            return kept[0]
        with progress.track(f"scoring {file.stem}", len(rows), "images") as task:
            outcome = self.score(file, rows, task)
        if not isinstance(outcome, LoadFailure):
            write_variant(kept_at, outcome, wanted)
        return outcome

    def making(self, file: Path, rows: Rows) -> VariantMeta:
        """Return what a file's scores follow from."""
        return VariantMeta(
            model_sha256=digest_file(file),
            engine=self.engine.name,
            version=self.engine.version(),
            device=self._machine.cpu,
            cache=self._dataset.cache.index.fingerprint,
            rows=digest_rows(rows),
            contract=self._contract.digest(),
            columns=None,
            tags=digest_json(self._dataset.vocabulary.names),
            made_with=scorer_digest(),
            images_per_s=0.0,
        )

    def latencies(
        self, files: Sequence[Path], rows: Rows, recipe: Recipe, progress: Progress
    ) -> list[Latency | None]:
        """Time files in turns in one process; None for one that does not run."""
        plan = Plan(
            runtime=RUNTIME,
            threads=THREADS,
            contract=self._contract,
            pixels=self._dataset.images(rows[:TIMED_IMAGES]),
            warmup_runs=recipe.benchmark.warmup_runs,
            runs=recipe.benchmark.runs,
            seed=recipe.seed,
        )
        found: list[Latency | None] = []
        for times in measure(files, plan, progress):
            if isinstance(times, str):
                found.append(None)
            else:
                p50, p90, p99 = np.percentile(times.latencies_ms, [50, 90, 99]).tolist()
                found.append(Latency(p50=p50, p90=p90, p99=p99))
        return found
