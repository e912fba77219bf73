"""What validation starts from: files to judge, thresholds, reference scores."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from edgetag.conversion.external import ExternalModel
from edgetag.conversion.result import ExportResult
from edgetag.dataset import Dataset
from edgetag.dataset.view import Rows
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError, MissingExtraError
from edgetag.metrics import Scores
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.training.result import Thresholds
from edgetag.validation.scores import NO_ROWS, ReferenceScores, read_reference, write_reference
from edgetag.workspace import Workspace, digest_file

REFERENCE = "edgetag.validation.reference"
"""What computes the reference; named only, since it imports TensorFlow."""


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
        judged_as: The variant whose limits it is held to.
        columns: Where each tag lies in its output; None where in the vocabulary's order.
        explains: Whether it has the second signature, whose maps are judged too.
    """

    variant: str
    origin: Literal["export", "external"]
    path: Path
    sha256: str
    size_bytes: int
    gzip_bytes: int
    contract: Preprocessing
    judged_as: str
    columns: tuple[int, ...] | None = None
    explains: bool = False


def candidates(
    recipe: Recipe,
    workspace: Workspace,
    external: Sequence[ExternalModel] = (),
    only: Collection[str] = (),
    judged_as: str | None = None,
) -> tuple[Candidate, ...]:
    """Return the files to judge: the recipe's variants in its order, then files made elsewhere.

    Args:
        recipe: Lists the variants.
        workspace: Holds the exported files.
        external: Files made elsewhere; with them nothing needs to be exported.
        only: Variants to judge; all if empty.
        judged_as: The variant whose limits hold for files made elsewhere.

    Raises:
        InputError: A variant is unknown or was not exported, or its file is missing or changed.
    """
    unknown = sorted(set(only) - set(recipe.export.possible))
    if unknown:
        raise InputError(
            f"--variant {unknown[0]}: the recipe's variants are {', '.join(recipe.export.possible)}"
        )
    if judged_as is not None and judged_as not in recipe.budgets:
        listed = ", ".join(recipe.budgets) or "none"
        raise InputError(f"--budget {judged_as}: the recipe sets budgets of {listed}")
    made_elsewhere = tuple(
        Candidate(
            variant=model.name,
            origin="external",
            path=model.path,
            sha256=model.sha256,
            size_bytes=model.size_bytes,
            gzip_bytes=model.gzip_bytes,
            contract=model.contract,
            judged_as=judged_as or model.name,
            columns=model.columns,
        )
        for model in external
    )
    if external and not only and not (workspace.export / "export.json").exists():
        return made_elsewhere
    return (*_exported(recipe, workspace, only), *made_elsewhere)


def _exported(recipe: Recipe, workspace: Workspace, only: Collection[str]) -> tuple[Candidate, ...]:
    """Return exported files, each checked against its digest."""
    result_file = workspace.export / "export.json"
    exported = {file.variant: file for file in ExportResult.read(result_file, "export").variants}
    found = []
    for variant in recipe.export.possible:
        if only and variant not in only:
            continue
        if variant in recipe.export.fallback and variant not in (*exported, *only):
            continue
        if variant not in exported:
            raise InputError(f"{result_file}: it lists no {variant}; run: edgetag export")
        file = exported[variant]
        path = workspace.root / file.file
        if not path.is_file():
            raise InputError(f"{path}: missing; run: edgetag export")
        if digest_file(path) != file.sha256:
            raise InputError(
                f"{path}: changed or damaged since it was exported (its SHA-256 differs from "
                "export.json); run: edgetag export"
            )
        found.append(
            Candidate(
                variant=variant,
                origin="export",
                path=path,
                sha256=file.sha256,
                size_bytes=file.size_bytes,
                gzip_bytes=file.gzip_bytes,
                contract=recipe.network.preprocessing(),
                judged_as=variant,
                explains=file.explain_maps is not None,
            )
        )
    return tuple(found)


def fp32_size_bytes(workspace: Workspace) -> int | None:
    """Return the size of the exported float file, None where nothing was exported."""
    path = workspace.export / "export.json"
    if not path.exists():
        return None
    sizes = {file.variant: file.size_bytes for file in ExportResult.read(path, "export").variants}
    return sizes.get("fp32")


def read_thresholds(
    workspace: Workspace, dataset: Dataset, reference: ReferenceScores
) -> dict[str, float]:
    """Return the reference's threshold of every tag: of training here, else of its scores' file.

    Raises:
        InputError: There are none, or they lack a tag.
    """
    path = workspace.train / "thresholds.json"
    thresholds: Mapping[str, float]
    if path.exists() or not reference.meta.thresholds:
        thresholds = Thresholds.read(path, "train").thresholds
        where, remedy = str(path), "run: edgetag train"
    else:
        thresholds = reference.meta.thresholds
        where, remedy = "the reference scores", "compute them again"
    lacking = [name for name in dataset.vocabulary.names if name not in thresholds]
    if lacking:
        raise InputError(f"{where}: no threshold for {', '.join(lacking)}; {remedy}")
    return {name: thresholds[name] for name in dataset.vocabulary.names}


def obtain_reference(
    recipe: Recipe,
    workspace: Workspace,
    dataset: Dataset,
    rows: Rows,
    progress: Progress,
    given: Path | None,
    map_rows: Rows = NO_ROWS,
) -> tuple[ReferenceScores, Scores]:
    """Return the reference and its scores for `rows`: given, kept, or computed now.

    The maps of `map_rows` are in a reference that is computed here; one that is given, or kept
    where it cannot be computed, is taken without them.

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
            scores = _fitting(found, recipe, workspace, dataset, rows, kept)
            stale = _why_stale(found, dataset, map_rows)
            if not stale or not _computable(workspace):
                return found, scores
            progress.say(f"Computing the reference again: the kept one {stale}.")
        except InputError as error:
            progress.say(f"Computing the reference scores again, since the kept ones fail: {error}")
    try:
        from edgetag.validation import reference
    except MissingExtraError as error:
        raise InputError(
            f"the reference scores must be computed, but {error} Or compute them on another "
            "machine and pass its validate/reference.npz with --reference."
        ) from None
    found = reference.compute(recipe, workspace, dataset, rows, progress, map_rows)
    write_reference(kept, found)
    return found, _fitting(found, recipe, workspace, dataset, rows, kept)


def _why_stale(found: ReferenceScores, dataset: Dataset, map_rows: Rows) -> str:
    """Return why kept scores, which fit, are computed again where that can be; else nothing."""
    if found.meta.made_with != dependencies_of(REFERENCE).digest:
        return "was made by other code or packages"
    names = dataset.vocabulary.names
    if len(map_rows) and found.matched_maps(dataset.identities(map_rows), names) is None:
        return "lacks heat maps"
    return ""


def _computable(workspace: Workspace) -> bool:
    """Tell whether the float model can run here; where not, its kept scores are still good."""
    return (workspace.train / "model.npz").exists() and find_spec("tensorflow") is not None


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
