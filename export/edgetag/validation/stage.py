"""The stage: reference scores, variants' scores on each runtime, comparison, verdict."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from edgetag.conversion.external import ExternalModel
from edgetag.dataset import Dataset, open_dataset
from edgetag.dataset.view import Rows
from edgetag.machine import package_versions, this_machine
from edgetag.metrics import Scores
from edgetag.progress import Progress
from edgetag.recipe import Budget, Recipe
from edgetag.runtimes import FailureKind, LoadFailure, engines
from edgetag.validation.baseline import Baseline, check_fits, read_baseline
from edgetag.validation.baseline import compare as compare_with_baseline
from edgetag.validation.changes import changed_decisions, details
from edgetag.validation.details import Details, VariantDetails
from edgetag.validation.entries import scores_digest, variant_entry
from edgetag.validation.inputs import (
    Candidate,
    candidates,
    fp32_size_bytes,
    obtain_reference,
    read_thresholds,
)
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.operating import OperatingPoints
from edgetag.validation.refit import refit_thresholds
from edgetag.validation.result import (
    BaselineComparison,
    Decision,
    Failure,
    ReferenceSummary,
    VariantVerdict,
    Verdict,
    worst,
)
from edgetag.validation.scores import ReferenceScores
from edgetag.validation.scoring import Run, Scored, Scoring
from edgetag.workspace import Workspace, atomic_write, write_text

PACKAGES = ("ai-edge-litert", "numpy", "polars", "scikit-learn", "scipy", "statsmodels",
            "tflite-runtime")  # fmt: skip
"""Packages whose versions travel with a verdict."""

REFIT_ON = "validation"
"""The split that thresholds are fitted on."""


def run(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    reference: Path | None = None,
    external: Sequence[ExternalModel] = (),
    variants: Sequence[str] = (),
    judged_as: str | None = None,
    baseline: Path | None = None,
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
        judged_as: The variant whose limits hold for files made elsewhere; None: the default ones.
        baseline: The accepted state to compare with; None compares with none.

    Raises:
        InputError: A file of an earlier stage is missing, damaged or does not fit the others.
    """
    dataset = open_dataset(workspace)
    accepted = _accepted(baseline, recipe, dataset)
    files = candidates(recipe, workspace, external, variants, judged_as)
    judged = _Judged(recipe, workspace, dataset, progress, reference)
    entries: list[VariantVerdict] = []
    failures: list[Failure] = []
    drawn: list[VariantDetails] = []
    tables: list[pl.DataFrame] = []
    thresholds = {file.variant: judged.thresholds for file in files}
    # One outcome at a time: a million images' scores of many files would not fit into memory.
    for one, outcome in judged.score(files):
        if isinstance(outcome, LoadFailure):
            failures.append(_failure(one, outcome))
            continue
        if len(one.rows) > judged.judged_images:
            thresholds[one.variant] = judged.refit(outcome)
        file = next(file for file in files if file.variant == one.variant)
        for name in recipe.validation.splits:
            reference_, variant = judged.measured(name, outcome, thresholds[one.variant])
            entries.append(judged.entry(file, outcome, name, reference_, variant))
            if name == recipe.validation.splits[0]:
                changes = changed_decisions(reference_, variant, dataset, judged.rows[name])
                drawn.append(details(one.variant, one.engine.name, reference_, variant, changes))
                labels = (
                    pl.lit(one.variant).alias("variant"),
                    pl.lit(one.engine.name).alias("runtime"),
                )
                tables.append(changes.select(*labels, pl.all()))
    verdict = judged.verdict(files, entries, failures, thresholds)
    if accepted is not None and baseline is not None:
        section = recipe.validation
        told = compare_with_baseline(
            verdict,
            accepted,
            str(baseline),
            section.baseline_tolerance,
            section.baseline_tag_tolerance,
            partial=bool(variants),
        )
        verdict = _with_baseline(verdict, told)
    _write(workspace, verdict, drawn, tables)
    return verdict


