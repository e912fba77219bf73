"""Walks the stages, and skips those that are up to date.

A stage is skipped when its recipe sections, the code that does it, and the outputs of the stages
before it are what they were when it last finished, and its own outputs still lie there unchanged.
"""

import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from edgetag.errors import InputError
from edgetag.fingerprints import making, settings_digest, touched, why_again
from edgetag.machine import package_versions
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.records import Result
from edgetag.stages import STAGES, Stage, stage
from edgetag.stages import needs as needs_of
from edgetag.training.cluster import read_cluster
from edgetag.workspace import (
    RunFile,
    StageRecord,
    Workspace,
    digest_file,
    measured,
    write_text,
)

PACKAGES = (
    "ai-edge-litert", "numpy", "pillow", "polars", "scikit-learn", "tensorflow",
    "tensorflow-model-optimization", "tf-keras", "tflite-runtime",
)  # fmt: skip
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
) -> dict[str, Result]:
    """Walk every stage, skipping those that are up to date.

    Args:
        recipe: What to build.
        workspace: Where.
        progress: Who is told.
        force: Delete what every stage has left and run it again.
        baseline: The accepted state that validation compares with.

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
    with workspace.locked():
        run_file = _open_run(recipe, workspace)
        _require_all(recipe)
        results: dict[str, Result] = {}
        for each in (found for found in STAGES if found.wanted(recipe)):
            options = {"baseline": baseline} if each.name == "validate" else {}
            done = run_file.stages.get(each.name)
            if done and not force:
                why = why_again(done, making(each, recipe, run_file, options), workspace)
                if not why:
                    progress.say(f"{each.name}: unchanged since {done.finished_at}, skipped")
                    results[each.name] = read_result(each, workspace)
                    continue
                progress.say(f"{each.name}: runs again: {why}")
            if force:
                shutil.rmtree((workspace.root / each.outputs[0]).parent, ignore_errors=True)
            results[each.name], run_file = _run_one(
                each, recipe, workspace, progress, run_file, **options
            )
        return results


def _require_all(recipe: Recipe) -> None:
    """Refuse now what a later stage would refuse after hours of work."""
    for each in STAGES:
        if each.requires and each.wanted(recipe):
            getattr(_load(each), each.requires)(recipe)


def add_to_stage(
    name: str, recipe: Recipe, workspace: Workspace, work: Callable[[], Result]
) -> Result:
    """Do work that adds to what a stage left, which `run` then finds as up to date as before.

    Args:
        name: The stage; it need not have run.
        recipe: What is built.
        workspace: Where; it is held meanwhile.
        work: Leaves its part in the stage's outputs and returns it.

    Raises:
        InputError: The folder belongs to another recipe, or the work refuses its input.
    """
    with workspace.locked():
        run_file = _open_run(recipe, workspace)
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
        run_file = _open_run(recipe, workspace)
        done = run_file.stages.get(name)
        why = why_again(done, making(chosen, recipe, run_file), workspace) if done else ""
        if why:
            progress.say(f"{name}: runs again: {why}")
        if why or not done:
            _run_one(chosen, recipe, workspace, progress, run_file)


def run_stage(
    name: str,
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    needs: tuple[str, ...] | None = None,
    **options: Any,
) -> Result:
    """Run one stage on what the earlier ones left.

    Args:
        name: Which.
        recipe: What to build.
        workspace: Where.
        progress: Who is told.
        needs: Stages that must have finished; default: all that it can read.
        options: Passed on to the stage's `run`.

    Raises:
        InputError: An earlier stage is missing, or was run with other settings.
    """
    chosen = stage(name)
    if not read_cluster().is_chief:
        # The first worker keeps the run folder's books, which workers may share.
        return _load(chosen).run(recipe, workspace, progress, **options)
    with workspace.locked():
        run_file = _open_run(recipe, workspace)
        for need in needs_of(chosen, recipe) if needs is None else needs:
            done = run_file.stages.get(need)
            if done is None:
                raise InputError(
                    f"{workspace.root}: {name} needs {need}, which has not finished here; "
                    f"run: edgetag run RECIPE --out {workspace.root}"
                )
            if done.settings != settings_digest(stage(need), recipe):
                raise InputError(
                    f"{workspace.root}: {need} was run with other settings than the recipe has now "
                    f"({', '.join(stage(need).sections)}); run: edgetag run RECIPE --out "
                    f"{workspace.root}"
                )
        return _run_one(chosen, recipe, workspace, progress, run_file, **options)[0]


def read_result(which: Stage, workspace: Workspace) -> Result:
    """Read a finished stage's result.

    Raises:
        InputError: It is missing or damaged.
    """
    path = workspace.root / which.outputs[0]
    module, name = which.result.split(":")
    kind: type[Result] = getattr(import_module(f"edgetag.{module}"), name)
    return kind.read(path, which.name)


def _open_run(recipe: Recipe, workspace: Workspace) -> RunFile:
    found = workspace.read_run_file()
    if found and found.name != recipe.name:
        raise InputError(
            f"{workspace.root}: this run folder was made by recipe {found.name!r}, not "
            f"{recipe.name!r}; give another --out, or delete the folder"
        )
    return RunFile(
        name=recipe.name,
        recipe=recipe.model_dump(mode="json"),
        seed=recipe.seed,
        versions=versions(),
        stages=found.stages if found else {},
    )


def versions() -> dict[str, str]:
    """Return the versions of edgetag and of the packages that decide its results."""
    return package_versions(PACKAGES)


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
    progress.say(f"{which.name}: done in {_duration(wall_s)}")
    return result, run_file


def _duration(seconds: float) -> str:
    return (
        f"{seconds:.1f} s" if seconds < 60 else time.strftime("%M min %S s", time.gmtime(seconds))
    )
