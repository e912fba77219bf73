"""Walks the stages, and skips those that are up to date.

A stage is skipped when its recipe sections, the code that does it, and the outputs of the stages
before it are what they were when it last finished, and its own outputs still lie there unchanged.
"""

import gc
import shutil
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from shlex import quote
from typing import Any, Protocol, cast

from edgetag.ahead import Beside, beside, is_worth_it, job_of
from edgetag.dataset.prospects import require_fit_splits
from edgetag.dataset.result import DatasetResult
from edgetag.errors import InputError
from edgetag.fingerprints import making, settings_digest, touched, why_again
from edgetag.machine import package_versions
from edgetag.progress import Progress, format_seconds
from edgetag.recipe import Recipe, more_needed, with_places
from edgetag.records import Result
from edgetag.shipping import read_shipping
from edgetag.stages import STAGES, Stage, stage
from edgetag.stages import needs as needs_of
from edgetag.training.cluster import read_cluster
from edgetag.validation.result import Verdict
from edgetag.workspace import RunFile, StageRecord, Workspace, digest_file, digest_json, measured
from edgetag.writing import write_text

PACKAGES = (
    "ai-edge-litert",
    "numpy",
    "pillow",
    "polars",
    "scikit-learn",
    "tensorflow",
    "tensorflow-model-optimization",
    "tf-keras",
    "tflite-runtime",
)
"""Packages whose versions travel with every result."""


class StageModule(Protocol):
    """What every stage's module offers."""

    def run(
        self, recipe: Recipe, workspace: Workspace, progress: Progress, /, **options: Any
    ) -> Result:
        """Do the stage's work and leave its outputs in the run folder."""


