"""Instructions of one inference of one file on an emulated machine."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgetag.errors import InputError
from edgetag.messages import to_line
from edgetag.runtimes import FailureKind, LoadFailure, score
from edgetag.runtimes.emulation import open_target
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.runtimes.emulation.launching import compiled
from edgetag.scratch import scratch_folder
from edgetag.targets.counting.cuts import Cuts, cuts_path
from edgetag.targets.counting.cutting import find_cuts
from edgetag.targets.counting.markers import FIRST_CUT, WHOLE, CountError, read_log
from edgetag.targets.result import OperatorCount
from edgetag.targets.scoring import Pictures

MODULE = "edgetag.targets.counting.counted"

ATTEMPTS = 3
"""A process in which Python compiled a module has its memory laid out otherwise, and counted up to
35 instructions more or less. Python keeps what it compiled, so the next one does not."""


def count_file(
    path: Path, engine: Emulated, pictures: Pictures, by_operator: bool = False
) -> tuple[int, tuple[OperatorCount, ...]] | LoadFailure:
    """Count one file's instructions, and what its operators cost where that is asked for.

    Args:
        path: The file.
        engine: Where.
        pictures: The first is fed; instructions hardly depend on it.
        by_operator: Also count what each operator costs; takes about a minute.

    Raises:
        InputError: The image cache or the file is damaged.
    """
    _, folder = open_target(engine.target, engine.cache)
    for _ in range(ATTEMPTS):
        before = compiled(folder)
        outcome = _count_once(path, engine, pictures, by_operator)
        if isinstance(outcome, LoadFailure) or compiled(folder) == before:
            break
    return outcome


def _count_once(
    path: Path, engine: Emulated, pictures: Pictures, by_operator: bool
) -> tuple[int, tuple[OperatorCount, ...]] | LoadFailure:
    with scratch_folder() as folder:
        log = folder / "count.log"
        # What the process reads has names of one length: longer ones lie elsewhere in its memory,
        # so that what it computes with does, which moved counts by up to 0.05 %.
        model, cache = folder / "model.tflite", folder / "cache"
        shutil.copyfile(path, model)
        cache.symlink_to(pictures.cache.resolve())
        try:
            cuts, names = find_cuts(path) if by_operator else (None, ())
        except InputError as error:
            return LoadFailure(FailureKind.NOT_LOADABLE, str(error))
        if cuts is not None:
            cuts_path(model).write_text(to_line(cuts), encoding="utf-8")
        outcome = score(
            replace(engine, count_log=log),
            model,
            cache,
            pictures.rows[:1],
            pictures.contract,
            timeout_s=pictures.limit_s,
            cancelled=pictures.cancelled,
            module=MODULE,
            keeps_scores=False,
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
    """Return what operators cost: each cut's instructions, less those of the one before."""
    ends = [cut.operators for cut in cuts.cuts] + [len(names)]
    totals = [sections[FIRST_CUT + number] for number in range(len(cuts.cuts))] + [sections[WHOLE]]
    costs = []
    first, before = 0, 0
    for end, total in zip(ends, totals, strict=True):
        operators = tuple(names[first:end])
        costs.append(OperatorCount(first=first, operators=operators, instructions=total - before))
        first, before = end, total
    return tuple(costs)
