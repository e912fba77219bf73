"""Instructions per inference on an emulated machine, and the budget on them."""

import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import open_dataset
from edgetag.dataset.workers import cores
from edgetag.device.cuts import Cuts, cuts_path
from edgetag.device.cutting import find_cuts
from edgetag.device.files import exported_files
from edgetag.device.markers import FIRST_CUT, WHOLE, CountError, read_log
from edgetag.device.result import (
    CountFailure,
    CountResult,
    InstructionBudget,
    InstructionCount,
    OperatorCount,
)
from edgetag.emulation import Target, open_target
from edgetag.emulation.launching import compiled
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress, SilentProgress
from edgetag.recipe import Recipe
from edgetag.runtimes import LoadFailure
from edgetag.runtimes.emulated import SILENCE_LIMIT_S, Emulated
from edgetag.runtimes.scoring import time_bare
from edgetag.workspace import Workspace, write_text

MODULE = "edgetag.device.counted"

ATTEMPTS = 3
"""A process in which Python compiled a module has its memory laid out otherwise, and counted up to
35 instructions more or less. Python keeps what it compiled, so the next one does not."""


@dataclass(frozen=True)
class Input:
    """What is fed: the first image of the split that decides; instructions hardly depend on it."""

    cache: Path
    row: npt.NDArray[np.int64]
    contract: Preprocessing


def count_instructions(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    target: Target,
    variants: Sequence[str] = (),
    runtimes: Sequence[str] = (),
    cpus: Sequence[str] = (),
    by_operator: bool = False,
    cache: Path | None = None,
) -> CountResult:
    """Count the instructions of one inference of every file on every runtime and processor.

    Args:
        recipe: Gives the split, the contract and the budgets.
        workspace: The run.
        progress: Told how many are counted.
        target: The machine.
        variants: Which files; all where none is named.
        runtimes: Which runtimes; those of `benchmark` that the target has where none is named.
        cpus: Which processors; all of the target's where none is named.
        by_operator: Also count what each operator costs; takes about a minute a file.
        cache: The folder of all targets; None for the default one.

    Raises:
        InputError: The target is not set up or cannot count, a runtime or processor is not there,
            there are no files, or one has changed.
    """
    installed, _ = open_target(target, cache)
    if installed.counter is not None:
        raise InputError(f"{target.name} cannot count instructions: {installed.counter}")
    files = exported_files(workspace, variants)
    row = open_dataset(workspace).rows(recipe.validation.splits[0])[:1]
    given = Input(workspace.cache, row, recipe.network.preprocessing())
    engines = [
        Emulated(target, name, target.cpu(cpu), cache)
        for name in _runtimes(recipe, target, runtimes)
        for cpu in (cpus or [cpu.name for cpu in target.cpus])
    ]
    jobs = [(file, path, engine) for file, path in files for engine in engines]
    with (
        progress.track(f"count on emulated {target.name}", len(jobs), "counts") as task,
        ThreadPoolExecutor(cores()) as pool,
    ):
        found = []
        for outcome in pool.map(
            lambda job: _count(job[0], job[1], job[2], given, by_operator), jobs
        ):
            found.append(outcome)
            task.advance()
    counts = tuple(one for one in found if isinstance(one, InstructionCount))
    failures = tuple(one for one in found if isinstance(one, CountFailure))
    result = CountResult(
        target=target.name,
        emulator_version=installed.emulator_version,
        budget_runtime=recipe.benchmark.budget_runtime,
        budget_cpu=target.cpus[0].name,
        counts=counts,
        failures=failures,
    )
    result = result.model_copy(update={"budgets": check_budgets(recipe, target, result)})
    write_text(workspace.device / f"count-{target.name}.json", result.to_json())
    return result


def _runtimes(recipe: Recipe, target: Target, asked: Sequence[str]) -> list[str]:
    has = dict(target.runtimes)
    for name in asked:
        if name not in has:
            raise InputError(f"{target.name} has no runtime {name!r}; it has: {', '.join(has)}")
    return list(asked) or [name for name in recipe.benchmark.runtimes if name in has]


