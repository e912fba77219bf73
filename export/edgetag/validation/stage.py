"""The stage: reference scores, variants' scores on each runtime, comparison, verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from edgetag.conversion.external import ExternalModel
from edgetag.dataset import open_dataset
from edgetag.judging.decisions import Decision, worst
from edgetag.machine import package_versions, this_machine
from edgetag.progress import Progress
from edgetag.recipe import Recipe, passed_over
from edgetag.runtimes import FailureKind, LoadFailure
from edgetag.validation.changes import changed_decisions, details
from edgetag.validation.details import Details, VariantDetails
from edgetag.validation.entries import scores_digest
from edgetag.validation.held import Held, images_digest
from edgetag.validation.inputs import Candidate, candidates
from edgetag.validation.merging import PACKAGES, Outcome, add_to_what_lies_there, basis, judged_by
from edgetag.validation.metrics import Measured
from edgetag.validation.result import Failure, ReferenceSummary, VariantVerdict, Verdict
from edgetag.validation.scene import Scene
from edgetag.validation.scores import ReferenceScores
from edgetag.validation.scoring import Run
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
    explains = any(file.explains for file in files)
    scene = Scene(recipe, workspace, dataset, progress, reference, explains, max_changed)
    held = held.over(scene) if held else None
    scene.require_sizes(files)
    entries: list[VariantVerdict] = []
    failures: list[Failure] = []
    drawn: list[VariantDetails] = []
    tables: list[pl.DataFrame] = []
    thresholds = {file.variant: scene.thresholds for file in files}
    # One outcome at a time: a million images' scores of many files would not fit into memory.
    for one, outcome in scene.score(files):
        if isinstance(outcome, LoadFailure):
            failures.append(_failure(one, outcome))
            continue
        if len(one.rows) > scene.judged_images:
            thresholds[one.variant] = scene.refit(outcome)
        file = next(file for file in files if file.variant == one.variant)
        heat_maps = scene.compare_heat_maps(file, one, outcome)
        if isinstance(heat_maps, LoadFailure):
            failures.append(_failure(one, heat_maps))
            continue
        for name in recipe.validation.splits:
            reference_, variant = scene.measured(name, outcome, thresholds[one.variant])
            entries.append(scene.entry(file, outcome, name, reference_, variant, heat_maps))
            if name == recipe.validation.splits[0]:
                changes = changed_decisions(reference_, variant, dataset, scene.rows[name])
                drawn.append(details(one.variant, one.engine.name, reference_, variant, changes))
                labels = (
                    pl.lit(one.variant).alias("variant"),
                    pl.lit(one.engine.name).alias("runtime"),
                )
                tables.append(changes.select(*labels, pl.all()))
    of_all = basis(scene)
    found = Outcome(
        _join(scene, files, entries, failures, thresholds, of_all),
        Details(split=recipe.validation.splits[0], variants=tuple(drawn)),
        pl.concat(tables) if tables else pl.DataFrame(),
    )
    if variants or external:
        found = add_to_what_lies_there(found, scene, of_all, progress)
    if held:
        lacking = set(recipe.export.variants) - set(found.verdict.decisions)
        told = held.compared(found.verdict, partial=bool(lacking))
        found = replace(found, verdict=told)
    found.write(workspace)
    return found.verdict


def _join(
    scene: Scene,
    files: Sequence[Candidate],
    entries: list[VariantVerdict],
    failures: list[Failure],
    thresholds: dict[str, dict[str, float]],
    of_all: str,
) -> Verdict:
    """Join all entries into the verdict."""
    section, split = scene.recipe.validation, scene.recipe.validation.splits[0]
    decisions = {file.variant: _decision(file.variant, entries, failures) for file in files}
    over = passed_over(scene.recipe.export, decisions)
    names = scene.dataset.vocabulary.names
    at = scene.splits[split].at
    return Verdict(
        verdict=worst([decision for name, decision in decisions.items() if name not in over]),
        decisions=decisions,
        passed_over=over,
        recipe=scene.recipe.name,
        tags=names,
        split=split,
        confidence=section.confidence,
        bootstrap_samples=section.bootstrap_samples,
        min_positives=section.min_positives,
        at_fpr=section.at_fpr,
        at_recall=section.at_recall,
        prevalence={name: at.prevalence_of(name) for name in names},
        images_sha256=images_digest(scene.dataset.identities(scene.rows[split])),
        machine=this_machine(),
        versions=package_versions(PACKAGES),
        reference=_summary(scene.stored, scene.reference, split),
        thresholds=thresholds,
        judged_by={file.variant: judged_by(of_all, scene, file) for file in files},
        variants=tuple(entries),
        failures=tuple(failures),
        pictures=scene.pictures,
    )


def _failure(run: Run, failure: LoadFailure) -> Failure:
    installed = failure.kind is not FailureKind.UNAVAILABLE
    return Failure(
        variant=run.variant,
        runtime=run.engine.name,
        runtime_version=run.engine.version() if installed else None,
        kind=failure.kind.value,
        reason=failure.reason,
    )


def _decision(variant: str, entries: list[VariantVerdict], failures: list[Failure]) -> Decision:
    """Decide on a variant over its runtimes, in the split that decides."""
    verdicts = [e.verdict for e in entries if e.variant == variant and e.decides]
    if verdicts:
        return worst(verdicts)
    kinds = {f.kind for f in failures if f.variant == variant}
    return "undecided" if kinds == {"unavailable"} else "fail"


def _summary(
    stored: ReferenceScores, measured: Mapping[str, Measured], split: str
) -> ReferenceSummary:
    maps: dict[str, float | None] = {}
    for name, split_measured in measured.items():
        values = split_measured.average_precisions[split_measured.split.scored]
        maps[name] = float(values.mean()) if len(values) else None
    return ReferenceSummary(
        engine=stored.meta.engine,
        device=stored.meta.device,
        versions=stored.meta.versions,
        weights_sha256=stored.meta.weights_sha256,
        scores_sha256=scores_digest(measured[split].scores),
        map=maps,
    )