def _accepted(path: Path | None, recipe: Recipe, dataset: Dataset) -> Baseline | None:
    """Read the accepted state, and refuse one about something else before any scoring."""
    if path is None:
        return None
    accepted = read_baseline(path)
    split = recipe.validation.splits[0]
    check_fits(
        accepted,
        str(path),
        recipe=recipe.name,
        tags=dataset.vocabulary.names,
        split=split,
        images_sha256=images_digest(dataset, dataset.rows(split)),
    )
    return accepted


def images_digest(dataset: Dataset, rows: Rows) -> str:
    """Return the SHA-256 of what names some images, in their order."""
    return hashlib.sha256("\n".join(dataset.identities(rows)).encode()).hexdigest()


class _Judged:
    """What all variants are judged by, made once."""

    def __init__(
        self,
        recipe: Recipe,
        workspace: Workspace,
        dataset: Dataset,
        progress: Progress,
        given: Path | None,
    ) -> None:
        self.recipe = recipe
        self.workspace = workspace
        self.dataset = dataset
        self.progress = progress
        section = recipe.validation
        self.rows: dict[str, Rows] = {name: dataset.rows(name) for name in section.splits}
        self.stored, scores = obtain_reference(
            recipe, workspace, dataset, np.concatenate(list(self.rows.values())), progress, given
        )
        self.thresholds = read_thresholds(workspace, dataset, self.stored)
        self.places = _places(self.rows)
        self.splits: dict[str, Split] = {}
        self.reference: dict[str, Measured] = {}
        for name, rows in self.rows.items():
            split = self._split(rows)
            self.splits[name] = split
            self.reference[name] = Measured(scores[self.places[name]], split, self.thresholds)
        self.refit_rows = self._refit_rows()

    def _split(self, rows: Rows) -> Split:
        section = self.recipe.validation
        return Split(
            self.dataset.labels(rows),
            self.dataset.vocabulary,
            self.dataset.groups(rows),
            min_positives=section.min_positives,
            samples=section.bootstrap_samples,
            confidence=section.confidence,
            seed=self.recipe.seed,
            at=OperatingPoints(
                fpr=section.at_fpr,
                recall=section.at_recall,
                prevalence=section.prevalence,
                prevalences=section.prevalences,
                bins=section.calibration_bins,
            ),
        )

    def _refit_rows(self) -> Rows:
        """Return the images to fit thresholds on; none where that split judges or is not there."""
        splits = self.recipe.validation.splits
        wanted = self.recipe.validation.refit_thresholds and REFIT_ON not in splits
        if not wanted or REFIT_ON not in self.dataset.splits():
            return np.empty(0, dtype=np.int64)
        return self.dataset.rows(REFIT_ON)

    def score(self, files: Sequence[Candidate]) -> Iterator[tuple[Run, Scored | LoadFailure]]:
        """Score every file on every runtime; a file's first runtime here also scores the refit's.

        Runtimes that are not here come last, so that thresholds are fitted before they are used.
        """
        names = self.recipe.validation.runtimes
        here = [name for name in names if engines.get(name).available() is None]
        rows = np.concatenate(list(self.rows.values()))
        more = np.concatenate([rows, self.refit_rows])
        scoring = Scoring(self.workspace, self.dataset, this_machine())
        return scoring.each(
            [
                Run(
                    variant=file.variant,
                    path=file.path,
                    sha256=file.sha256,
                    contract=file.contract,
                    columns=file.columns,
                    rows=more if name in here[:1] else rows,
                    engine=engines.get(name),
                )
                for file in files
                for name in (*here, *(name for name in names if name not in here))
            ],
            self.progress,
        )

    @property
    def judged_images(self) -> int:
        """Images of all splits that are judged."""
        return sum(len(rows) for rows in self.rows.values())

    def refit(self, scored: Scored) -> dict[str, float]:
        """Return a variant's thresholds, fitted on its scores behind those that are judged."""
        split = self._split(self.refit_rows)
        scores: Scores = scored.scores[self.judged_images :]
        return refit_thresholds(scores, split, self.recipe.training.thresholds, self.thresholds)

    def measured(
        self, name: str, scored: Scored, thresholds: Mapping[str, float]
    ) -> tuple[Measured, Measured]:
        """Return the reference and a variant over a split."""
        scores: Scores = scored.scores[self.places[name]]
        return self.reference[name], Measured(scores, self.splits[name], thresholds)

    def entry(
        self, file: Candidate, scored: Scored, name: str, reference: Measured, variant: Measured
    ) -> VariantVerdict:
        """Judge a variant over a split."""
        return variant_entry(
            file,
            scored.meta,
            self._budget(file),
            fp32_size_bytes(self.workspace),
            name,
            name == self.recipe.validation.splits[0],
            reference,
            variant,
            self.thresholds,
        )

    def _budget(self, file: Candidate) -> Budget:
        """Return the limits of a file: its own, or the default ones."""
        for name, budget in self.recipe.budgets.items():
            if name == file.judged_as:
                return budget
        return self.recipe.budgets.get("default") or Budget()

    def verdict(
        self,
        files: Sequence[Candidate],
        entries: list[VariantVerdict],
        failures: list[Failure],
        thresholds: dict[str, dict[str, float]],
    ) -> Verdict:
        """Join all entries into the verdict."""
        section, split = self.recipe.validation, self.recipe.validation.splits[0]
        decisions = {file.variant: _decision(file.variant, entries, failures) for file in files}
        names = self.dataset.vocabulary.names
        at = self.splits[split].at
        return Verdict(
            verdict=worst(list(decisions.values())),
            decisions=decisions,
            recipe=self.recipe.name,
            tags=names,
            split=split,
            confidence=section.confidence,
            bootstrap_samples=section.bootstrap_samples,
            min_positives=section.min_positives,
            at_fpr=section.at_fpr,
            at_recall=section.at_recall,
            prevalence={name: at.prevalence_of(name) for name in names},
            images_sha256=images_digest(self.dataset, self.rows[split]),
            machine=this_machine(),
            versions=package_versions(PACKAGES),
            reference=_summary(self.stored, self.reference, split),
            thresholds=thresholds,
            variants=tuple(entries),
            failures=tuple(failures),
        )


