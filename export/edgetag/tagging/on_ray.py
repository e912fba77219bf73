"""The rows of a batch, computed by the workers of a Ray cluster, or of one on this machine.

Each worker is an actor with the model in it. It is proved there, and must have the same versions
of edgetag and the runtime as the command. Ray starts a lost worker anew and asks it again; a row
reaches the command once, and only the command writes. Actors are asked in turn and answered for in
that order. Ray Data would need pyarrow, whose newest wheels want numpy 2, against our pins.
"""

import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from itertools import cycle
from pathlib import Path
from types import FrameType
from typing import Any

from edgetag.errors import InputError, MissingExtraError, one_line
from edgetag.machine import cores
from edgetag.scratch import scratch_folder
from edgetag.tagging.engines import Engine, row_of
from edgetag.tagging.errors import BundleError
from edgetag.tagging.listing import Content, Listed
from edgetag.tagging.parts import Row
from edgetag.tagging.tagger import Tagger

CHUNK = 32
"""Pictures of one call: what a lost worker computes again."""

CHUNK_BYTES = 32_000_000
"""Bytes of one call, from archives: those are read by the command."""

AHEAD = 2
"""Calls that wait for each worker."""

TRIES = 4
"""Calls that lose their worker so often are given up: a picture of them may crash the runtime."""

STARTS = 5
SLOW = "timed out during startup"
"""What Ray says where it has not started within 30 seconds, which nobody can prolong: on a busy
machine it is started again, so often in all."""

STORE_BYTES = 500_000_000
"""Shared memory of a cluster on this machine, which holds the model and what waits."""


class Worker:
    """What runs on the cluster; begun anew, it fetches the model anew."""

    def __init__(self) -> None:
        self._tagger: Tagger | None = None

    def rows(
        self, sent: Sequence[Any], settings: Mapping[str, object], contents: Sequence[Content]
    ) -> list[Row]:
        """Return the rows of pictures, in their order.

        Args:
            sent: The reference to the tagger; within a list Ray leaves it to be fetched once.
            settings: What it must have here.
            contents: Of the pictures.

        Raises:
            InputError: The worker has other versions than the command.
            BundleError: The model fails, or does not give its golden scores here.
        """
        tagger = self._tagger or self._fetched(sent[0], settings)
        return [row_of(tagger, content, lambda _: None) for content in contents]

    def _fetched(self, sent: Any, settings: Mapping[str, object]) -> Tagger:
        # Where Ray itself unpickles, it makes another error of one that says what is wrong.
        tagger: Tagger = pickle.loads(_ray().get(sent))  # noqa: S301 - the command's own
        require_same(tagger.settings(), settings)
        self._tagger = tagger
        return tagger


def require_same(there: Mapping[str, object], here: Mapping[str, object]) -> None:
    """Refuse a worker with another version of edgetag or a runtime than the command has.

    Raises:
        InputError: It has, and which.
    """
    if other := {name: value for name, value in there.items() if value != here.get(name)}:
        raise InputError(
            f"a worker of the cluster has {other}; install the same versions everywhere"
        )


def ray_engine(workers: int | None) -> Engine:
    """Return the engine.

    Args:
        workers: Actors, with a processor each; default: as many as the cluster has.

    Raises:
        MissingExtraError: Ray is not installed.
    """
    ray = _ray()

    def on_ray(
        tagger: Tagger, coming: Iterable[tuple[Listed, Content]], _: object
    ) -> Iterator[tuple[Listed, Row]]:
        with _cluster(ray, workers):
            count = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
            sent, settings = [ray.put(pickle.dumps(tagger))], tagger.settings()
            worker = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=TRIES - 1)(Worker)
            actors = [worker.remote() for _ in range(count)]
            waiting: deque[tuple[list[Listed], Any]] = deque()
            for actor, (pictures, contents) in zip(cycle(actors), _chunks(coming), strict=False):
                waiting.append((pictures, actor.rows.remote(sent, settings, contents)))
                if len(waiting) >= AHEAD * count:
                    yield from _answer(ray, *waiting.popleft())
            while waiting:
                yield from _answer(ray, *waiting.popleft())

    return on_ray


def _ray() -> Any:
    # Read when Ray is imported; nothing is told to anybody.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise MissingExtraError("ray", "cluster") from None
    try:
        import pyarrow  # noqa: F401 - Ray takes it where it is
    except ModuleNotFoundError:
        pass
    except ImportError as error:
        raise InputError(
            f"pyarrow is installed here but cannot be used, and so Ray cannot: {error}; mend it, "
            "or take it away with: pip uninstall pyarrow"
        ) from None
    return ray


@contextmanager
def _cluster(ray: Any, workers: int | None) -> Iterator[None]:
    """Connect to the cluster that RAY_ADDRESS names, or start one here for the block."""
    with scratch_folder() as folder:
        here = {
            "num_cpus": workers or cores(),
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
            "_temp_dir": str(folder),
        }
        named = os.environ.get("RAY_ADDRESS")
        # Ray tells of lost workers on stdout, where results belong; some of it when it ends.
        with redirect_stdout(sys.stderr):
            try:
                with _interrupt_kept():
                    _begin(ray, {} if named else here, named or "a Ray cluster on this machine")
                yield
            finally:
                ray.shutdown()
                _end_what_is_left(folder)


def _begin(ray: Any, options: Mapping[str, object], name: str) -> None:
    for left in reversed(range(STARTS)):
        try:
            ray.init(log_to_driver=False, logging_level="error", **options)
            return
        except Exception as error:  # Ray raises errors of many kinds
            ray.shutdown()
            if SLOW not in str(error) or not left:
                # Ray's own error says that it failed, the last line of the one behind it why.
                behind = str(error.__context__ or "").strip().splitlines()
                reason = one_line(": ".join([str(error), *behind[-1:]]))
                raise InputError(f"{name}: cannot be used: {reason}") from None


@contextmanager
def _interrupt_kept() -> Iterator[None]:
    """Interrupt again after the block where its code has swallowed a Ctrl-C, as Ray's can."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield
        return
    came = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        handler(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if came:
        signal.raise_signal(signal.SIGINT)


def _end_what_is_left(folder: Path) -> None:
    """End processes that write below a folder: Ray leaves some where it is interrupted early."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            files = [os.readlink(file) for file in (process / "fd").iterdir()]  # noqa: PTH115
            number = int(process.name)
            if number != os.getpid() and any(file.startswith(f"{folder}/") for file in files):
                os.kill(number, signal.SIGKILL)
        except OSError:
            continue  # it has just ended, or is another user's


def _chunks(
    coming: Iterable[tuple[Listed, Content]],
) -> Iterator[tuple[list[Listed], list[Content]]]:
    pictures: list[Listed] = []
    contents: list[Content] = []
    size = 0
    for picture, content in coming:
        pictures.append(picture)
        contents.append(content)
        size += len(content) if isinstance(content, bytes) else 0
        if len(pictures) == CHUNK or size > CHUNK_BYTES:
            yield pictures, contents
            pictures, contents, size = [], [], 0
    if pictures:
        yield pictures, contents


def _answer(ray: Any, pictures: Sequence[Listed], call: Any) -> Iterator[tuple[Listed, Row]]:
    try:
        rows = ray.get(call)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, InputError):
            raise error.cause from None
        raise
    except ray.exceptions.RayActorError as error:
        raise BundleError(
            f"the worker was lost {TRIES} times between {pictures[0].name} and "
            f"{pictures[-1].name}: {one_line(str(error))}"
        ) from None
    yield from zip(pictures, rows, strict=True)