def _load(which: Stage) -> StageModule:
    """Import a stage's module, and with it TensorFlow where it needs that."""
    return cast(StageModule, import_module(f"edgetag.{which.package}.{which.module}"))


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
            InputError: Data of the recipe would be deleted too.
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
                shutil.rmtree(result.parent, ignore_errors=True)
        self._run_file = self._run_file.model_copy(update={"stages": {}})

    def visit(self, which: Stage) -> None:
        """Run a stage, unless it is up to date."""
        options = _options(which, self._recipe, self._workspace)
        if which.name == "validate":
            options["baseline"] = self._baseline
        done, why = self._run_file.stages.get(which.name), self._why_again(which, options)
        if done and not why:
            self._progress.say(f"{which.name}: unchanged since {done.finished_at}, skipped")
            self.results[which.name] = read_result(which, self._workspace)
            return
        if why:
            self._progress.say(f"{which.name}: runs again: {why}")
        self.results[which.name], self._run_file = _run_one(
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
        self._run_file = _forgotten(which, self._workspace, self._run_file)

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


def _options(which: Stage, recipe: Recipe, workspace: Workspace) -> dict[str, Any]:
    """Return what a stage is told of what ships, which the stages before it decide."""
    if which.name not in ("explain", "bundle"):
        return {}
    shipping = read_shipping(recipe, workspace)
    if which.name == "explain":
        return {"variant": shipping.leading}
    return {"variants": shipping.variants}


def _require_all(recipe: Recipe) -> None:
    """Refuse now what a later stage would refuse after hours of work."""
    for each in STAGES:
        if each.requires and each.wanted(recipe):
            getattr(_load(each), each.requires)(recipe)


def add_to_stage(
    name: str, recipe: Recipe, workspace: Workspace, work: Callable[[], Result]
) -> Result:
    """Do work that adds to what a stage left, which `run` then finds as up to date as before.

    The stage need not have run. `work` leaves its part in the stage's outputs and returns it;
    the run folder is held meanwhile.

    Raises:
        InputError: The folder belongs to another recipe, or the work refuses its input.
    """
    with workspace.locked():
        run_file = open_run(recipe, workspace)
        done = run_file.stages.get(name)
        was_intact = done is not None and not touched(done, workspace)
        result = work()
        if done is not None and was_intact:
            outputs = {place: digest_file(workspace.root / place) for place in done.outputs}
            record = done.model_copy(update={"outputs": outputs})
            kept = run_file.model_copy(update={"stages": {**run_file.stages, name: record}})
            write_text(workspace.run_file, kept.to_json())
        return result


def ensure_stage(name: str, recipe: Recipe, workspace: Workspace, progress: Progress) -> None:
    """Run a stage that needs no other, unless it is up to date."""
    chosen = stage(name)
    with workspace.locked():
        run_file = open_run(recipe, workspace)
        done = run_file.stages.get(name)
        why = why_again(done, making(chosen, recipe, run_file), workspace) if done else ""
        if why:
            progress.say(f"{name}: runs again: {why}")
        if why or not done:
            _run_one(chosen, recipe, workspace, progress, run_file)


def withdraw(names: Collection[str], recipe: Recipe, workspace: Workspace) -> None:
    """Take away what stages have left, before work whose refusal must leave nothing in its place.

    Raises:
        InputError: The folder belongs to another recipe.
    """
    with workspace.locked():
        run_file = open_run(recipe, workspace)
        for name in names:
            run_file = _forgotten(stage(name), workspace, run_file)


def run_stage(
    name: str,
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    needs: tuple[str, ...] | None = None,
    parts: Collection[str] = (),
    whole: Callable[[Any], bool] = lambda _result: False,
    **options: Any,
) -> Result:
    """Run one stage on what the earlier ones left.

    Args:
        name: Which.
        recipe: What to build.
        workspace: Where.
        progress: Who is told.
        needs: Stages that must have finished; default: all that it can read.
        parts: Options that make it do a part of its work, and add that to what lies there. Where
            it was up to date without them, it is so afterwards,
        whole: if this says of its result that it is what all the work would leave.
        options: Passed on to the stage's `run`.

    Raises:
        InputError: An earlier stage is missing, or was run with other settings; or the verdict is
            about what earlier stages have made anew since.
    """
    chosen = stage(name)
    if not read_cluster().is_chief:
        # The first worker keeps the run folder's books, which workers may share.
        return _load(chosen).run(recipe, workspace, progress, **options)
    with workspace.locked():
        run_file = open_run(recipe, workspace)
        for need in needs_of(chosen, recipe) if needs is None else needs:
            done = run_file.stages.get(need)
            if done is None and not stage(need).wanted(recipe):
                continue  # it is only done if needed
            if done is None:
                elsewhere = "; or name the folder in which it ran: --out RUN"
                raise InputError(
                    f"{workspace.root}: {name} needs {need}, which has not finished here; "
                    f"run: edgetag run RECIPE --out {quote(str(workspace.root))}"
                    f"{'' if workspace.run_file.exists() else elsewhere}"
                )
            if done.settings != settings_digest(stage(need), recipe):
                raise InputError(
                    f"{workspace.root}: {need} was run with other settings than the recipe has now "
                    f"({', '.join(stage(need).sections)}); run: edgetag run RECIPE --out "
                    f"{quote(str(workspace.root))}"
                )
            if need == "validate":
                _refuse_outdated(done, run_file, workspace)
        options = _options(chosen, recipe, workspace) | options
        of_all = {key: value for key, value in options.items() if key not in parts}
        made = making(chosen, recipe, run_file, of_all)
        done = run_file.stages.get(name)
        current = done is not None and not why_again(done, made, workspace)
        result, run_file = _run_one(chosen, recipe, workspace, progress, run_file, **options)
        if current and whole(result):
            record = run_file.stages[name]
            kept = record.model_copy(update={"fingerprint": made.digest, "making": made})
            run_file = run_file.model_copy(update={"stages": {**run_file.stages, name: kept}})
            write_text(workspace.run_file, run_file.to_json())
        return result


def _refuse_outdated(validated: StageRecord, run_file: RunFile, workspace: Workspace) -> None:
    """Refuse a verdict on other pictures or files than those that lie here now.

    Its numbers would stand beside other files, and its pictures are rows of another table.
    """
    judged = validated.making.inputs if validated.making else {}
    changed = [
        name
        for name, done in run_file.stages.items()
        if name in judged and judged[name] != digest_json(done.outputs)
    ]
    if changed:
        raise InputError(
            f"{workspace.root}: validate judged what {', '.join(changed)} left before; judge what "
            f"lies there now: edgetag validate RECIPE --out {workspace.root}"
        )


def read_result(which: Stage, workspace: Workspace) -> Result:
    """Read a finished stage's result.

    Raises:
        InputError: It is missing or damaged.
    """
    path = workspace.root / which.outputs[0]
    module, name = which.result.split(":")
    kind: type[Result] = getattr(import_module(f"edgetag.{module}"), name)
    return kind.read(path, "run")


def open_run(recipe: Recipe, workspace: Workspace) -> RunFile:
    """Return what a run folder says of itself, or what a new one will.

    Raises:
        InputError: The folder belongs to another recipe.
    """
    run_file = workspace.read_run_file()
    if run_file and run_file.name != recipe.name:
        raise InputError(
            f"{workspace.root}: this run folder was made by recipe {run_file.name!r}, not "
            f"{recipe.name!r}; give another --out, or delete the folder"
        )
    return RunFile(
        name=recipe.name,
        recipe=recipe.model_dump(mode="json"),
        seed=recipe.seed,
        versions=versions(),
        stages=run_file.stages if run_file else {},
    )


def versions() -> dict[str, str]:
    """Return the versions of edgetag and of the packages that decide its results."""
    return package_versions(PACKAGES)


def _forgotten(which: Stage, workspace: Workspace, run_file: RunFile) -> RunFile:
    """Take away a stage's results, but not what it can make them from again."""
    kept = {name: done for name, done in run_file.stages.items() if name != which.name}
    if len(kept) < len(run_file.stages):
        run_file = run_file.model_copy(update={"stages": kept})
        write_text(workspace.run_file, run_file.to_json())
    for pattern in which.outputs:
        for path in workspace.root.glob(pattern):
            if path.suffix != ".npz":  # weights, which say themselves what they were made from
                path.unlink()
    return run_file


def _run_one(
    which: Stage,
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    run_file: RunFile,
    **options: Any,
) -> tuple[Result, RunFile]:
    progress.say(f"{which.name}: started")
    # Taken before the work: whatever a user edits meanwhile is seen by the next run.
    made = making(which, recipe, run_file, options)
    run = _load(which).run
    result, wall_s, peak = measured(lambda: run(recipe, workspace, progress, **options))
    gc.collect()  # models are cycles; what a stage held would else lie beneath the next one's peak
    outputs = sorted({p for pattern in which.outputs for p in workspace.root.glob(pattern)})
    record = StageRecord(
        fingerprint=made.digest,
        making=made,
        settings=settings_digest(which, recipe),
        outputs={workspace.relative(path): digest_file(path) for path in outputs},
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_s=round(wall_s, 1),
        peak_memory_bytes=peak,
    )
    run_file = run_file.model_copy(update={"stages": {**run_file.stages, which.name: record}})
    write_text(workspace.run_file, run_file.to_json())
    progress.say(f"{which.name}: done in {format_seconds(wall_s)}")
    return result, run_file
