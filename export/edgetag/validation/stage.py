"""The stage: reference scores, variants' scores on each runtime, comparison, verdict."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.dataset import Dataset, open_dataset
from edgetag.dataset.view import Rows
from edgetag.errors import InputError, MissingExtraError
from edgetag.machine import this_machine
from edgetag.metrics import Scores
from edgetag.progress import Progress
from edgetag.recipe import Recipe, Variant
from edgetag.runtimes import FailureKind, LoadFailure, engines
from edgetag.training.result import Thresholds
from edgetag.validation.decision import check_budgets, decide, flat, tag_verdicts
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.result import (
    Decision,
    Failure,
    ReferenceSummary,
    VariantVerdict,
    Verdict,
    worst,
)
from edgetag.validation.scores import ReferenceScores, read_reference, write_reference
from edgetag.validation.scoring import Run, Scored, Scoring
from edgetag.workspace import Workspace, digest_file, write_text


def run(
    recipe: Recipe, workspace: Workspace, progress: Progress, reference: Path | None = None
) -> Verdict:
    """Compare every exported variant with the float model, on every runtime.

    Args:
        recipe: Names variants, runtimes, splits and budgets.
        workspace: Holds data, thresholds and exported files; `validate/` is written.
        progress: Is told what goes on.
        reference: Reference scores computed elsewhere; default: those kept in the run folder,
            or new ones by TensorFlow.

    Raises:
        InputError: A file of an earlier stage is missing, damaged or does not fit the others.
    """
    dataset = open_dataset(workspace)
    files = exported_files(recipe, workspace)
    thresholds = read_thresholds(workspace, dataset)
    positions, rows = _rows(recipe, dataset)
    stored, reference_scores = obtain_reference(
        recipe, workspace, dataset, rows, progress, reference
    )
    names = dataset.vocabulary
    labels, groups = dataset.labels(rows), dataset.groups(rows)
    section = recipe.validation
    splits: dict[str, tuple[Split, Measured]] = {}
    for name, place in positions.items():
        split = Split(
            labels[place],
            names,
            thresholds,
            groups[place],
            min_positives=section.min_positives,
            samples=section.bootstrap_samples,
            confidence=section.confidence,
            seed=recipe.seed,
        )
        splits[name] = split, Measured(reference_scores[place], split)

    machine = this_machine()
    scoring = Scoring(workspace, dataset, rows, recipe.network.preprocessing(), machine)
    runs = [Run(file, engines.get(name)) for file in files.values() for name in section.runtimes]
    entries: list[VariantVerdict] = []
    failures: list[Failure] = []
    for one, outcome in scoring.all(runs, progress):
        if isinstance(outcome, LoadFailure):
            failures.append(_failure(one, outcome))
            continue
        for name, (split, measured) in splits.items():
            scores = outcome.scores[positions[name]]
            entries.append(
                _entry(recipe, one, outcome, files["fp32"], name, measured, Measured(scores, split))
            )
    decisions = {name: _decision(name, entries, failures) for name in files}
    verdict = Verdict(
        verdict=worst(list(decisions.values())),
        decisions=decisions,
        split=section.splits[0],
        confidence=section.confidence,
        bootstrap_samples=section.bootstrap_samples,
        min_positives=section.min_positives,
        reference=_summary(stored, splits),
        variants=tuple(entries),
        failures=tuple(failures),
    )
    write_text(workspace.validate / "verdict.json", verdict.to_json())
    return verdict


def exported_files(recipe: Recipe, workspace: Workspace) -> dict[Variant, ExportedVariant]:
    """Return the recipe's variants in its order, each file checked against its digest.

    Raises:
        InputError: A variant was not exported, or its file is missing or was changed since.
    """
    result_file = workspace.export / "export.json"
    exported = {file.variant: file for file in ExportResult.read(result_file, "export").variants}
    files: dict[Variant, ExportedVariant] = {}
    for variant in recipe.export.variants:
        if variant not in exported:
            raise InputError(f"{result_file}: it lists no {variant}; run: edgetag export")
        path = workspace.root / exported[variant].file
        if not path.is_file():
            raise InputError(f"{path}: missing; run: edgetag export")
        if digest_file(path) != exported[variant].sha256:
            raise InputError(
                f"{path}: changed or damaged since it was exported (its SHA-256 differs from "
                "export.json); run: edgetag export"
            )
        files[variant] = exported[variant]
    return files


def read_thresholds(workspace: Workspace, dataset: Dataset) -> dict[str, float]:
    """Return the threshold of every tag.

    Raises:
        InputError: The file is missing, damaged, or lacks a tag.
    """
    path = workspace.train / "thresholds.json"
    thresholds = Thresholds.read(path, "train").thresholds
    lacking = [name for name in dataset.vocabulary.names if name not in thresholds]
    if lacking:
        raise InputError(f"{path}: no threshold for {', '.join(lacking)}; run: edgetag train")
    return thresholds


def obtain_reference(
    recipe: Recipe,
    workspace: Workspace,
    dataset: Dataset,
    rows: Rows,
    progress: Progress,
    given: Path | None,
) -> tuple[ReferenceScores, Scores]:
    """Return the reference and its scores for `rows`: given, kept, or computed now.

    Raises:
        InputError: The given file does not fit, or TensorFlow is needed and not installed.
    """
    kept = workspace.validate / "reference.npz"
    if given is not None:
        found = read_reference(given)
        scores = _fitting(found, recipe, workspace, dataset, rows, given)
        write_reference(kept, found)
        return found, scores
    if kept.exists():
        try:
            found = read_reference(kept)
            return found, _fitting(found, recipe, workspace, dataset, rows, kept)
        except InputError as error:
            progress.say(f"Computing the reference scores again, since the kept ones fail: {error}")
    try:
        from edgetag.validation import reference
    except MissingExtraError as error:
        raise InputError(
            f"the reference scores must be computed, but {error} Or compute them on another "
            "machine and pass its validate/reference.npz."
        ) from None
    found = reference.compute(recipe, workspace, dataset, rows, progress)
    write_reference(kept, found)
    return found, _fitting(found, recipe, workspace, dataset, rows, kept)


def _fitting(
    found: ReferenceScores,
    recipe: Recipe,
    workspace: Workspace,
    dataset: Dataset,
    rows: Rows,
    where: Path,
) -> Scores:
    """Return the scores of `rows`, or refuse scores of another model or contract."""
    weights = workspace.train / "model.npz"
    if weights.exists() and digest_file(weights) != found.meta.weights_sha256:
        raise InputError(
            f"{where}: these are the scores of another model than {weights} (its SHA-256 differs)"
        )
    if found.meta.preprocessing != recipe.network.preprocessing().digest():
        raise InputError(f"{where}: its images went through another preprocessing contract")
    return found.matched(dataset.identities(rows), dataset.vocabulary.names, where)


def _rows(recipe: Recipe, dataset: Dataset) -> tuple[dict[str, slice], Rows]:
    """Return where each split lies among the rows to score, and these rows."""
    parts: list[npt.NDArray[np.int64]] = []
    positions: dict[str, slice] = {}
    start = 0
    for split in recipe.validation.splits:
        part = dataset.rows(split)
        positions[split] = slice(start, start + len(part))
        start += len(part)
        parts.append(part)
    return positions, np.concatenate(parts)


def _entry(
    recipe: Recipe,
    one: Run,
    scored: Scored,
    fp32: ExportedVariant,
    split_name: str,
    reference: Measured,
    variant: Measured,
) -> VariantVerdict:
    split = variant.split
    budget = recipe.budget(one.file.variant)
    comparison = split.compare(reference, variant)
    checks = check_budgets(budget, comparison, one.file, fp32)
    mean_ap, map_drop, map_interval = flat(comparison.mean_ap)
    mean_f1, f1_drop, f1_interval = flat(comparison.mean_f1)
    return VariantVerdict(
        variant=one.file.variant,
        runtime=one.engine.name,
        runtime_version=scored.meta.version,
        device=scored.meta.device,
        split=split_name,
        decides=split_name == recipe.validation.splits[0],
        verdict=decide(checks, comparison),
        n_images=len(split.labels),
        n_groups=split.bootstrap.groups,
        n_scored_tags=len(split.scored),
        map=mean_ap,
        map_drop=map_drop,
        map_drop_interval=map_interval,
        f1=mean_f1,
        f1_drop=f1_drop,
        f1_drop_interval=f1_interval,
        flip_rate=comparison.flip_rate,
        largest_score_difference=comparison.largest_score_difference,
        mean_score_difference=comparison.mean_score_difference,
        images_per_s=scored.meta.images_per_s,
        size_bytes=one.file.size_bytes,
        gzip_bytes=one.file.gzip_bytes,
        budgets=checks,
        tags=tag_verdicts(split, comparison, budget.max_map_drop),
    )


def _failure(one: Run, failure: LoadFailure) -> Failure:
    installed = failure.kind is not FailureKind.UNAVAILABLE
    return Failure(
        variant=one.file.variant,
        runtime=one.engine.name,
        runtime_version=one.engine.version() if installed else None,
        kind=failure.kind.value,
        reason=failure.reason,
    )


def _decision(variant: Variant, entries: list[VariantVerdict], failures: list[Failure]) -> Decision:
    """Decide on a variant over its runtimes, in the split that decides."""
    verdicts = [e.verdict for e in entries if e.variant == variant and e.decides]
    if verdicts:
        return worst(verdicts)
    kinds = {f.kind for f in failures if f.variant == variant}
    return "undecided" if kinds == {"unavailable"} else "fail"


def _summary(
    stored: ReferenceScores, splits: dict[str, tuple[Split, Measured]]
) -> ReferenceSummary:
    maps: dict[str, float | None] = {}
    for name, (split, measured) in splits.items():
        values = measured.average_precisions[split.scored]
        maps[name] = float(values.mean()) if len(values) else None
    return ReferenceSummary(
        engine=stored.meta.engine,
        device=stored.meta.device,
        versions=stored.meta.versions,
        weights_sha256=stored.meta.weights_sha256,
        map=maps,
    )
