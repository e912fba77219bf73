"""What waits for no pruning is made beside it, in a process of its own.

Training keeps about three quarters of two cores busy, and preparing it one. Variants of dense
weights do not wait for pruned ones: while those are pruned, and then trained quantization-aware,
the others are trained and exported. The process leaves what the stages `quantize` and `export`
would have left, file by file, and they find it as after a kill. Where it ends early they do its
work.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from edgetag.catalogue.variants import VARIANTS
from edgetag.children import on_host
from edgetag.machine import cores
from edgetag.pool import open_pool
from edgetag.proc import free_memory_bytes
from edgetag.process import Failure, run_job
from edgetag.progress import Progress, format_seconds
from edgetag.recipe import Recipe
from edgetag.workspace import StageRecord, Workspace

WORKER = "edgetag.ahead_worker"

WORTH_S = 60.0
"""Seconds that training took: after a shorter one the start of TensorFlow, 8 s of a core, and the
memory of a second process buy little."""

MEMORY = 2.0
"""Peaks of the training that must be free: the process needs about one, and this one grows."""

SILENCE_S = 86_400.0
"""It tells little, and works until it is done."""


@dataclass(frozen=True, kw_only=True)
class AheadJob:
    """What to make.

    Attributes:
        recipe: The values of a recipe, as `resolved_recipe` takes them.
        root: The run folder, which the process that gives the job holds.
        trained: Variants to train quantization-aware,
        exported: and those to export then.
    """

    recipe: dict[str, Any]
    root: Path
    trained: tuple[str, ...]
    exported: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Said:
    """A line that a stage said."""

    event: Literal["said"] = "said"
    text: str


@dataclass(frozen=True, kw_only=True)
class Trained:
    """All of `trained` is."""

    event: Literal["trained"] = "trained"


@dataclass(frozen=True, kw_only=True)
class Made:
    """The job is done; the peak is the process's memory."""

    event: Literal["made"] = "made"
    peak_memory_bytes: int


Event = Said | Trained | Made
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def job_of(recipe: Recipe, workspace: Workspace) -> AheadJob | None:
    """Return what waits for no pruning, None where a recipe has nothing to do on either side."""
    variants = recipe.export.variants
    waiting = {"prune", "narrow"}
    free = tuple(name for name in variants if not waiting & set(VARIANTS[name].trained_by))
    trained = tuple(name for name in free if "quantize" in VARIANTS[name].trained_by)
    if len(free) == len(variants) or not trained:
        return None
    values = recipe.model_dump(mode="json")
    return AheadJob(recipe=values, root=workspace.root, trained=trained, exported=free)


def is_worth_it(train: StageRecord) -> bool:
    """Tell whether a second process saves time, and has room, after a training like this."""
    free = free_memory_bytes()
    return (
        train.wall_s >= WORTH_S
        and cores() > 1
        and (free is None or free >= MEMORY * train.peak_memory_bytes)
        and not Path("/dev/nvidia0").exists()  # a GPU's memory is all taken by one process
    )


class Beside:
    """The process at work beside the stages, if there is one; nothing happens until `start`."""

    def __init__(
        self, pool: ThreadPoolExecutor, cancelled: threading.Event, progress: Progress
    ) -> None:
        self._pool = pool
        self._cancelled = cancelled
        self._progress = progress
        self._changed = threading.Event()
        self._said: list[str] = []
        self._peak_bytes = 0
        self._began = 0.0
        self._work: Future[Failure | None] | None = None

    def start(self, job: AheadJob) -> None:
        """Start on a job; what it says is kept until it is waited for."""
        self._progress.say(
            f"beside, in a process of its own: training {', '.join(job.trained)}; files of "
            f"{', '.join(job.exported)}"
        )
        self._began = time.monotonic()
        self._work = self._pool.submit(
            run_job,
            lambda file: on_host(WORKER, file),
            job,
            EVENT,
            self._hear,
            SILENCE_S,
            self._cancelled,
        )
        self._work.add_done_callback(lambda _: self._changed.set())

    def wait_for_training(self) -> None:
        """Wait until its training is done, or it has ended."""
        if self._work is not None:
            self._changed.wait()
            self._tell()

    def wait(self) -> None:
        """Wait until it has ended; say what it took, or why the rest is done here."""
        if self._work is None:
            return
        failure, self._work = self._work.result(), None
        self._tell()
        if failure is not None:
            self._progress.say(f"{failure.while_doing('working beside')}; the rest is done here")
            return
        self._progress.say(
            f"beside: done in {format_seconds(time.monotonic() - self._began)} with "
            f"{self._peak_bytes / 1e9:.1f} GB of memory of its own"
        )

    def _hear(self, event: Event) -> None:
        match event:
            case Said(text=text):
                self._said.append(text)
            case Trained():
                self._changed.set()
            case Made(peak_memory_bytes=peak):
                self._peak_bytes = peak

    def _tell(self) -> None:
        while self._said:
            self._progress.say(self._said.pop(0))


@contextmanager
def beside(progress: Progress) -> Iterator[Beside]:
    """Open a place for one process beside; where the block is left early it is ended."""
    cancelled = threading.Event()
    with open_pool(1, cancelled) as pool:
        yield Beside(pool, cancelled, progress)
