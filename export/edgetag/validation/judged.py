"""What a file decided picture by picture, as a validated run folder keeps it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgetag.arrays import read_arrays
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.labels import Labels
from edgetag.metrics import Scores
from edgetag.validation.entries import scores_digest
from edgetag.validation.result import VariantVerdict, Verdict
from edgetag.validation.runs import score_file
from edgetag.validation.scores import digest_in_order, images_digest
from edgetag.validation.statistics import Bootstrap
from edgetag.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Judged:
    """A file's scores over the split that decides, with what is known of its pictures.

    Attributes:
        verdict: The whole verdict.
        entry: What it says of the file on its first runtime.
        scores: `[images, tags]`.
        labels: `[images, tags]`.
        group_of: `[images]` group numbers from 0.
    """

    verdict: Verdict
    entry: VariantVerdict
    scores: Scores
    labels: Labels
    group_of: npt.NDArray[np.int64]


def read_judged(workspace: Workspace, variant: str) -> Judged:
    """Read the scores that a verdict is about.

    Raises:
        InputError: The verdict says nothing of the file, or scores or pictures are not those that
            it judged.
    """
    path = workspace.validate / "verdict.json"
    verdict = Verdict.read(path, "validate")
    entry = next((e for e in verdict.variants if e.variant == variant and e.decides), None)
    if entry is None:
        names = ", ".join(verdict.decisions)
        raise InputError(f"{path}: nothing was scored of {variant!r}; it judges: {names}")
    dataset = open_dataset(workspace)
    rows = dataset.rows(verdict.split)
    kept = score_file(workspace, variant, entry.runtime)
    scores = read_arrays(kept).get("scores", np.empty((0, 0), np.float32))[: entry.n_images]
    if scores_digest(scores) != entry.scores_sha256 or dataset.vocabulary.names != verdict.tags:
        raise InputError(f"{kept}: not the scores that {path.name} is about; run: edgetag validate")
    identities, labels = dataset.identities(rows), dataset.labels(rows)
    known = {images_digest(identities), digest_in_order(identities)}  # the latter of older verdicts
    positives = (labels == 1).sum(axis=0).tolist()
    if verdict.images_sha256 not in known or positives != [tag.positives for tag in entry.tags]:
        raise InputError(
            f"{workspace.manifest}: not the pictures and labels that {path.name} is about; run: "
            "edgetag validate"
        )
    group_of = Bootstrap.over(dataset.groups(rows), 0, 0).group_of
    return Judged(verdict, entry, scores, labels, group_of)
