"""Instructions per inference on an emulated machine."""

import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.conversion.exported import exported_files
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.pool import open_pool
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress, SilentTask
from edgetag.recipe import Recipe
from edgetag.runtimes import FailureKind, LoadFailure
from edgetag.runtimes.emulation import open_target
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.runtimes.emulation.launching import compiled
from edgetag.runtimes.scoring import time_bare
from edgetag.scratch import scratch_folder
from edgetag.targets import store
from edgetag.targets.counting.cuts import Cuts, cuts_path
from edgetag.targets.counting.cutting import find_cuts
from edgetag.targets.counting.markers import FIRST_CUT, WHOLE, CountError, read_log
from edgetag.targets.result import CountFailure, InstructionCount, OperatorCount, TargetsResult
from edgetag.targets.spots import Spot, require_ready
from edgetag.workspace import Workspace

MODULE = "edgetag.targets.counting.counted"

ATTEMPTS = 3
"""A process in which Python compiled a module has its memory laid out otherwise, and counted up to
35 instructions more or less. Python keeps what it compiled, so the next one does not."""


LIMIT_S = 300.0
"""Longest silence of a model that is counted."""


@dataclass(frozen=True)
class Input:
    """What is fed: the first image of the split that decides; instructions hardly depend on it.

    Attributes:
        cache: The image cache.
        row: `[1]`, the image's.
        contract: How pixels become input.
        limit_s: Longest silence of a worker.
        cancelled: When set, what is counted is given up.
    """

    cache: Path
    row: npt.NDArray[np.int64]
    contract: Preprocessing
    limit_s: float = LIMIT_S
    cancelled: threading.Event = field(default_factory=threading.Event)


def count_instructions(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    spots: Sequence[Spot],
    variants: Sequence[str] = (),
    by_operator: bool = False,
) -> TargetsResult:
    """Count the instructions of one inference of every file on emulated machines.

    What cannot be counted is in the result, and the rest is counted. What is found is added to
    `targets/targets.json`.

    Args:
        recipe: Gives the split, the contract, the budgets and the time limit.
        workspace: The run.
        progress: Told how many are counted, and which machine cannot.
        spots: Where; WebAssembly is passed over.
        variants: Which files; all where none is named.
        by_operator: Also count what each operator costs; takes about a minute a file.

    Returns:
        What was found now.

    Raises:
        InputError: A machine is not set up, or none of them can count; there are no files or
            images, or a file has changed.
    """
    require_ready(spots)
    able = able_to_count(spots)
    unable = dict.fromkeys(why for spot in spots if (why := _why_not(spot)))
    if not able:
        raise InputError("\n".join(unable) or "only emulated machines count instructions")
    for why in unable:
        progress.say(why)
    files = exported_files(workspace, variants)
    split = recipe.validation.splits[0]
    row = open_dataset(workspace).rows(split)[:1]
    if not len(row):
        raise InputError(f"{workspace.manifest}: split {split} has no image to run files on")
    contract = recipe.network.preprocessing()
    given = Input(workspace.cache, row, contract, recipe.targets.time_limit_s)
    jobs = [(file, path, spot, engine) for file, path in files for spot, engine in able]
    names = ", ".join(dict.fromkeys(spot.target for spot, _ in able))
    found: list[InstructionCount | CountFailure] = []
    with (
        progress.track(f"count on {names}", len(jobs), "counts") as task,
        open_pool(cancelled=given.cancelled) as pool,
    ):
        for outcome in pool.map(
            lambda job: _count(job[0], job[1], job[2], job[3], given, by_operator), jobs
        ):
            found.append(outcome)
            task.advance()
    result = store.make(
        recipe,
        counts=(one for one in found if isinstance(one, InstructionCount)),
        failures=(one for one in found if isinstance(one, CountFailure)),
    )
    store.add(recipe, workspace, result)
    return result


def able_to_count(spots: Sequence[Spot]) -> list[tuple[Spot, Emulated]]:
    """Return the spots on emulated machines that can count; all must be ready."""
    return [
        (spot, spot.engine)
        for spot in spots
        if isinstance(spot.engine, Emulated) and spot.engine.why_no_count() is None
    ]


def _why_not(spot: Spot) -> str | None:
    why = spot.engine.why_no_count() if isinstance(spot.engine, Emulated) else None
    return None if why is None else f"{spot.target} cannot count instructions: {why}"


def _count(
    file: ExportedVariant,
    path: Path,
    spot: Spot,
    engine: Emulated,
    given: Input,
    by_operator: bool,
) -> InstructionCount | CountFailure:
    place = {
        "variant": file.variant,
        "sha256": file.sha256,
        "target": spot.target,
        "runtime": spot.runtime,
        "runtime_version": engine.version(),
        "cpu": spot.cpu,
        "program": spot.program(),
    }
    outcome = count_file(path, engine, given, by_operator)
    if isinstance(outcome, LoadFailure):
        return CountFailure.model_validate({**place, "reason": outcome.reason})
    instructions, operators = outcome
    return InstructionCount.model_validate(
        {**place, "instructions": instructions, "operators": operators}
    )


def count_file(
    path: Path, engine: Emulated, given: Input, by_operator: bool = False
) -> tuple[int, tuple[OperatorCount, ...]] | LoadFailure:
    """Count one file's instructions, and what its operators cost where that is asked for.

    Raises:
        InputError: The image cache or the file is damaged.
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
    with scratch_folder() as folder:
        log = folder / "count.log"
        model = path
        try:
            cuts, names = find_cuts(path) if by_operator else (None, ())
        except InputError as error:
            return LoadFailure(FailureKind.NOT_LOADABLE, str(error))
        if cuts is not None:
            model = folder / "model.tflite"
            shutil.copyfile(path, model)
            cuts_path(model).write_text(cuts.model_dump_json(), encoding="utf-8")
        outcome = time_bare(
            replace(engine, count_log=log),
            model,
            given.cache,
            given.row,
            given.contract,
            1,
            SilentTask(),
            given.limit_s,
            given.cancelled,
            MODULE,
        )
        if isinstance(outcome, LoadFailure):
            return outcome
        try:
            sections = read_log(log.read_text(encoding="utf-8", errors="replace"))
        except (CountError, OSError) as error:
            return LoadFailure(FailureKind.WRONG_OUTPUT, f"there is no count: {error}")
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
