"""Runs one stage by itself, and keeps what the run folder says of it."""

import gc
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from importlib import import_module
from shlex import quote
from typing import Any, Protocol, cast

from edgetag.errors import InputError
from edgetag.fingerprints import (
    making,
    older_inputs,
    settings_digest,
    taken_in,
    touched,
    why_again,
)
from edgetag.machine import package_versions
from edgetag.progress import Progress, format_seconds
from edgetag.recipe import Recipe
from edgetag.records import Result
from edgetag.shipping import read_shipping
from edgetag.stages import STAGES, Stage, stage
from edgetag.stages import needs as needs_of
from edgetag.training.cluster import read_cluster
from edgetag.training.result import trained_thresholds
from edgetag.workspace import RunFile, StageRecord, Workspace, digest_file, measured

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


TRAINING = ("train", "narrow", "prune", "quantize")
"""Stages whose files the next ones take as they lie there; others' are checked where they are read.
What is gone is told there too: a folder without weights still has what was made from them."""


class StageModule(Protocol):
    """What every stage's module offers."""

    def run(
        self, recipe: Recipe, workspace: Workspace, progress: Progress, /, **options: Any
    ) -> Result:
        """Do the stage's work and leave its outputs in the run folder."""


def load_stage(which: Stage) -> StageModule:
    """Import a stage's module, and with it TensorFlow where it needs that."""
    return cast(StageModule, import_module(f"edgetag.{which.package}.{which.module}"))


def options_of(which: Stage, recipe: Recipe, workspace: Workspace) -> dict[str, Any]:
    """Return what a stage is told of what ships, which the stages before it decide."""
    if which.name not in ("explain", "bundle"):
        return {}
    shipping = read_shipping(recipe, workspace)
    if which.name == "explain":
        return {"variant": shipping.leading}
    return {"variants": shipping.variants}


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
            record = done.replace(outputs=outputs)
            kept = run_file.replace(stages={**run_file.stages, name: record})
            kept.write(workspace.run_file)
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
            run_and_record(chosen, recipe, workspace, progress, run_file)


