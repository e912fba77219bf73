"""Scores made on phones, beside LiteRT's on this machine."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgetag.arrays import write_array, write_arrays
from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.dataset import Dataset, Rows, open_dataset
from edgetag.errors import InputError
from edgetag.labels import Labels
from edgetag.metrics import Scores, mean_average_precision
from edgetag.phones import runner
from edgetag.phones.figures import AppEngineRecord, PhoneScores
from edgetag.phones.instrument import App
from edgetag.phones.job import RunsOn
from edgetag.phones.phone import Phone
from edgetag.phones.store import LocalFile, ModelFile, put
from edgetag.phones.work import Work
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.recipe import Recipe, Variant
from edgetag.runtimes import LoadFailure, engines, score
from edgetag.sampling import spread
from edgetag.workspace import Workspace


@dataclass(frozen=True)
class Truth:
    """What scores of a phone are held against.

    Tags are in the order of the scores, labels `[n, tags]`, identities what names each image;
    `host` has `[n, tags]` scores of LiteRT here, by variant.
    """

    tags: tuple[str, ...]
    labels: Labels
    identities: tuple[str, ...]
    min_positives: int
    host: dict[Variant, Scores]


@dataclass(frozen=True)
class Scoring:
    """What all phones score, and with what.

    Without `runner` only the app scores, and the reverse. `images` are `[n, size, size, 3]`
    uint8 as a file, `first` the first of them alone, for timing.
    """

    runner: LocalFile | None
    app: App | None
    images: LocalFile
    first: LocalFile
    contract: Preprocessing
    truth: Truth


def prepare(
    recipe: Recipe,
    workspace: Workspace,
    runner_file: LocalFile | None,
    app: App | None,
    images: int,
    files: tuple[ModelFile, ...],
    folder: Path,
) -> Scoring:
    """Write the images that phones are to score, and score them here.

    At most `images` of the split that decides, evenly spread, go into `folder`, which must
    outlive the visits.

    Raises:
        InputError: Something is missing, or LiteRT does not run a file.
    """
    dataset = open_dataset(workspace)
    rows = spread(dataset.rows(recipe.validation.splits[0]), images)
    pixels = dataset.images(rows)
    return Scoring(
        runner=runner_file,
        app=app,
        images=_as_file(pixels, folder / "images.npy"),
        first=_as_file(pixels[:1], folder / "first.npy"),
        contract=recipe.network.preprocessing(),
        truth=truth_of(recipe, workspace, dataset, rows, files),
    )


def _as_file(pixels: Pixels, path: Path) -> LocalFile:
    write_array(path, pixels)
    return LocalFile.of(path, "npy")


def truth_of(
    recipe: Recipe,
    workspace: Workspace,
    dataset: Dataset,
    rows: Rows,
    files: tuple[ModelFile, ...],
) -> Truth:
    """Return labels of rows, and their scores on this machine.

    Raises:
        InputError: LiteRT does not run a file.
    """
    return Truth(
        tags=dataset.vocabulary.names,
        labels=dataset.labels(rows),
        identities=tuple(dataset.identities(rows)),
        min_positives=recipe.validation.min_positives,
        host=_scores_here(recipe, workspace, rows, files),
    )


def _scores_here(
    recipe: Recipe,
    workspace: Workspace,
    rows: Rows,
    files: tuple[ModelFile, ...],
) -> dict[Variant, Scores]:
    engine, contract = engines.get(DEFAULT_ENGINE), recipe.network.preprocessing()
    host: dict[Variant, Scores] = {}
    for file in files:
        outcome = score(engine, file.path, workspace.cache, rows, contract)
        if isinstance(outcome, LoadFailure):
            raise InputError(f"{file.variant} on this machine's LiteRT: {outcome.reason}")
        host[file.variant] = outcome.scores
    return host


@dataclass
class RunnerScoring(Work):
    """One file scored by the user's runner, after all timing."""

    runner: LocalFile
    scoring: Scoring
    workspace: Workspace
    _record: PhoneScores | None = None

    def after_rounds(self, phone: Phone) -> None:
        """Score all images."""
        put(phone, self.model)
        truth = self.scoring.truth
        images = len(truth.identities)
        scores, seconds = runner.score(
            phone,
            self.runner,
            self.model,
            self.scoring.images,
            (images, len(truth.tags)),
            self.scoring.contract,
            self.settings.runs_on,
        )
        self._record = compare(
            scores,
            range(images),
            self.model,
            truth,
            self.workspace,
            self.phone,
            seconds=seconds,
            runner_sha256=self.runner.sha256,
            asked_for=self.settings.runs_on,
        )

    def record(self) -> PhoneScores | None:
        """Return the scores, None where there are none."""
        return self._record


def compare(
    scores: Scores,
    places: Sequence[int],
    model: ModelFile,
    truth: Truth,
    workspace: Workspace,
    phone: str,
    *,
    seconds: float | None,
    runner_sha256: str | None = None,
    asked_for: RunsOn | None = None,
    engine: AppEngineRecord | None = None,
) -> PhoneScores:
    """Keep a phone's scores and compare them with the host's.

    `scores` are `[n, tags]` of the images at `places` of `truth`: those that have scores.
    `seconds` is the time on the phone; `runner_sha256`, with what it was asked to run on, or
    `engine` says what made them.
    """
    chosen = np.asarray(places, dtype=np.int64)
    host, labels = truth.host[model.variant][chosen], truth.labels[chosen]
    made_by = "app" if runner_sha256 is None else "runner"
    path = workspace.bench / "phones" / f"{model.variant}.{phone}.{made_by}.npz"
    identities = np.array([truth.identities[place] for place in places], dtype=np.str_)
    write_arrays(path, {"scores": scores, "identities": identities})
    difference = np.abs(scores - host)
    return PhoneScores(
        phone=phone,
        variant=model.variant,
        sha256=model.sha256,
        runner_sha256=runner_sha256,
        file=workspace.relative(path),
        images=len(chosen),
        lacking=len(truth.identities) - len(chosen),
        seconds=seconds,
        map=_map(scores, labels, truth.min_positives),
        host_map=_map(host, labels, truth.min_positives),
        max_difference=float(difference.max()),
        mean_difference=float(difference.mean()),
        engine=engine,
        asked_for=asked_for,
    )


def _map(scores: Scores, labels: Labels, min_positives: int) -> float | None:
    value = mean_average_precision(scores, labels, min_positives)
    return None if math.isnan(value) else value
