"""Makes a file of reference scores by an engine of the user's choice, on a device of theirs.

`edgetag validate --reference` judges by it, here or elsewhere. The reference that a run folder
keeps for itself is TensorFlow's.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgetag.catalogue.desktop import DESKTOP
from edgetag.conversion.exported import exported_path, read_exported
from edgetag.dataset import Dataset, Rows, open_dataset
from edgetag.dependencies import dependencies_of
from edgetag.desktop.availability import missing, require_device
from edgetag.desktop.job import FloatModel
from edgetag.desktop.scoring import BATCH, score
from edgetag.errors import InputError
from edgetag.metrics import logit_rmse
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.sampling import spread
from edgetag.training.result import trained_thresholds
from edgetag.validation.desktop_reference_result import DesktopReference, KeptReference
from edgetag.validation.heat_maps import MOST_IMAGES
from edgetag.validation.inputs import fp32_size_bytes
from edgetag.validation.pictures import known_pictures, rows_if_any
from edgetag.validation.scores import (
    NO_ROWS,
    ReferenceMeta,
    ReferenceScores,
    read_reference,
    write_reference,
)
from edgetag.workspace import Workspace, digest_file


@dataclass(frozen=True)
class Asked:
    """What computes a reference.

    Attributes:
        engine: A name of `catalogue.desktop`.
        device: `cpu`, or `cuda:` and a number; empty takes the first GPU where there is one.
        tf32: Whether a GPU may round factors of products.
    """

    engine: str
    device: str = ""
    tf32: bool = False


def make_reference(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    asked: Asked,
    save: Path | None = None,
) -> DesktopReference:
    """Score the judged splits, and those that thresholds are fitted on, by an engine.

    Args:
        recipe: Names splits, network and tags.
        workspace: Holds the data, and what the engine opens: weights, or the ONNX file.
        progress: Is told of images.
        asked: By what.
        save: The file; default: `validate/reference-ENGINE.npz` in the run folder.

    Returns:
        What was made, and how far it is from the reference that the run folder keeps.

    Raises:
        InputError: The engine or the device is not here, or what it opens is missing, has changed,
            or is of other weights.
    """
    require_device(asked.device)
    if reason := missing(asked.engine):
        raise InputError(f"--engine {asked.engine}: {reason}")
    dataset = open_dataset(workspace, recipe.network.input_size)
    splits = dict.fromkeys((*recipe.validation.splits, *recipe.validation.refit_splits))
    rows = np.concatenate(
        [
            dataset.rows(name) if name in recipe.validation.splits else rows_if_any(dataset, name)
            for name in splits
        ]
    )
    takes_weights = DESKTOP[asked.engine].takes == "weights"
    compute = _by_tensorflow if takes_weights else _by_onnx
    made = compute(recipe, workspace, dataset, rows, progress, asked)
    file = save or workspace.validate / f"reference-{asked.engine}.npz"
    kept = _beside(made, workspace, dataset, rows)  # before `save` may take its place
    write_reference(file, made)
    return DesktopReference.like(
        made.meta,
        schema_version=DesktopReference.SCHEMA,
        file=str(file),
        images=len(made.scores),
        kept=kept,
    )


def _by_tensorflow(
    recipe: Recipe,
    workspace: Workspace,
    dataset: Dataset,
    rows: Rows,
    progress: Progress,
    asked: Asked,
) -> ReferenceScores:
    from edgetag.desktop.tensorflow import use_device
    from edgetag.validation import reference

    use_device(asked.device)
    deciding = dataset.rows(recipe.validation.splits[0])
    map_rows = spread(deciding, MOST_IMAGES) if recipe.export.explain else NO_ROWS
    return reference.compute(
        recipe, workspace, dataset, rows, progress, map_rows, asked.tf32, asked.device
    )


def _by_onnx(
    recipe: Recipe,
    workspace: Workspace,
    dataset: Dataset,
    rows: Rows,
    progress: Progress,
    asked: Asked,
) -> ReferenceScores:
    exported, weights = read_exported(workspace).onnx, workspace.train / "model.npz"
    if exported is None:
        raise InputError(
            f"{exported_path(workspace)}: it lists no ONNX file, which {asked.engine} opens; write "
            "onnx = true below [export] and run: edgetag export"
        )
    file = workspace.verified_file(exported.file, exported.sha256, "run: edgetag export")
    if weights.exists() and digest_file(weights) != exported.trained_sha256:
        raise InputError(
            f"{file}: it was made from other weights than {weights}; run: edgetag export"
        )
    contract, names = recipe.network.preprocessing(), dataset.vocabulary.names
    thresholds = trained_thresholds(workspace, names)
    model = FloatModel(
        engine=asked.engine,
        file=file.resolve(),
        network=recipe.network.model_dump(mode="json"),
        tags=len(names),
        device=asked.device,
        tf32=asked.tf32,
    )
    scored = score(model, workspace.cache, rows, contract, progress)
    return ReferenceScores(
        scores=scored.scores,
        identities=tuple(dataset.identities(rows)),
        tags=names,
        split=tuple(dataset.manifest["split"][rows].to_list()),
        meta=ReferenceMeta(
            engine=DESKTOP[asked.engine].title,
            device=scored.place.device,
            versions=scored.place.versions,
            weights_sha256=exported.trained_sha256,
            preprocessing=contract.digest(),
            made_with=dependencies_of("edgetag.desktop.scorer").digest,
            thresholds=thresholds,
            fp32_size_bytes=fp32_size_bytes(workspace),
            driver=scored.place.driver,
            precision="float32",
            tf32=asked.tf32,
            batch=BATCH,
            model_sha256=exported.sha256,
            accelerator=scored.place.accelerator,
        ),
        known=known_pictures(dataset, rows),
    )


def _beside(
    made: ReferenceScores,
    workspace: Workspace,
    dataset: Dataset,
    rows: Rows,
) -> KeptReference | None:
    """Compare with the reference that the run folder keeps, over the pictures that both have."""
    file = workspace.validate / "reference.npz"
    if not file.exists():
        return None
    kept = read_reference(file)
    if kept.meta.weights_sha256 != made.meta.weights_sha256:
        return None
    names, known = dataset.vocabulary.names, set(kept.identities)
    both = np.array([identity in known for identity in made.identities])
    if not both.any():
        return None
    mine = made.scores[both]
    its = kept.matched(dataset.identities(rows[both]), names, file)
    limits = np.array([made.meta.thresholds[name] for name in names], dtype=np.float32)
    return KeptReference(
        engine=kept.meta.engine,
        device=kept.meta.device,
        accelerator=kept.meta.accelerator,
        images=len(mine),
        max_difference=float(np.abs(mine - its).max()),
        logit_rmse=logit_rmse(its, mine),
        flips=int(((mine >= limits) != (its >= limits)).sum()),
        decisions=mine.size,
    )