def _places(rows: Mapping[str, npt.NDArray[np.int64]]) -> dict[str, slice]:
    """Return where each split lies among all scored rows."""
    places, start = {}, 0
    for name, part in rows.items():
        places[name] = slice(start, start + len(part))
        start += len(part)
    return places


def _failure(one: Run, failure: LoadFailure) -> Failure:
    installed = failure.kind is not FailureKind.UNAVAILABLE
    return Failure(
        variant=one.variant,
        runtime=one.engine.name,
        runtime_version=one.engine.version() if installed else None,
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
    for name, found in measured.items():
        values = found.average_precisions[found.split.scored]
        maps[name] = float(values.mean()) if len(values) else None
    return ReferenceSummary(
        engine=stored.meta.engine,
        device=stored.meta.device,
        versions=stored.meta.versions,
        weights_sha256=stored.meta.weights_sha256,
        scores_sha256=scores_digest(measured[split].scores),
        map=maps,
    )


def _with_baseline(verdict: Verdict, told: BaselineComparison) -> Verdict:
    decided = worst([verdict.verdict, told.verdict])
    return verdict.model_copy(update={"baseline": told, "verdict": decided})


def _write(
    workspace: Workspace,
    verdict: Verdict,
    drawn: list[VariantDetails],
    tables: list[pl.DataFrame],
) -> None:
    """Write details first: a verdict never stands beside those of another run."""
    found = Details(split=verdict.split, variants=tuple(drawn))
    write_text(workspace.validate / "details.json", found.to_json())
    with atomic_write(workspace.validate / "changes.parquet") as file:
        (pl.concat(tables) if tables else pl.DataFrame()).write_parquet(file)
    write_text(workspace.validate / "verdict.json", verdict.to_json())
