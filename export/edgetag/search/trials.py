"""Makes and measures files of candidates by the stages, and keeps what it measured.

Candidates of one network and input size share a run folder, and with it the pictures, the float
model and the narrower networks. What was kept is taken again by whoever asks the same, so that a
search that was killed comes to where it was in no time.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path

import numpy as np

from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.catalogue.variants import BASE
from edgetag.conversion.exported import exported_file
from edgetag.dataset import open_dataset
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.fingerprints import fingerprint
from edgetag.metrics import Scores, mean_average_precision, squared_logit_distances
from edgetag.pipeline import run_until
from edgetag.progress import Progress, Task
from edgetag.recipe import Recipe
from edgetag.runtimes import LoadFailure, engines, score
from edgetag.sampling import spread
from edgetag.search.candidates import Candidate, derived, own_float
from edgetag.search.costs import Meter
from edgetag.search.result import KeptTrial, Measures
from edgetag.search.sketching import plain, write_sketch
from edgetag.stages import stage
from edgetag.workspace import RunFile, Workspace, digest_file, digest_json, write_text

MOST_IMAGES = 1000
"""Pictures of the validation split that choose, at even distances."""

MAKER = "edgetag.search.stage"


class Trials:
    """What can be made of a recipe's candidates.

    Attributes:
        root: The search's folder in the run folder.
    """

    def __init__(self, recipe: Recipe, workspace: Workspace, progress: Progress) -> None:
        self.root = workspace.root / "search"
        self._recipe, self._progress = recipe, _Quiet(progress)
        self._meter = Meter(recipe)
        self._floats: dict[str, Scores] = {}

    @cached_property
    def _basis(self) -> list[str]:
        """What all measurements follow from beside the candidate's recipe."""
        recipe = self._recipe
        pictures = RunFile(name=recipe.name, recipe={}, seed=recipe.seed, versions={})
        return [
            dependencies_of(MAKER).digest,
            fingerprint(stage("dataset"), recipe, pictures),
        ]

    def workspace(self, candidate: Candidate) -> Workspace:
        """Return the run folder of a candidate's network and size."""
        return Workspace(self.root / candidate.folder)

    def sketch(self, candidate: Candidate) -> Measures:
        """Return what a file of the candidate costs, made with weights of no training.

        Raises:
            InputError: There can be no such file.
        """
        bare = plain(candidate)
        recipe = derived(self._recipe, bare)

        def make() -> Measures:
            file = self.root / "sketches" / f"{bare.name}.tflite"
            write_sketch(recipe, bare, file)
            return self._meter.measure(file, recipe)

        return self._once(f"sketch-{bare.name}", recipe, make)

    def measure(self, candidate: Candidate, share: float) -> Measures:
        """Return what a candidate's file is worth and costs after a share of its training.

        Raises:
            InputError: A stage refuses it.
        """
        recipe = derived(self._recipe, candidate, share)

        def make() -> Measures:
            workspace = self.workspace(candidate)
            run_until("export", recipe, workspace, self._progress)
            _, path = exported_file(workspace, candidate.variant)
            accuracy, distance = self._judged(recipe, workspace, path)
            return self._meter.measure(path, recipe).model_copy(
                update={"map": accuracy, "logit_rmse": distance}
            )

        return self._once(f"{candidate.name}-{share:.2f}", recipe, make)

    def float_map(self) -> float:
        """Return the accuracy of the float model of the recipe's own network and size.

        Raises:
            InputError: No tag of the validation split can be scored.
        """
        value = self.measure(own_float(self._recipe), 1.0).map
        if value is None:
            raise InputError(
                "no tag has positives enough in the validation split to choose by (see "
                "validation.min_positives); edgetag data check RECIPE says how many there are"
            )
        return value

    def _judged(
        self, recipe: Recipe, workspace: Workspace, path: Path
    ) -> tuple[float | None, float]:
        """Return mean average precision, and the distance from the float file beside it."""
        dataset = open_dataset(workspace)
        rows = spread(dataset.rows("validation"), MOST_IMAGES)

        def scored(file: Path) -> Scores:
            contract = recipe.network.preprocessing()
            engine = engines.get(DEFAULT_ENGINE)
            with self._progress.track(f"scoring {file.stem}", len(rows), "images") as task:
                run = score(engine, file, workspace.cache, rows, contract, 1, task)
            if isinstance(run, LoadFailure):
                raise InputError(f"{file}: {run.kind}: {run.reason}")
            return run.scores

        _, base = exported_file(workspace, BASE)
        key = digest_file(base)
        if key not in self._floats:
            self._floats[key] = scored(base)
        scores = self._floats[key] if path == base else scored(path)
        least = recipe.validation.min_positives
        accuracy = mean_average_precision(scores, dataset.labels(rows), least)
        distance = float(np.sqrt(squared_logit_distances(scores, self._floats[key]).mean()))
        return None if np.isnan(accuracy) else accuracy, distance

    def _once(self, name: str, recipe: Recipe, make: Callable[[], Measures]) -> Measures:
        """Return what was kept under a name if it follows from the same, else make and keep it."""
        settings = recipe.model_dump(mode="json", exclude={"budgets", "bundle"})
        inputs = digest_json([*self._basis, settings, self._recipe.search.model_dump()])
        path = self.root / "kept" / f"{name}.json"
        kept = KeptTrial.read_kept(path)
        if kept is None or kept.inputs != inputs:
            kept = KeptTrial(inputs=inputs, measures=make())
            write_text(path, kept.to_json())
        return kept.measures


class _Quiet:
    """Passes on the bars of stages, and not their sentences: a search has its own."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def say(self, message: str) -> None:
        """Pass over it."""

    def track(self, what: str, total: int | None, unit: str = "it") -> AbstractContextManager[Task]:
        """Open a task as the other does."""
        return self._progress.track(what, total, unit)
