"""The stage: reference scores, variants' scores on each runtime, comparison, verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from edgetag.confinement import confined_by
from edgetag.conversion.external import ExternalModel
from edgetag.dataset import open_dataset
from edgetag.judging.decisions import worst
from edgetag.machine import package_versions, this_machine
from edgetag.progress import Progress
from edgetag.recipe import Recipe, passed_over
from edgetag.runtimes import LoadFailure
from edgetag.validation.decision import decide_file
from edgetag.validation.details import Details
from edgetag.validation.ensembles import write_fitted
from edgetag.validation.entries import scores_digest
from edgetag.validation.evaluation import Evaluation, prepare
from edgetag.validation.held import Held
from edgetag.validation.inputs import Candidate, candidates
from edgetag.validation.judging_run import (
    JudgedRun,
    failure_of,
    fitted_thresholds,
    judge_run,
    score,
)
from edgetag.validation.merging import PACKAGES, Outcome, add_to_what_lies_there
from edgetag.validation.metrics import Measured
from edgetag.validation.result import (
    Failure,
    ReferenceSummary,
    RuntimeAgreement,
    VariantVerdict,
    Verdict,
)
from edgetag.validation.scores import ReferenceScores, images_digest
from edgetag.workspace import Workspace


def run(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    reference: Path | None = None,
    external: Sequence[ExternalModel] = (),
    variants: Sequence[str] = (),
    stands_for: str | None = None,
    baseline: Path | None = None,
    max_changed: float = 0.0,
) -> Verdict:
    """Compare files with the float model, on every runtime.

    Args:
        recipe: Names variants, runtimes, splits and budgets.
        workspace: Holds data, thresholds and exported files; `validate/` is written.
        progress: Is told what goes on.
        reference: Reference scores computed elsewhere; default: those kept in the run folder,
            or new ones by TensorFlow.
        external: Files made elsewhere, judged beside the exported ones.
        variants: Exported variants to judge; all if empty.
        stands_for: The variant that files made elsewhere stand for; default: the bundled one.
        baseline: The accepted state to compare with; None compares with none.
        max_changed: Share of a split's pictures that may be missing, new or labelled differently
            from a reference computed elsewhere.

    Raises:
        InputError: A file of an earlier stage is missing, damaged or does not fit the others.
    """
    dataset = open_dataset(workspace)
    held = Held.read(baseline, recipe, dataset.vocabulary.names) if baseline else None
    accepted = held.accepted if held else None
    files = candidates(recipe, workspace, external, variants, stands_for, accepted)
    held = held.against(files) if held else None
    evaluation = prepare(recipe, workspace, dataset, files, progress, reference, max_changed)
    held = held.over(evaluation) if held else None
    judged: list[JudgedRun] = []
    failures: list[Failure] = []
    agreements: list[RuntimeAgreement] = []
    by_name = {file.variant: file for file in files}
    thresholds = dict.fromkeys(by_name, evaluation.thresholds)
    # One outcome at a time: a million images' scores of many files would not fit into memory.
    for one_run, scored in score(evaluation, files, progress):
        if isinstance(scored, RuntimeAgreement):
            agreements.append(scored)
            continue
        if isinstance(scored, LoadFailure):
            failures.append(failure_of(one_run, scored))
            continue
        name = one_run.variant
        thresholds[name] = fitted_thresholds(evaluation, scored) or thresholds[name]
        result = judge_run(evaluation, by_name[name], one_run, scored, thresholds[name], progress)
        if isinstance(result, Failure):
            failures.append(result)
        else:
            judged.append(result)
    order = list(by_name)
    judged.sort(key=lambda run: order.index(run.details.variant))
    verdict = _join(
        evaluation, files, [e for run in judged for e in run.entries], failures, thresholds
    )
    outcome = Outcome(
        verdict.replace(agreements=tuple(agreements)),
        Details(split=evaluation.deciding, variants=tuple(run.details for run in judged)),
        pl.concat([run.changes for run in judged]) if judged else pl.DataFrame(),
    )
    if variants or external:
        outcome = add_to_what_lies_there(outcome, evaluation, progress)
    if held:
        lacking = set(recipe.export.variants) - set(outcome.verdict.decisions)
        verdict = held.compared(outcome.verdict, partial=bool(lacking))
        outcome = replace(outcome, verdict=verdict)
    outcome.write(workspace)
    write_fitted(workspace, external, thresholds)
    return outcome.verdict


def _join(
    evaluation: Evaluation,
    files: Sequence[Candidate],
    entries: Sequence[VariantVerdict],
    failures: Sequence[Failure],
    thresholds: dict[str, dict[str, float]],
) -> Verdict:
    """Join all entries into the verdict."""
    recipe, dataset, split = evaluation.recipe, evaluation.dataset, evaluation.deciding
    section, names = recipe.validation, dataset.vocabulary.names
    decisions = {file.variant: decide_file(file.variant, entries, failures) for file in files}
    over = passed_over(recipe, decisions)
    at = evaluation.splits[split].at
    return Verdict(
        verdict=worst([decision for name, decision in decisions.items() if name not in over]),
        decisions=decisions,
        passed_over=over,
        recipe=recipe.name,
        tags=names,
        split=split,
        confidence=section.confidence,
        bootstrap_samples=section.bootstrap_samples,
        min_positives=section.min_positives,
        at_fpr=section.at_fpr,
        at_recall=section.at_recall,
        prevalence={name: at.prevalence_of(name) for name in names},
        images_sha256=images_digest(dataset.identities(evaluation.rows[split])),
        machine=this_machine(),
        confined_by=confined_by(),
        versions=package_versions(PACKAGES),
        reference=_summary(evaluation.stored, evaluation.reference, split),
        thresholds=thresholds,
        judged_by={file.variant: evaluation.judged_by(file) for file in files},
        variants=tuple(entries),
        failures=tuple(failures),
        pictures=evaluation.pictures,
    )


def _summary(
    stored: ReferenceScores, measured: Mapping[str, Measured], split: str
) -> ReferenceSummary:
    return ReferenceSummary(
        engine=stored.meta.engine,
        accelerator=stored.meta.accelerator,
        device=stored.meta.device,
        versions=stored.meta.versions,
        weights_sha256=stored.meta.weights_sha256,
        scores_sha256=scores_digest(measured[split].scores),
        map={name: of_split.mean_average_precision for name, of_split in measured.items()},
    )