def _count(
    file: ExportedVariant, path: Path, engine: Emulated, given: Input, by_operator: bool
) -> InstructionCount | CountFailure:
    outcome = count_file(path, engine, given, by_operator)
    if isinstance(outcome, LoadFailure):
        return CountFailure(
            variant=file.variant, runtime=engine.inner, cpu=engine.cpu.name, reason=outcome.reason
        )
    instructions, operators = outcome
    return InstructionCount(
        variant=file.variant,
        runtime=engine.inner,
        runtime_version=engine.version(),
        cpu=engine.cpu.name,
        instructions=instructions,
        operators=operators,
    )


def count_file(
    path: Path, engine: Emulated, given: Input, by_operator: bool = False
) -> tuple[int, tuple[OperatorCount, ...]] | LoadFailure:
    """Count one file's instructions, and what its operators cost where that is asked for.

    Raises:
        InputError: The image cache or the file is damaged, or nothing was counted.
    """
    _, folder = open_target(engine.target, engine.cache)
    for _ in range(ATTEMPTS):
        before = compiled(folder)
        outcome = _count_once(path, engine, given, by_operator)
        if isinstance(outcome, LoadFailure) or compiled(folder) == before:
            break
    return outcome


def _count_once(
    path: Path, engine: Emulated, given: Input, by_operator: bool
) -> tuple[int, tuple[OperatorCount, ...]] | LoadFailure:
    with tempfile.TemporaryDirectory(prefix="edgetag-") as name:
        log = Path(name) / "count.log"
        model = path
        cuts, names = find_cuts(path) if by_operator else (None, ())
        if cuts is not None:
            model = Path(name) / "model.tflite"
            shutil.copyfile(path, model)
            cuts_path(model).write_text(cuts.model_dump_json(), encoding="utf-8")
        with SilentProgress().track("count", None) as task:
            outcome = time_bare(
                replace(engine, count_log=log), model, given.cache, given.row, given.contract, 1,
                task, SILENCE_LIMIT_S, MODULE,
            )  # fmt: skip
        if isinstance(outcome, LoadFailure):
            return outcome
        try:
            sections = read_log(log.read_text(encoding="utf-8", errors="replace"))
        except (CountError, OSError) as error:
            raise InputError(f"{path.name} on {engine.name}: {error}") from None
    return sections[WHOLE], operator_counts(sections, cuts, names) if cuts else ()


def operator_counts(
    sections: dict[int, int], cuts: Cuts, names: Sequence[str]
) -> tuple[OperatorCount, ...]:
    """Return what operators cost: each cut's instructions, less those of the one before.

    Args:
        sections: Instructions by section; see `markers`.
        cuts: Where the file was cut.
        names: Of all operators.
    """
    ends = [cut.operators for cut in cuts.cuts] + [len(names)]
    totals = [sections[FIRST_CUT + number] for number in range(len(cuts.cuts))] + [sections[WHOLE]]
    found = []
    first, before = 0, 0
    for end, total in zip(ends, totals, strict=True):
        operators = tuple(names[first:end])
        found.append(OperatorCount(first=first, operators=operators, instructions=total - before))
        first, before = end, total
    return tuple(found)


def check_budgets(
    recipe: Recipe, target: Target, result: CountResult
) -> tuple[InstructionBudget, ...]:
    """Hold counts against `max_arm_instructions`; it is about ARM64, so other targets have none."""
    if target.name != "arm64":
        return ()
    place = (result.budget_runtime, result.budget_cpu)
    failed = {f.variant for f in result.failures if (f.runtime, f.cpu) == place}
    checks = []
    for variant in dict.fromkeys(one.variant for one in result.tried):
        limit = recipe.budget(variant).max_arm_instructions
        if limit is None:
            continue
        found = result.find(variant, *place)
        measured = found.instructions if found else None
        if measured is not None:
            verdict = "pass" if measured <= limit else "fail"
        else:
            verdict = "fail" if variant in failed else "undecided"
        checks.append(
            InstructionBudget.model_validate(
                {"variant": variant, "limit": limit, "measured": measured, "verdict": verdict}
            )
        )
    return tuple(checks)
