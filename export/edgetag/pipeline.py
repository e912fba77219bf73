"""Walks the stages, and skips those that are up to date.

A stage is skipped when its recipe sections, the code that does it, and the outputs of the stages
before it are what they were when it last finished, and its own outputs still lie there unchanged.
"""

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, cast

from edgetag.ahead import Beside, beside, is_worth_it, job_of
from edgetag.dataset.prospects import require_fit_splits
from edgetag.dataset.result import DatasetResult
from edgetag.errors import InputError
from edgetag.fingerprints import making, why_again
from edgetag.one_stage import (
    forget,
    load_stage,
    open_run,
    options_of,
    read_result,
    run_and_record,
)
from edgetag.progress import Progress
from edgetag.recipe import Recipe, more_needed, with_places
from edgetag.records import Result
from edgetag.shipping import read_shipping
from edgetag.stages import STAGES, Stage, stage
from edgetag.training.cluster import read_cluster
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace


def run_all(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    force: bool = False,
    baseline: Path | None = None,
    leave_out: Collection[str] = (),
) -> dict[str, Result]:
    """Walk every stage, skipping those that are up to date.

    With `force` what every stage has left is deleted and made again, but not what benchmarks and
    phones measured before; `baseline` is the accepted state that validation compares with;
    `leave_out` names stages that are not wanted.

    Returns:
        Each stage's result by name.

    Raises:
        InputError: The folder belongs to another recipe, or a stage refuses its input.
    """
    if not read_cluster().is_chief:
        raise InputError(
            "TF_CONFIG makes this machine a worker, and the first worker alone runs every stage; "
            "here run: edgetag train RECIPE"
        )
    with workspace.locked(), beside(progress) as helper:
        walk = _Walk(recipe, workspace, progress, baseline)
        _require_all(recipe)
        if force:
            walk.clear()
        for each in STAGES:
            if each.name in leave_out:
                continue
            if each.name == "bundle" and not read_shipping(recipe, workspace).variants:
                walk.forget(each)
                progress.say("bundle: no file passes, so there is none")
            elif each.wanted(recipe):
                walk.visit_beside(each, helper)
                if each.name == "dataset":
                    require_fit_splits(recipe, cast(DatasetResult, walk.results["dataset"]).splits)
            elif each.if_needed(recipe) and walk.is_out_of_date(each):
                walk.forget(each)  # else the export would take up what it left
            if each.name == "validate":
                walk.make_what_is_needed()
        walk.keep_recipe()
        return walk.results


def run_until(
    last: str, recipe: Recipe, workspace: Workspace, progress: Progress
) -> dict[str, Result]:
    """Walk the stages that a recipe wants up to one of them, skipping those that are up to date.

    Returns and raises as `run_all`; what is only made if needed is not made.
    """
    with workspace.locked():
        walk = _Walk(recipe, workspace, progress, None)
        for each in STAGES[: STAGES.index(stage(last)) + 1]:
            if each.wanted(recipe):
                walk.visit(each)
        return walk.results


