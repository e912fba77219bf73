"""Scores of the user's runner on phones, beside LiteRT's on this machine."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.metrics import Scores, mean_average_precision
from edgetag.phones import runner
from edgetag.phones.device import Phone
from edgetag.phones.result import PhoneScores
from edgetag.phones.store import LocalFile
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, Variant
from edgetag.runtimes import LoadFailure, engines
from edgetag.runtimes import score as score_here
from edgetag.tags import Labels
from edgetag.workspace import Workspace, write_arrays

HOST_ENGINE = "litert"
SILENCE_S = 300.0


@dataclass(frozen=True)
class Scoring:
    """What all phones score.

    Attributes:
        runner: The user's.
        images: As a file, `[n, size, size, 3]` uint8.
        labels: `[n, tags]`.
        identities: `[n]` what names each image.
        contract: How pixels become input.
        min_positives: A tag with fewer is not scored.
        host: Variant → scores `[n, tags]` of LiteRT on this machine.
    """

    runner: LocalFile
    images: LocalFile
    labels: Labels
    identities: tuple[str, ...]
    contract: Preprocessing
    min_positives: int
    host: dict[Variant, Scores]


def prepare(
    recipe: Recipe,
    workspace: Workspace,
    runner_path: Path,
    images: int,
    files: tuple[tuple[ExportedVariant, LocalFile], ...],
    folder: Path,
) -> Scoring:
    """Write the images that phones are to score, and score them here.

    Args:
        recipe: Names the split that decides.
        workspace: Has the image cache and the files.
        runner_path: The user's runner.
        images: At most so many, evenly spread over the split.
        files: The exported files.
        folder: For the images; it must outlive the visits.

    Raises:
        InputError: Something is missing, or LiteRT does not run a file.
    """
    found = runner.find_runner(runner_path)
    dataset = open_dataset(workspace)
    contract = recipe.network.preprocessing()
    rows = dataset.rows(recipe.validation.splits[0])
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(images, len(rows))).astype(np.int64))]
    host: dict[Variant, Scores] = {}
    with SilentProgress().track("", None) as task:
        for variant, file in files:
            outcome = score_here(
                engines.get(HOST_ENGINE), file.path, workspace.cache, rows, contract, 1, task,
                SILENCE_S,
            )  # fmt: skip
            if isinstance(outcome, LoadFailure):
                raise InputError(f"{variant.variant} on this machine's LiteRT: {outcome.reason}")
            host[variant.variant] = outcome.scores
    return Scoring(
        runner=found,
        images=runner.write_images(dataset.images(rows), folder),
        labels=dataset.labels(rows),
        identities=tuple(dataset.identities(rows)),
        contract=contract,
        min_positives=recipe.validation.min_positives,
        host=host,
    )


def measure(
    phone: Phone,
    model: LocalFile,
    variant: ExportedVariant,
    scoring: Scoring,
    workspace: Workspace,
) -> PhoneScores:
    """Score one file on one phone, keep the scores and compare them with the host's.

    Raises:
        PhoneError: The phone is gone, or the runner fails.
    """
    host = scoring.host[variant.variant]
    shape = (host.shape[0], host.shape[1])
    found = runner.score(phone, scoring.runner, model, scoring.images, shape, scoring.contract)
    path = workspace.bench / "phones" / f"{variant.variant}.{phone.listed.id}.npz"
    write_arrays(
        path,
        {"scores": found.scores, "identities": np.array(scoring.identities, dtype=np.str_)},
    )
    difference = np.abs(found.scores - host)
    return PhoneScores(
        phone=phone.listed.id,
        variant=variant.variant,
        sha256=model.sha256,
        runner_sha256=scoring.runner.sha256,
        file=workspace.relative(path),
        images=shape[0],
        seconds=found.seconds,
        map=_map(found.scores, scoring),
        host_map=_map(host, scoring),
        max_difference=float(difference.max()),
        mean_difference=float(difference.mean()),
    )


def _map(scores: Scores, scoring: Scoring) -> float | None:
    value = mean_average_precision(scores, scoring.labels, scoring.min_positives)
    return None if math.isnan(value) else value
