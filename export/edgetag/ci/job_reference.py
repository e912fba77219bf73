"""The reference of a CI job: scores, labels and names of the pictures in its folder alone."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgetag.errors import InputError
from edgetag.validation.pictures import first_of_each
from edgetag.validation.scores import KnownPictures, ReferenceScores, read_reference


def job_reference(path: Path, names: Mapping[str, str]) -> ReferenceScores:
    """Read a run's reference and name its pictures as the folder does.

    Args:
        path: The run's file.
        names: Identity of each picture in the folder → its file's name there.

    Raises:
        InputError: It is missing, damaged, or knows no labels, so that changed ones would go
            unnoticed.
    """
    reference = read_reference(path)
    known = reference.known
    if known is None:
        raise InputError(
            f"{path}: made by an older edgetag, it knows no labels, and a job would not notice "
            "changed ones; run: edgetag validate"
        )
    rows = np.flatnonzero([identity in names for identity in reference.identities])
    identities = tuple(reference.identities[row] for row in rows)
    return replace(
        reference,
        scores=reference.scores[rows],
        identities=identities,
        split=tuple(reference.split[row] for row in rows),
        known=KnownPictures(
            known.labels[rows],
            tuple(names[row_identity] for row_identity in identities),
            None if known.groups is None else first_of_each(known.groups[rows]),
        ),
    )
