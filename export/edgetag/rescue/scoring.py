"""Scores and latencies of files on LiteRT, each in a process of its own."""

from collections.abc import Sequence
from pathlib import Path

from edgetag.benchmarking.figures import figure
from edgetag.benchmarking.measure import Plan, Times, measure, too_many
from edgetag.benchmarking.result import Failure, Measurement
from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import Dataset, Rows
from edgetag.machine import Machine
from edgetag.metrics import Scores
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress, Task
from edgetag.recipe import Recipe
from edgetag.runtimes import LoadFailure, engines, score
from edgetag.validation.heat_map_result import HeatMaps
from edgetag.validation.heat_maps import ReferenceHeatMaps, make_maps
from edgetag.validation.scores import (
    VariantMeta,
    digest_rows,
    read_variant,
    scorer_digest,
    write_variant,
)
from edgetag.workspace import Workspace, digest_file, digest_json

THREADS = 1

TIMED_IMAGES = 16
"""Real images that are timed in turn, as in the benchmark."""


class Runtime:
    """LiteRT over one run folder's images."""

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
        self.engine = engines.get(DEFAULT_ENGINE)

    def score(self, file: Path, rows: Rows, task: Task | None = None) -> Scores | LoadFailure:
        """Score a file over rows of the image cache: `[rows, tags]`."""
        cache = self._workspace.cache
        outcome = score(self.engine, file, cache, rows, self._contract, THREADS, task)
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
            accelerator=engines.acceleration(self.engine.name),
            device=self._machine.cpu,
            cache=self._dataset.cache.shards.fingerprint,
            rows=digest_rows(rows),
            contract=self._contract.digest(),
            columns=None,
            tags=digest_json(self._dataset.vocabulary.names),
            made_with=scorer_digest(),
            images_per_s=0.0,
        )

    def compare_maps(
        self, scene: ReferenceHeatMaps, file: Path, rows: Rows, scores: Scores, progress: Progress
    ) -> HeatMaps | LoadFailure:
        """Compare a file's heat maps over rows; `scores` are `[rows, tags]` of its first output."""
        with progress.track(f"heat maps of {file.stem}", len(rows), "images") as task:
            made = make_maps(file, self.engine, self._workspace.cache, rows, self._contract, task)
        return made if isinstance(made, LoadFailure) else scene.compare([made], scores)

    def time(
        self,
        files: Sequence[tuple[ExportedVariant, Path]],
        rows: Rows,
        recipe: Recipe,
        progress: Progress,
    ) -> list[Measurement | Failure | None]:
        """Time files in turns in one process, where the recipe judges latency.

        Ratios are to the first file; the first of `rows` are timed.

        Returns:
            None for each where this machine lacks the runtime, or the cores.
        """
        section = recipe.benchmark
        available = engines.get(section.budget_runtime).available
        if missing := available() or too_many(section.budget_threads):
            progress.say(f"{section.budget_runtime} is left out: {missing}")
            return [None] * len(files)
        pixels = self._dataset.images(rows[:TIMED_IMAGES])
        plan = Plan.of(recipe, section.budget_runtime, section.budget_threads, pixels)
        timed = measure([path for _, path in files], plan, progress)
        return [
            figure(file, plan, times, timed[0], self._machine.cpu, section.max_spread)
            if isinstance(times, Times)
            else Failure(
                variant=file.variant,
                runtime=plan.runtime,
                threads=plan.threads,
                accelerator=engines.acceleration(plan.runtime, times),
                reason=times,
            )
            for (file, _), times in zip(files, timed, strict=True)
        ]
