"""The stages in the order data flows, what each needs, and which can be skipped.

A stage is skipped when its recipe sections, the code that does it, and the outputs of the stages
before it are what they were when it last finished, and its own outputs still lie there unchanged.
"""

import hashlib
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from edgetag.errors import InputError
from edgetag.machine import package_versions
from edgetag.progress import Progress
from edgetag.recipe import PLACES, Recipe
from edgetag.records import Result
from edgetag.training.cluster import read_cluster
from edgetag.workspace import (
    RunFile,
    StageRecord,
    Workspace,
    digest_file,
    digest_json,
    measured,
    write_text,
)

PACKAGES = (
    "ai-edge-litert", "numpy", "pillow", "polars", "scikit-learn", "tensorflow",
    "tensorflow-model-optimization", "tf-keras", "tflite-runtime",
)  # fmt: skip
"""Packages whose versions travel with every result."""


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline.

    Attributes:
        name: The verb.
        package: Its folder under `edgetag`; its sources are part of the fingerprint.
        module: The module in it with `run(recipe, workspace, progress) -> Result`.
        sections: Sections of the recipe that change what it does.
        needs: Stages whose outputs it reads.
        outputs: Files it leaves, as patterns relative to the run folder; the first is its result.
        result: `module:class` of its result.
        variants: The stage is only for these; empty means for every recipe.
        asked_for: The stage is only for recipes that fill this key, such as `device.on`.
        requires: A function of its module, called with the recipe before any stage is run, that
            refuses what this machine lacks.
    """

    name: str
    package: str
    module: str
    sections: tuple[str, ...]
    needs: tuple[str, ...]
    outputs: tuple[str, ...]
    result: str
    variants: tuple[str, ...] = ()
    asked_for: str = ""
    requires: str = ""

    def wanted(self, recipe: Recipe) -> bool:
        """Tell whether a recipe has anything for this stage to do."""
        if self.asked_for and not _value(recipe.model_dump(mode="json"), self.asked_for):
            return False
        return not self.variants or bool(set(self.variants) & set(recipe.export.variants))


STAGES: tuple[Stage, ...] = (
    Stage(
        "dataset", "dataset", "stage", ("data", "network.name", "network.input_size"), (),
        ("dataset/summary.json", "dataset/manifest.parquet", "dataset/rejected.csv",
         "dataset/cache/index.json"),
        "dataset.result:DatasetResult",
    ),
    Stage(
        "train", "training", "stage", ("network", "training"), ("dataset",),
        ("train/train.json", "train/model.npz", "train/thresholds.json", "train/history.jsonl"),
        "training.result:TrainResult",
    ),
    Stage(
        "prune", "compression", "prune_stage",
        ("network", "training", "pruning", "export.variants"), ("dataset", "train"),
        ("prune/prune.json", "prune/*.npz"),
        "compression.result:PruneResult",
        ("int8-pruned-qat",),
    ),
    Stage(
        "quantize", "compression", "quantize_stage",
        ("network", "training", "quantization", "export.variants"), ("dataset", "train", "prune"),
        ("quantize/quantize.json", "quantize/*.npz"),
        "compression.result:QuantizeResult",
        ("int8-qat", "int8-pruned-qat"),
    ),
    Stage(
        "export", "conversion", "stage", ("network", "export", "pruning"),
        ("dataset", "train", "prune", "quantize"),
        ("export/export.json", "export/*.tflite"),
        "conversion.result:ExportResult",
    ),
    Stage(
        "validate", "validation", "stage",
        ("network", "validation", "budgets", "training.thresholds"),
        ("dataset", "train", "export"),
        ("validate/verdict.json", "validate/details.json", "validate/changes.parquet",
         "validate/reference.npz"),
        "validation.result:Verdict",
    ),
    Stage(
        "explain", "explaining", "stage",
        ("network", "validation", "explain", "bundle.variants"), ("dataset", "train", "export"),
        ("explain/explain.json",),
        "explaining.result:Explanation",
    ),
    Stage(
        "bench", "benchmarking", "stage", ("network", "validation.splits", "benchmark", "budgets"),
        ("dataset", "train", "export"),
        ("bench/bench.json",),
        "benchmarking.result:BenchResult",
    ),
    Stage(
        "device", "device", "stage",
        ("network", "validation.splits", "validation.runtimes", "benchmark.runtimes",
         "benchmark.budget_runtime", "budgets", "device"),
        ("dataset", "export"),
        ("device/device.json",),
        "device.result:DeviceResult",
        asked_for="device.on", requires="require",
    ),
    Stage(
        "bundle", "bundling", "stage", ("data", "network", "export.license", "bundle"),
        ("dataset", "train", "export", "validate"),
        ("bundle/bundle.json", "bundle/*.zip"),
        "bundling.result:BundleResult",
    ),
    Stage(
        "report", "reporting", "stage", ("budgets", "validation"),
        ("dataset", "train", "prune", "quantize", "export", "validate", "bench", "device",
         "bundle"),
        ("report/report.json", "report/index.html", "report/summary.md", "report/junit.xml"),
        "reporting.result:ReportResult",
    ),
)  # fmt: skip


class StageModule(Protocol):
    """What every stage's module offers."""

    def run(
        self, recipe: Recipe, workspace: Workspace, progress: Progress, /, **options: Any
    ) -> Result:
        """Do the stage's work and leave its outputs in the run folder."""


