"""What a file decided picture by picture, as a validated run folder keeps it."""

from dataclasses import dataclass
from itertools import takewhile

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
    """A file's scores over a split, with what is known of its pictures.

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


def read_judged(workspace: Workspace, variant: str, split: str | None = None) -> Judged:
    """Read the scores that a verdict is about, over a split; default: the one that decides.

    Raises:
        InputError: The verdict says nothing of the file, or scores or pictures are not those that
            it judged.
    """
    path = workspace.validate / "verdict.json"
    verdict = Verdict.read(path, "validate")
    named = [e for e in verdict.variants if e.variant == variant]
    deciding = next((e for e in named if e.decides), None)
    runs = [e for e in named if deciding and e.runtime == deciding.runtime]
    entry = next((e for e in runs if e.split == split), None) if split else deciding
    if entry is None:
        names = ", ".join(verdict.decisions)
        over = f" over {split}" if split else ""
        raise InputError(f"{path}: nothing was scored of {variant!r}{over}; it judges: {names}")
    dataset = open_dataset(workspace)
    rows = dataset.rows(entry.split)
    kept = score_file(workspace, variant, entry.runtime)
    # Splits lie one behind the other, in the order of the verdict.
    start = sum(e.n_images for e in takewhile(lambda e: e is not entry, runs))
    every = read_arrays(kept).get("scores", np.empty((0, 0), np.float32))
    scores = every[start : start + entry.n_images]
    if scores_digest(scores) != entry.scores_sha256 or dataset.vocabulary.names != verdict.tags:
        raise InputError(f"{kept}: not the scores that {path.name} is about; run: edgetag validate")
    identities, labels = dataset.identities(rows), dataset.labels(rows)
    known = {images_digest(identities), digest_in_order(identities)}  # the latter of older verdicts
    counts = [(labels == label).sum(axis=0).tolist() for label in (1, 0)]
    judged = [[tag.positives for tag in entry.tags], [tag.negatives for tag in entry.tags]]
    same = not entry.decides or verdict.images_sha256 in known
    if not same or len(rows) != entry.n_images or counts != judged:
        raise InputError(
            f"{workspace.manifest}: not the pictures and labels that {path.name} is about; run: "
            "edgetag validate"
        )
    group_of = Bootstrap.over(dataset.groups(rows), 0, 0).group_of
    return Judged(verdict, entry, scores, labels, group_of)
