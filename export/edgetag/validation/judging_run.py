"""Judges what one file scored on one runtime: thresholds, heat maps, and an entry per split."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from edgetag.machine import this_machine
from edgetag.metrics import Scores
from edgetag.progress import Progress
from edgetag.runtimes import FailureKind, LoadFailure, engines
from edgetag.sampling import spread
from edgetag.validation.agreement import compare_runtimes
from edgetag.validation.changes import changed_decisions, details
from edgetag.validation.details import VariantDetails
from edgetag.validation.ensembles import shared_members
from edgetag.validation.entries import variant_entry
from edgetag.validation.evaluation import Evaluation
from edgetag.validation.heat_map_result import HeatMaps
from edgetag.validation.heat_maps import (
    MOST_IMAGES,
    MadeMaps,
    check_heat_maps,
    make_maps,
    with_heat_maps,
)
from edgetag.validation.inputs import Candidate, split_of
from edgetag.validation.metrics import Measured
from edgetag.validation.needs import split_share
from edgetag.validation.refit import refit_thresholds
from edgetag.validation.result import Failure, RuntimeAgreement, VariantVerdict
from edgetag.validation.runs import Run, Scored
from edgetag.validation.scoring import Scoring


@dataclass(frozen=True, eq=False)
class JudgedRun:
    """What one file on one runtime was found to be.

    Attributes:
        entries: One for each split.
        details: What a report draws of the split that decides.
        changes: Every changed decision there, with the names of file and runtime.
    """

    entries: tuple[VariantVerdict, ...]
    details: VariantDetails
    changes: pl.DataFrame


def score(
    evaluation: Evaluation, files: Sequence[Candidate], progress: Progress
) -> Iterator[tuple[Run, Scored | LoadFailure | RuntimeAgreement]]:
    """Score every file on every runtime; a file's first runtime here also scores the refit's rows.

    Runtimes that are not here come last, so that thresholds are fitted before they are used. Of a
    runtime that scored a part of the pictures, and is not in doubt, the agreement is told; what is
    in doubt comes at the end, with all pictures.
    """
    names = evaluation.recipe.validation.runtimes
    here = [name for name in names if engines.get(name).available() is None]
    rows = evaluation.judged_rows
    more, few = np.concatenate([rows, evaluation.refit_rows]), rows[evaluation.agreement_places]
    runs = [
        Run(
            variant=file.variant,
            path=file.path,
            sha256=file.sha256,
            contract=file.contract,
            columns=file.columns,
            rows=more if name in here[:1] else few,
            engine=engines.get(name),
            members=shared_members(file, files),
        )
        for file in files
        for name in (*here, *(name for name in names if name not in here))
    ]
    scoring = Scoring(evaluation.workspace, evaluation.dataset, this_machine())
    first: Scored | None = None
    doubted: list[Run] = []
    for run, scored in scoring.each(runs, progress):
        if run.engine.name in here[:1]:
            first = None if isinstance(scored, LoadFailure) else scored
        elif isinstance(scored, Scored) and len(run.rows) < len(rows):
            agreement = _agreement(evaluation, run, scored, first, progress) if first else None
            if agreement is None:
                doubted.append(replace(run, rows=rows))
            else:
                yield run, agreement
            continue
        yield run, scored
    if doubted:
        yield from scoring.each(doubted, progress)


def _agreement(
    evaluation: Evaluation, run: Run, scored: Scored, first: Scored, progress: Progress
) -> RuntimeAgreement | None:
    """Return how a runtime agrees with the first one, None where all pictures must tell."""
    by_tag = fitted_thresholds(evaluation, first) or evaluation.thresholds
    agreement, reason = compare_runtimes(
        run,
        scored,
        first.scores[evaluation.agreement_places],
        {name: by_tag[name] for name in evaluation.dataset.vocabulary.names},
        len(evaluation.judged_rows),
        evaluation.recipe.validation.confidence,
    )
    if reason:
        progress.say(f"{run.name}: {reason}; it scores all pictures")
        return None
    return agreement


def fitted_thresholds(evaluation: Evaluation, scored: Scored) -> dict[str, float] | None:
    """Return a file's own thresholds; None where it scored no rows to fit them on."""
    behind: Scores = scored.scores[len(evaluation.judged_rows) :]
    if not len(behind):
        return None
    split = split_of(evaluation.recipe, evaluation.dataset, evaluation.refit_rows)
    policy = evaluation.recipe.training.thresholds
    return refit_thresholds(behind, split, policy, evaluation.thresholds)


