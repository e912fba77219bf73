"""The one way to score a file on a target, and what all files are scored on."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from edgetag.contract import Preprocessing
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import Rows, open_dataset
from edgetag.progress import Task
from edgetag.recipe import Recipe
from edgetag.runtimes import Engine, FailureKind, LoadFailure, ScoreRun, score
from edgetag.workspace import Workspace

Outcome = ScoreRun | LoadFailure


E = TypeVar("E", bound=Engine)


@dataclass(frozen=True)
class Job(Generic[E]):
    """One file to run on one engine.

    `rows` are `[n]` rows of the image cache.
    """

    file: ExportedVariant
    path: Path
    engine: E
    rows: Rows

    @property
    def name(self) -> str:
        """What people are told that it is."""
        return f"{self.file.variant} on {self.engine.name}"


@dataclass(frozen=True)
class Pictures:
    """Images of the split that decides.

    `rows` are `[n]` rows of the cache. A file must give a score for each of the tags, or any
    number where there are none. `limit_s` is the longest silence of a runtime, None for its
    own; when `cancelled` is set, what is scored or counted is given up.
    """

    cache: Path
    rows: Rows
    contract: Preprocessing
    split: str = ""
    tags: tuple[str, ...] = ()
    limit_s: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def score(self, job: Job[E], task: Task | None = None) -> Outcome:
        """Score a job's file on one thread of its engine.

        Args:
            job: Its rows are some of these pictures.
            task: Told how many are done.

        Raises:
            InputError: The image cache is damaged.
        """
        outcome = score(
            job.engine,
            job.path,
            self.cache,
            job.rows,
            self.contract,
            task=task,
            timeout_s=self.limit_s,
            cancelled=self.cancelled,
        )
        tags = len(self.tags)
        if tags and isinstance(outcome, ScoreRun) and outcome.scores.shape[1] != tags:
            reason = f"it gives {outcome.scores.shape[1]} scores, but there are {tags} tags"
            return LoadFailure(FailureKind.WRONG_OUTPUT, reason)
        return outcome


def read_pictures(recipe: Recipe, workspace: Workspace) -> Pictures:
    """Return all images of the split that decides.

    Raises:
        InputError: There is no data, or the split has no image.
    """
    dataset, split = open_dataset(workspace), recipe.validation.splits[0]
    return Pictures(
        workspace.cache,
        dataset.rows(split),
        recipe.network.preprocessing(),
        split,
        dataset.vocabulary.names,
        recipe.targets.time_limit_s,
    )
