"""Obtaining the reference: one from elsewhere, the one that is kept, or one computed now.

A reference from elsewhere is held to: pictures and labels must be those that it was made from. The
one that this run folder made itself follows its pictures and labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from edgetag.dataset import Dataset, Rows
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError, MissingExtraError
from edgetag.metrics import Scores
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.validation.inputs import fp32_size_bytes, read_thresholds
from edgetag.validation.pictures import (
    compare_pictures,
    known_pictures,
    require_allowed,
    rows_if_any,
    shared_rows,
)
from edgetag.validation.pictures_result import PicturesComparison
from edgetag.validation.scores import NO_ROWS, ReferenceScores, read_reference, write_reference
from edgetag.workspace import Workspace, digest_file

MAKER = "edgetag.validation.reference"
"""What computes the reference; named only, since it imports TensorFlow."""


@dataclass(frozen=True)
class Reference:
    """The reference of some splits.

    Attributes:
        stored: As it is kept.
        where: Its file.
        rows: Split → the rows of it that the reference has scores for.
        pictures: What changed since it was made; None where it was made here.
    """

    stored: ReferenceScores
    where: Path
    rows: dict[str, Rows]
    pictures: PicturesComparison | None = None

    def scores(self, dataset: Dataset, rows: Rows) -> Scores:
        """Return `[n, tags]` scores of some of its rows."""
        return self.stored.matched(dataset.identities(rows), dataset.vocabulary.names, self.where)


def obtain_reference(
    recipe: Recipe,
    workspace: Workspace,
    dataset: Dataset,
    progress: Progress,
    given: Path | None = None,
    max_changed: float = 0.0,
    map_rows: Rows = NO_ROWS,
) -> Reference:
    """Return the reference of the judged splits and of the one that thresholds are fitted on.

    Args:
        recipe: Gives the network and its contract.
        workspace: Holds the kept reference, and the weights where the model was trained here.
        dataset: The images.
        progress: Is told of what is computed, and of changed pictures that are allowed.
        given: A file from elsewhere; so is one that is kept where nothing was trained.
        max_changed: Share of a split's pictures that may be missing, new or labelled differently
            from a reference from elsewhere.
        map_rows: Rows whose heat maps a reference that is computed here gets; one that is given,
            or kept where it cannot be computed, is taken without them.

    Raises:
        InputError: The given file does not fit, pictures have changed, or TensorFlow is needed
            and not installed.
    """
    kept = workspace.validate / "reference.npz"
    rows = {name: dataset.rows(name) for name in recipe.validation.splits}
    rows |= {name: rows_if_any(dataset, name) for name in recipe.validation.refit_splits}
    trained_here = (workspace.train / "model.npz").exists()
    if given is not None or (kept.exists() and not trained_here):
        source = given or kept
        stored = _read_fitting(source, recipe, workspace)
        fixed = _held_to(stored, recipe, dataset, rows, progress, source, max_changed)
        if given is not None:
            write_reference(kept, stored)
        return fixed
    if kept.exists():
        try:
            stored = _read_fitting(kept, recipe, workspace)
            objection = _objection(stored, dataset, rows, map_rows, recipe.validation.splits, kept)
            if not objection or not _computable(workspace):
                return _followed(stored, workspace, dataset, rows, kept)
            progress.say(f"Computing the reference again: the kept one {objection}.")
        except InputError as error:
            progress.say(f"Computing the reference scores again, since the kept ones fail: {error}")
    if not trained_here:
        raise InputError(
            f"{workspace.train / 'model.npz'}: missing; run: edgetag train; or judge by the float "
            "model's scores from where it was trained: edgetag validate --reference FILE"
        )
    try:
        from edgetag.validation import reference
    except MissingExtraError as error:
        raise InputError(
            f"the reference scores must be computed, but {error} Or compute them on another "
            "machine and pass its validate/reference.npz with --reference."
        ) from None
    every = np.concatenate(list(rows.values()))
    stored = reference.compute(recipe, workspace, dataset, every, progress, map_rows)
    write_reference(kept, stored)
    return Reference(stored, kept, rows)


def _read_fitting(path: Path, recipe: Recipe, workspace: Workspace) -> ReferenceScores:
    """Read a reference, and refuse one of another model or contract."""
    stored = read_reference(path)
    weights = workspace.train / "model.npz"
    if weights.exists() and digest_file(weights) != stored.meta.weights_sha256:
        raise InputError(
            f"{path}: these are the scores of another model than {weights} (its SHA-256 differs)"
        )
    if stored.meta.preprocessing != recipe.network.preprocessing().digest():
        raise InputError(f"{path}: its images went through another preprocessing contract")
    return stored


def _held_to(
    stored: ReferenceScores,
    recipe: Recipe,
    dataset: Dataset,
    rows: dict[str, Rows],
    progress: Progress,
    where: Path,
    max_changed: float,
) -> Reference:
    """Refuse or tell what changed since a reference from elsewhere was made."""
    compared = [name for name in rows if stored.known is not None or name in stored.split]
    pictures = compare_pictures(stored, dataset, compared, recipe.validation.min_positives, where)
    for line in require_allowed(pictures, max_changed, where):
        progress.say(f"changed since the reference was made: {line}")
    if not pictures.labels_known:
        progress.say(
            f"note: {where} was made by an older edgetag and knows no labels, so changed ones go "
            "unnoticed; make it again where the model was trained: edgetag validate"
        )
    judged = {
        name: shared_rows(stored, dataset, name) if name in compared else part
        for name, part in rows.items()
    }
    for name in recipe.validation.splits:
        if not len(judged[name]):
            raise InputError(
                f"{where}: it knows none of the {len(rows[name])} pictures of {name} here; make it "
                "anew where the model was trained (edgetag validate), or take "
                f"{name} out of validation.splits"
            )
    return Reference(stored, where, judged, pictures)


def _objection(
    stored: ReferenceScores,
    dataset: Dataset,
    rows: dict[str, Rows],
    map_rows: Rows,
    judged: Sequence[str],
    where: Path,
) -> str:
    """Tell what speaks against the folder's own reference; empty where nothing does.

    Raises:
        InputError: A judged picture has no score, so that it cannot be used at all.
    """
    names = dataset.vocabulary.names
    for name in judged:
        stored.matched(dataset.identities(rows[name]), names, where)
    if stored.meta.made_with != dependencies_of(MAKER).digest:
        return "was made by other code or packages"
    known = set(stored.identities)
    every = np.concatenate(list(rows.values()))
    if not known.issuperset(dataset.identities(every)):
        return "lacks pictures that thresholds are fitted on"
    if len(map_rows) and stored.matched_maps(dataset.identities(map_rows), names) is None:
        return "lacks heat maps"
    return ""


def _followed(
    stored: ReferenceScores,
    workspace: Workspace,
    dataset: Dataset,
    rows: dict[str, Rows],
    kept: Path,
) -> Reference:
    """Keep the folder's own reference in step with its pictures, labels, thresholds and float file.

    Another policy of thresholds chooses them anew for the same weights.
    """
    every = np.concatenate(list(rows.values()))
    identities = tuple(dataset.identities(every))
    if not set(stored.identities).issuperset(identities):
        return Reference(stored, kept, rows)  # of an older edgetag, and it cannot be computed here
    names = dataset.vocabulary.names
    size = fp32_size_bytes(workspace)
    now = replace(
        stored,
        scores=stored.matched(identities, names, kept),
        identities=identities,
        tags=names,
        split=tuple(dataset.manifest["split"][every].to_list()),
        known=known_pictures(dataset, every),
        meta=stored.meta.replace(
            thresholds=read_thresholds(workspace, dataset, stored),
            fp32_size_bytes=size,
            schema_version=stored.meta.SCHEMA,
        ),
        maps=stored.maps
        and replace(stored.maps, maps=stored.maps.maps[..., stored.columns(names, kept)]),
    )
    if not now.same(stored):
        write_reference(kept, now)
    return Reference(now, kept, rows)


def _computable(workspace: Workspace) -> bool:
    """Tell whether the float model can run here; where not, its kept scores are still good."""
    return (workspace.train / "model.npz").exists() and find_spec("tensorflow") is not None