def judge_run(
    evaluation: Evaluation,
    file: Candidate,
    run: Run,
    scored: Scored,
    thresholds: Mapping[str, float],
    progress: Progress,
) -> JudgedRun | Failure:
    """Judge what a file scored on a runtime.

    `scored` are the scores of all judged rows, and perhaps more; `thresholds` are the file's
    own, by tag.

    Returns:
        The failure where its heat maps cannot be made.
    """
    heat_maps = _compare_heat_maps(evaluation, file, run, scored, progress)
    if isinstance(heat_maps, LoadFailure):
        return failure_of(run, heat_maps)
    measured = {
        name: Measured(scored.scores[place], evaluation.splits[name], thresholds)
        for name, place in evaluation.places.items()
    }
    entries = tuple(
        _entry(evaluation, file, scored, name, variant, heat_maps)
        for name, variant in measured.items()
    )
    deciding = evaluation.deciding
    before, after = evaluation.reference[deciding], measured[deciding]
    changes = changed_decisions(before, after, evaluation.dataset, evaluation.rows[deciding])
    labels = (pl.lit(run.variant).alias("variant"), pl.lit(run.engine.name).alias("runtime"))
    return JudgedRun(
        entries,
        details(run.variant, run.engine.name, before, after, changes),
        changes.select(*labels, pl.all()),
    )


def failure_of(run: Run, failure: LoadFailure) -> Failure:
    """Return why a file has no entry for a runtime."""
    installed = failure.kind is not FailureKind.UNAVAILABLE
    return Failure(
        variant=run.variant,
        runtime=run.engine.name,
        runtime_version=run.engine.version() if installed else None,
        accelerator=engines.acceleration(run.engine.name, failure),
        kind=failure.kind.value,
        reason=failure.reason,
    )


def _compare_heat_maps(
    evaluation: Evaluation, file: Candidate, run: Run, scored: Scored, progress: Progress
) -> HeatMaps | LoadFailure | None:
    """Run the second signature and compare its maps; None where there is nothing to compare."""
    if not file.explains or evaluation.heat_maps is None:
        return None
    files, rows = run.of_files, evaluation.map_rows
    weights = [member.weight for member in run.members] or [1.0]
    made: list[MadeMaps] = []
    with progress.track(f"heat maps of {run.name}", len(files) * len(rows), "images") as task:
        for each, weight in zip(files, weights, strict=True):
            maps = make_maps(
                each.path,
                each.engine,
                evaluation.workspace.cache,
                rows,
                each.contract,
                task,
                each.columns,
                weight,
            )
            if isinstance(maps, LoadFailure):
                return maps
            made.append(maps)
    beside = scored.scores[evaluation.places[evaluation.deciding]]
    return evaluation.heat_maps.compare(made, spread(beside, MOST_IMAGES))


def _entry(
    evaluation: Evaluation,
    file: Candidate,
    scored: Scored,
    split: str,
    variant: Measured,
    heat_maps: HeatMaps | None,
) -> VariantVerdict:
    """Judge a file over a split; its heat maps over the one that decides."""
    decides = split == evaluation.deciding
    budget = evaluation.budget(file)
    entry = variant_entry(
        file,
        scored.meta,
        budget,
        evaluation.fp32_bytes,
        split,
        decides,
        evaluation.reference[split],
        variant,
        evaluation.thresholds,
        split_share(evaluation.dataset, split),
    )
    # A file that should have maps and has none is undecided, not spared.
    should = file.judged_as in evaluation.recipe.export.explain
    if not decides or not (file.explains or should):
        return entry
    checks = check_heat_maps(budget, heat_maps, evaluation.recipe.validation.confidence)
    return with_heat_maps(entry, heat_maps, checks)
