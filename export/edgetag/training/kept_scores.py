"""Scores of the validation split by one file of weights, kept so that no stage makes them again.

Training scores its best weights to choose thresholds, pruning and quantization-aware training
compare with the same scores: each time the graph would be built anew, which takes longer than the
scoring. What is kept says what it follows from, and anything else is made anew.
"""

from pathlib import Path

import numpy as np

from edgetag.arrays import read_arrays, write_arrays
from edgetag.dataset import Dataset
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.workspace import Workspace, digest_file, digest_json

FOLDER = "validation-scores"
"""Beside the weights: a file of each, of the same name. Each weights' own, and in a folder of their
own, since any stage may score them, and what `*.npz` beside them finds must stay as it was left."""

MAKER = "edgetag.networks.scoring"


def scores_file(weights: Path) -> Path:
    """Return where the scores by a file of weights are kept."""
    return weights.parent / FOLDER / weights.name


def keep_scores(weights: Path, workspace: Workspace, dataset: Dataset, scores: Scores) -> None:
    """Keep the scores `[images, tags]` of the validation split beside the weights."""
    basis = np.array(_basis(weights, workspace, dataset))
    write_arrays(scores_file(weights), {"scores": scores, "basis": basis})


def kept_scores(weights: Path, workspace: Workspace, dataset: Dataset) -> Scores | None:
    """Return what `keep_scores` kept, None where it is not there or is of anything else."""
    try:
        kept = read_arrays(scores_file(weights))
    except InputError:
        return None  # never made, or damaged: it is made anew
    if str(kept.get("basis")) != _basis(weights, workspace, dataset):
        return None
    scores: Scores = kept["scores"]
    return scores


def _basis(weights: Path, workspace: Workspace, dataset: Dataset) -> str:
    return digest_json(
        {
            "weights": digest_file(weights),
            "manifest": digest_file(workspace.manifest),
            "images": dataset.cache.shards.fingerprint,
            "made with": dependencies_of(MAKER).digest,
        }
    )