def withdraw(names: Collection[str], recipe: Recipe, workspace: Workspace) -> None:
    """Take away what stages have left, before work whose refusal must leave nothing in its place.

    Raises:
        InputError: The folder belongs to another recipe.
    """
    with workspace.locked():
        run_file = open_run(recipe, workspace)
        for name in names:
            run_file = forget(stage(name), workspace, run_file)


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
        InputError: An earlier stage is missing, was run with other settings, or left other files
            than lie there; or what it made it from, data aside, was made anew since.
    """
    chosen = stage(name)
    if not read_cluster().is_chief:
        # The first worker keeps the run folder's books, which workers may share.
        return load_stage(chosen).run(recipe, workspace, progress, **options)
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
            _hold(stage(need), recipe, run_file, workspace, progress)
        options = options_of(chosen, recipe, workspace) | options
        of_all = {key: value for key, value in options.items() if key not in parts}
        made = making(chosen, recipe, run_file, of_all)
        done = run_file.stages.get(name)
        current = done is not None and not why_again(done, made, workspace)
        result, run_file = run_and_record(chosen, recipe, workspace, progress, run_file, **options)
        if current and whole(result):
            record = run_file.stages[name]
            kept = record.replace(fingerprint=made.digest, making=made)
            run_file = run_file.replace(stages={**run_file.stages, name: kept})
            run_file.write(workspace.run_file)
        return result


def require_in_step(
    names: Collection[str], recipe: Recipe, workspace: Workspace, progress: Progress
) -> None:
    """Hold stages to the recipe and to each other, before work on what they left that is no stage.

    One that is not in the run folder's books is passed over: what it left is missed where it is
    read.

    Raises:
        InputError: As in `run_stage`, but that a stage is missing.
    """
    run_file = open_run(recipe, workspace)
    for name in names:
        if name in run_file.stages:
            _hold(stage(name), recipe, run_file, workspace, progress)


def _hold(
    need: Stage, recipe: Recipe, run_file: RunFile, workspace: Workspace, progress: Progress
) -> None:
    """Refuse what a stage left by other settings, or of other files than lie here now."""
    if run_file.stages[need.name].settings != settings_digest(need, recipe):
        raise InputError(
            f"{workspace.root}: {need.name} was run with other settings than the recipe has now "
            f"({', '.join(need.sections)}); run: edgetag run RECIPE --out "
            f"{quote(str(workspace.root))}"
        )
    _hold_to_inputs(need, recipe, run_file, workspace, progress)


def _hold_to_inputs(
    need: Stage, recipe: Recipe, run_file: RunFile, workspace: Workspace, progress: Progress
) -> None:
    """Refuse what was made of other files than lie here now, and tell what was made of other data.

    Weights and files of two trainings would be mixed, and the numbers of a verdict would stand
    beside other files; its pictures are rows of another table. But a network that learnt
    from other labels or pictures may be judged by those of now, if its tags are the same.
    """
    again = f"edgetag run RECIPE --out {quote(str(workspace.root))}"
    done = run_file.stages[need.name]
    changed = touched(done, workspace) if need.name in TRAINING else []
    if changed := [name for name in changed if (workspace.root / name).exists()]:
        raise InputError(
            f"{workspace.root}: {', '.join(changed)} changed since {need.name} left it; "
            f"run: {again}"
        )
    if need.name == "train" and (workspace.train / "thresholds.json").exists():
        trained_thresholds(workspace, recipe.data.tags)
    older = older_inputs(need, recipe, run_file)
    stages = [name for name in older if name in {each.name for each in STAGES}]
    if stages and need.name == "validate":
        raise InputError(
            f"{workspace.root}: validate judged what {', '.join(stages)} left before; judge what "
            f"lies there now: edgetag validate RECIPE --out {quote(str(workspace.root))}"
        )
    if mixed := [name for name in stages if name != "dataset"]:
        raise InputError(
            f"{workspace.root}: {need.name} was made from what {', '.join(mixed)} left before; "
            f"run: {again}"
        )
    if older:
        progress.say(
            f"note: {need.name} is of other data than there are now ({', '.join(older)} changed); "
            f"to make it anew, run: {again}"
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


def forget(which: Stage, workspace: Workspace, run_file: RunFile) -> RunFile:
    """Take away a stage's results, but not what it can make them from again."""
    kept = {name: done for name, done in run_file.stages.items() if name != which.name}
    if len(kept) < len(run_file.stages):
        run_file = run_file.replace(stages=kept)
        run_file.write(workspace.run_file)
    for pattern in which.outputs:
        for path in workspace.root.glob(pattern):
            if path.suffix != ".npz":  # weights, which say themselves what they were made from
                path.unlink()
    return run_file


def run_and_record(
    which: Stage,
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    run_file: RunFile,
    **options: Any,
) -> tuple[Result, RunFile]:
    """Run a stage, and write down what it was made from, what it left, and what it took.

    The run folder is held meanwhile. Returns the result, and what the folder says of itself now.
    """
    progress.say(f"{which.name}: started")
    # Taken before the work: whatever a user edits meanwhile is seen by the next run.
    made = making(which, recipe, run_file, options)
    of_others = taken_in(which.takes_in, workspace)
    run = load_stage(which).run
    result, wall_s, peak = measured(lambda: run(recipe, workspace, progress, **options))
    gc.collect()  # models are cycles; what a stage held would else lie beneath the next one's peak
    outputs = sorted({p for pattern in which.outputs for p in workspace.root.glob(pattern)})
    record = StageRecord(
        fingerprint=made.digest,
        making=made,
        settings=settings_digest(which, recipe),
        outputs={workspace.relative(path): digest_file(path) for path in outputs},
        taken_in=of_others,
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_s=round(wall_s, 1),
        peak_memory_bytes=peak,
    )
    run_file = run_file.replace(stages={**run_file.stages, which.name: record})
    run_file.write(workspace.run_file)
    progress.say(f"{which.name}: done in {format_seconds(wall_s)}")
    return result, run_file