def _load(which: Stage) -> StageModule:
    """Import a stage's module, and with it TensorFlow where it needs that."""
    return cast(StageModule, import_module(f"edgetag.{which.package}.{which.module}"))


def stage(name: str) -> Stage:
    """Return a stage by name."""
    return next(found for found in STAGES if found.name == name)


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
            print_ = fingerprint(each, recipe, run_file, options)
            done = run_file.stages.get(each.name)
            if not force and done and done.fingerprint == print_ and _intact(done, workspace):
                progress.say(f"{each.name}: unchanged since {done.finished_at}, skipped")
                results[each.name] = read_result(each, workspace)
                continue
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
        was_intact = done is not None and _intact(done, workspace)
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
        current = done and done.fingerprint == fingerprint(chosen, recipe, run_file)
        if not (current and done and _intact(done, workspace)):
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
        for need in _needs(chosen, recipe) if needs is None else needs:
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


def settings_digest(which: Stage, recipe: Recipe) -> str:
    """Return a digest of the recipe's values that matter to a stage.

    Where the data lie is left out: what they are is in the fingerprint, and a run folder may be
    carried to another machine.
    """
    values = recipe.model_dump(mode="json", exclude=PLACES)
    chosen: dict[str, Any] = {"seed": recipe.seed}
    for section in which.sections:
        chosen[section] = _value(values, section)
    return digest_json(chosen)


def _value(values: Any, key: str) -> Any:
    """Return what is at a dotted key of a recipe's values."""
    for part in key.split("."):
        values = values[part]
    return values


def fingerprint(
    which: Stage, recipe: Recipe, run_file: RunFile, options: Mapping[str, Any] | None = None
) -> str:
    """Return a digest of everything that decides what a stage would leave."""
    inputs: dict[str, Any] = {
        need: run_file.stages[need].outputs
        for need in _needs(which, recipe)
        if need in run_file.stages
    }
    given = {name: value for name, value in (options or {}).items() if value}
    if given:
        inputs["options"] = {
            name: digest_file(value) if isinstance(value, Path) and value.is_file() else str(value)
            for name, value in given.items()
        }
    if which.name == "dataset":
        from edgetag.dataset.stage import inputs_fingerprint

        inputs["source"] = inputs_fingerprint(recipe)
    if which.name == "bundle":
        from edgetag.bundling.sources import inputs_fingerprint as of_bundle

        inputs["source"] = of_bundle(recipe)
    return digest_json([settings_digest(which, recipe), _code_digest(which.package), inputs])


def _needs(which: Stage, recipe: Recipe) -> list[str]:
    return [need for need in which.needs if stage(need).wanted(recipe)]


@cache
def _code_digest(package: str) -> str:
    """Digest the sources of a stage and of the contract that all stages share."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    shared = (root / "contract.py", root / "preprocess.py")
    sources = sorted(p for p in (root / package).rglob("*") if p.suffix in (".py", ".j2"))
    for path in [*sources, *shared]:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


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


def _intact(done: StageRecord, workspace: Workspace) -> bool:
    """Tell whether a stage's outputs lie there as it left them."""
    return all(
        (workspace.root / name).is_file() and digest_file(workspace.root / name) == digest
        for name, digest in done.outputs.items()
    )


def _run_one(
    which: Stage,
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    run_file: RunFile,
    **options: Any,
) -> tuple[Result, RunFile]:
    progress.say(f"{which.name}: started")
    run = _load(which).run
    result, wall_s, peak = measured(lambda: run(recipe, workspace, progress, **options))
    outputs = sorted({p for pattern in which.outputs for p in workspace.root.glob(pattern)})
    record = StageRecord(
        fingerprint=fingerprint(which, recipe, run_file, options),
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
