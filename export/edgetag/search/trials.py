"""Makes and measures files of candidates by the stages, and keeps what it measured.

Candidates of one network and input size share the pictures, the float model and the narrower
networks; of the recipe's own, the run's pictures and float model are taken, where it has them.
What was kept is taken again by whoever asks the same, so that a search that was killed comes to
where it was in no time.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.catalogue.variants import BASE
from edgetag.conversion.exported import exported_file
from edgetag.dataset import open_dataset
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.fingerprints import fingerprint
from edgetag.machine import this_machine
from edgetag.metrics import Scores, logit_rmse, mean_average_precision
from edgetag.pipeline import run_until
from edgetag.progress import Progress, Task
from edgetag.recipe import Recipe
from edgetag.runtimes import LoadFailure, engines, score
from edgetag.sampling import spread
from edgetag.search.candidates import Candidate, derived, own_float
from edgetag.search.costs import Meter, accelerators
from edgetag.search.result import KeptTrial, Measures
from edgetag.search.sketching import plain, write_sketch
from edgetag.sharing import link, share_training
from edgetag.stages import STAGES, stage
from edgetag.workspace import RunFile, Workspace, digest_file, digest_json

MOST_IMAGES = 1000
"""Pictures of the validation split that choose, at even distances."""


class Trials:
    """What can be made of a recipe's candidates.

    Attributes:
        root: The search's folder in the run folder.
    """

    def __init__(self, recipe: Recipe, workspace: Workspace, progress: Progress) -> None:
        self.root = workspace.root / "search"
        self._recipe, self._progress = recipe, _Quiet(progress)
        self._meter = Meter(recipe)
        self._run, self._floats = workspace, dict[str, Scores]()

    def workspace(self, candidate: Candidate, share: float = 1.0) -> Workspace:
        """Return the run folder of all candidates that begin alike and are trained as long.

        Weights that are trained in part, or pruned, would else take the place of others.
        """
        zeros = f"-sparse{candidate.sparsity:g}" if candidate.sparsity else ""
        part = f"-part{share:.2f}" if share < 1 else ""
        return Workspace(self.root / f"{candidate.folder}{zeros}{part}")

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
            first, workspace = self.root / candidate.folder, self.workspace(candidate, share)
            share_training(recipe, Workspace(first), self._run)
            run_until("train", recipe, Workspace(first), self._progress)
            if workspace.root != first:
                share_training(recipe, workspace, Workspace(first))
                _share_float_file(workspace, Workspace(first))
            run_until("export", recipe, workspace, self._progress)
            _, path = exported_file(workspace, candidate.variant)
            worth = self._judged(recipe, workspace, path)
            cost = self._meter.measure(path, recipe)
            ran = accelerators([DEFAULT_ENGINE]) | cost.accelerators
            return cost.replace(**worth, accelerators=ran)

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

    def _judged(self, recipe: Recipe, workspace: Workspace, path: Path) -> dict[str, float | None]:
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
        distance = logit_rmse(scores, self._floats[key])
        return {
            "map": None if np.isnan(accuracy) else accuracy,
            "images": len(rows),
            "logit_rmse": distance,
        }

    def _once(self, name: str, recipe: Recipe, make: Callable[[], Measures]) -> Measures:
        """Return what was kept under a name if it follows from the same, else make and keep it."""
        inputs = self.inputs(recipe)
        path = self.root / "kept" / f"{name}.json"
        kept = KeptTrial.read_kept(path)
        if kept is None or kept.inputs != inputs:
            kept = KeptTrial(inputs=inputs, measures=make())
            kept.write(path)
        return kept.measures

    def inputs(self, recipe: Recipe) -> str:
        """Return a digest of all that measures of a recipe's file follow from.

        Raises:
            InputError: Labels, or a file that the recipe names, are missing.
        """
        nothing = RunFile(name=recipe.name, recipe={}, seed=recipe.seed, versions={})
        last = STAGES.index(stage("export"))
        makers = [each for each in STAGES[: last + 1] if each.wanted(recipe)]
        return digest_json(
            [
                dependencies_of(__name__).digest,
                *(fingerprint(each, recipe, nothing) for each in makers),
                sorted(self._meter.asked),
                # Files are as fast as the machine that they run on is.
                this_machine().cpu if "latency_ms" in self._meter.asked else "",
                recipe.validation.min_positives,
                recipe.benchmark.model_dump(mode="json"),
            ]
        )


def _share_float_file(workspace: Workspace, other: Workspace) -> None:
    """Give a run folder the float file of another one; the export keeps it if it is its own."""
    for name in (f"{BASE}.tflite", f"{BASE}.json"):
        there, here = other.export / name, workspace.export / name
        if there.exists() and not here.exists():
            here.parent.mkdir(parents=True, exist_ok=True)
            link(there, here)


class _Quiet:
    """Passes on the bars of stages, and not their sentences: a search has its own."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def say(self, message: str) -> None:
        """Pass over it."""

    def track(self, what: str, total: int | None, unit: str = "it") -> AbstractContextManager[Task]:
        """Open a task as the other does."""
        return self._progress.track(what, total, unit)