class _Walk:
    """A walk over the stages of a run folder, which is held meanwhile.

    Attributes:
        results: Each stage's result by name.
    """

    def __init__(
        self, recipe: Recipe, workspace: Workspace, progress: Progress, baseline: Path | None
    ) -> None:
        self.results: dict[str, Result] = {}
        self._recipe = recipe
        self._workspace = workspace
        self._progress = progress
        self._baseline = baseline
        self._run_file = open_run(recipe, workspace)

    def clear(self) -> None:
        """Delete what every stage has left, but the history of benchmarks and figures of phones.

        Raises:
            InputError: Data of the recipe would be deleted too, or something cannot be deleted.
        """
        if self._workspace.read_run_file() is None:
            return  # no stage has left anything: whatever lies here is somebody's own
        wanted = [each for each in STAGES if each.wanted(self._recipe)]
        wanted += [each for each in STAGES if each.if_needed(self._recipe) and each not in wanted]
        results = [self._workspace.root / each.outputs[0] for each in wanted]
        _refuse_to_delete(self._recipe, [result.parent for result in results])
        for result in results:
            if result.parent == self._workspace.bench:
                result.unlink(missing_ok=True)
            else:
                _delete(result.parent)
        self._run_file = self._run_file.replace(stages={})

    def visit(self, which: Stage) -> None:
        """Run a stage, unless it is up to date."""
        options = options_of(which, self._recipe, self._workspace)
        if which.name == "validate":
            options["baseline"] = self._baseline
        done, why = self._run_file.stages.get(which.name), self._why_again(which, options)
        if done and not why:
            kept = read_result(which, self._workspace)
            why = kept.unfinished
            if not why:
                self._progress.say(f"{which.name}: unchanged since {done.finished_at}, skipped")
                self.results[which.name] = kept
                return
        if why:
            self._progress.say(f"{which.name}: runs again: {why}")
        self.results[which.name], self._run_file = run_and_record(
            which, self._recipe, self._workspace, self._progress, self._run_file, **options
        )

    def visit_beside(self, which: Stage, helper: Beside) -> None:
        """Run a stage, while a process beside makes what waits for no pruning."""
        match which.name:
            case "prune":
                job, train = job_of(self._recipe, self._workspace), self._run_file.stages["train"]
                both = all(map(self.is_out_of_date, (which, stage("quantize"))))
                if job and both and is_worth_it(train):
                    helper.start(job)
            case "quantize":
                helper.wait_for_training()
            case "export":
                helper.wait()
        self.visit(which)

    def is_out_of_date(self, which: Stage) -> bool:
        """Tell whether a stage has left what it would not leave now, or has not finished."""
        return which.name not in self._run_file.stages or bool(self._why_again(which, {}))

    def _why_again(self, which: Stage, options: Mapping[str, Any]) -> str:
        done = self._run_file.stages.get(which.name)
        if done is None:
            return ""
        now = making(which, self._recipe, self._run_file, options)
        return why_again(done, now, self._workspace)

    def forget(self, which: Stage) -> None:
        """Take away a stage's results, but not what it can make them from again."""
        self._run_file = forget(which, self._workspace, self._run_file)

    def keep_recipe(self) -> None:
        """Keep the recipe of now in the run folder, which names it, also where nothing ran."""
        kept = self._workspace.read_run_file()
        if kept and kept.recipe != self._run_file.recipe:
            kept.replace(recipe=self._run_file.recipe).write(self._workspace.run_file)

    def make_what_is_needed(self) -> None:
        """Train and export what `export.if_needed` names, if no full-integer file passes."""
        export, verdict = self._recipe.export, cast(Verdict, self.results["validate"])
        if not more_needed(export, verdict.decisions):
            return
        names = " and ".join(export.fallback)
        self._progress.say(f"no full-integer file passes, so {names} is needed")
        for each in STAGES:
            if each.if_needed(self._recipe):
                self.visit(each)
        if not set(export.fallback) <= set(verdict.decisions):
            self.visit(stage("export"))
            self.visit(stage("validate"))


def _delete(folder: Path) -> None:
    """Delete a folder; where it is a link, to another disk perhaps, all that lies there.

    Raises:
        InputError: Something cannot be deleted, so that a stage would take it for its own.
    """
    try:
        for path in list(folder.iterdir()) if folder.is_symlink() else [folder]:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: --force cannot delete it: {error.strerror}") from error


def _refuse_to_delete(recipe: Recipe, folders: Collection[Path]) -> None:
    """Refuse to delete folders in which files lie that the recipe names."""
    places: list[Path] = []
    with_places(recipe.model_dump(mode="json"), lambda place: places.append(Path(place)))
    for place in places:
        for folder in folders:
            if place.resolve().is_relative_to(folder.resolve()):
                raise InputError(
                    f"{folder}: --force would delete it, and {place} of the recipe with it; move "
                    "that, or give another --out"
                )


def _require_all(recipe: Recipe) -> None:
    """Refuse now what a later stage would refuse after hours of work."""
    for each in STAGES:
        if each.requires and each.wanted(recipe):
            getattr(load_stage(each), each.requires)(recipe)
