"""What validation starts from: files to judge, thresholds, the float file's size."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from edgetag.catalogue.variants import BASE
from edgetag.conversion.exported import (
    exported_file,
    exported_if_there,
    exported_path,
    read_exported,
)
from edgetag.conversion.external import ExternalModel, Weighted
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import Dataset, Rows
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.recipe import Recipe
from edgetag.training.result import trained_thresholds
from edgetag.validation.accepted_state import Baseline
from edgetag.validation.metrics import Split
from edgetag.validation.operating import OperatingPoints
from edgetag.validation.scores import ReferenceScores
from edgetag.validation.standing import stands_for
from edgetag.workspace import Workspace


@dataclass(frozen=True)
class Candidate:
    """A file to judge.

    Attributes:
        variant: Its name.
        origin: Who made it.
        path: Where it lies.
        sha256: Its digest.
        size_bytes: On disk.
        gzip_bytes: After gzip.
        contract: How pixels become its input.
        stands_for: The variant that it is judged as where it was given by hand; None for a
            variant of the run.
        columns: Where each tag lies in its output; None where in the vocabulary's order.
        explains: Whether it has the second signature, whose maps are judged too.
        members: Of an ensemble, the files whose scores are averaged.
    """

    variant: str
    origin: Literal["export", "external"]
    path: Path
    sha256: str
    size_bytes: int
    gzip_bytes: int
    contract: Preprocessing
    stands_for: str | None = None
    columns: tuple[int, ...] | None = None
    explains: bool = False
    members: tuple[Weighted, ...] = ()

    @classmethod
    def exported(cls, file: ExportedVariant, recipe: Recipe, workspace: Workspace) -> Self:
        """Return a variant of the run, as `export.json` lists it."""
        return cls(
            variant=file.variant,
            origin="export",
            path=workspace.root / file.file,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            gzip_bytes=file.gzip_bytes,
            contract=recipe.network.preprocessing(),
            explains=file.explain_maps is not None,
        )

    @property
    def judged_as(self) -> str:
        """The variant whose limits it is held to."""
        return self.stands_for or self.variant


def candidates(
    recipe: Recipe,
    workspace: Workspace,
    external: Sequence[ExternalModel] = (),
    only: Collection[str] = (),
    asked: str | None = None,
    accepted: Baseline | None = None,
) -> tuple[Candidate, ...]:
    """Return the files to judge: the recipe's variants in its order, then files made elsewhere.

    Args:
        recipe: Lists the variants.
        workspace: Holds the exported files.
        external: Files made elsewhere; with them nothing needs to be exported.
        only: Variants to judge; all if empty.
        asked: The variant that files made elsewhere stand for; None: see `stands_for`.
        accepted: The accepted state that they are compared with, if any.

    Raises:
        InputError: A variant is unknown or was not exported, or its file is missing or changed.
    """
    unknown = sorted(set(only) - set(recipe.export.possible))
    if unknown:
        raise InputError(
            f"--variant {unknown[0]}: the recipe's variants are {', '.join(recipe.export.possible)}"
        )
    made_elsewhere = tuple(
        _given(model, stands_for(model.name, asked, recipe, accepted), recipe) for model in external
    )
    if external and not only and not exported_path(workspace).exists():
        return made_elsewhere
    return (*_exported(recipe, workspace, only), *made_elsewhere)


def _given(model: ExternalModel, variant: str | None, recipe: Recipe) -> Candidate:
    """Return a file made elsewhere; its maps count where those of the variant do."""
    return Candidate(
        variant=model.name,
        origin="external",
        path=model.path,
        sha256=model.sha256,
        size_bytes=model.size_bytes,
        gzip_bytes=model.gzip_bytes,
        contract=model.contract,
        stands_for=variant,
        columns=model.columns,
        explains=model.explains and variant in recipe.export.explain,
        members=model.members,
    )


def _exported(recipe: Recipe, workspace: Workspace, only: Collection[str]) -> tuple[Candidate, ...]:
    """Return exported files, each checked against its digest."""
    made = {file.variant for file in read_exported(workspace).variants}
    wanted = [
        variant
        for variant in recipe.export.possible
        if (not only or variant in only)
        and (variant in (*made, *only) or variant not in recipe.export.fallback)
    ]
    files = (exported_file(workspace, variant) for variant in wanted)
    return tuple(Candidate.exported(file, recipe, workspace) for file, _ in files)


def fp32_size_bytes(workspace: Workspace) -> int | None:
    """Return the size of the exported float file, None where nothing was exported."""
    made = exported_if_there(workspace)
    sizes = {file.variant: file.size_bytes for file in made.variants} if made else {}
    return sizes.get(BASE)


def read_thresholds(
    workspace: Workspace, dataset: Dataset, reference: ReferenceScores
) -> dict[str, float]:
    """Return the reference's threshold of every tag: of training here, else of its scores' file.

    Raises:
        InputError: There are none, or they lack a tag.
    """
    names, thresholds = dataset.vocabulary.names, reference.meta.thresholds
    if not thresholds or (workspace.train / "thresholds.json").exists():
        return trained_thresholds(workspace, names)
    if lacking := [name for name in names if name not in thresholds]:
        raise InputError(
            f"the reference scores: no threshold for {', '.join(lacking)}; compute them again"
        )
    return {name: thresholds[name] for name in names}


def split_of(recipe: Recipe, dataset: Dataset, rows: Rows) -> Split:
    """Return the labels of some rows, and how the recipe judges over them."""
    section = recipe.validation
    return Split(
        dataset.labels(rows),
        dataset.vocabulary,
        dataset.groups(rows),
        min_positives=section.min_positives,
        samples=section.bootstrap_samples,
        confidence=section.confidence,
        seed=recipe.seed,
        at=OperatingPoints(
            fpr=section.at_fpr,
            recall=section.at_recall,
            prevalence=section.prevalence,
            prevalences=section.prevalences,
            bins=section.calibration_bins,
        ),
    )
