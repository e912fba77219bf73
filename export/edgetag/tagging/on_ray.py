"""The rows of a batch, computed through Ray Data by a cluster, or by one on this machine.

Each worker has the model in it. It is proved there, and must have the same versions of edgetag and
the runtime as the command. Ray starts a lost worker anew and computes its pictures again; their
order is kept, a row reaches the command once, and only the command writes.
"""

import logging
import pickle
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from edgetag.errors import InputError
from edgetag.tagging.engines import Engine, row_of
from edgetag.tagging.errors import BundleError
from edgetag.tagging.listing import Content, Listed
from edgetag.tagging.parts import Row
from edgetag.tagging.ray_cluster import open_cluster, require_ray
from edgetag.tagging.tagger import Tagger

CHUNK = 128
"""Most pictures of one call: what a lost worker computes again."""

WAVE = 50_000
WAVE_BYTES = 200_000_000
"""Pictures of one data set of Ray's, and their bytes where they are from archives, since those are
read by the command. The next data set loads the model anew."""

AHEAD = 2
"""Calls that wait for each worker."""

TRIES = 4
"""Calls that lose their worker so often are given up: a picture of them may crash the runtime."""


class Worker:
    """What runs on the cluster.

    Args:
        sent: The tagger, pickled: where Ray itself unpickles, it makes another error of one that
            says what is wrong.
        settings: What it must have here.
    """

    def __init__(self, sent: bytes, settings: Mapping[str, object]) -> None:
        self._sent, self._settings = sent, settings
        self._tagger: Tagger | None = None

    def __call__(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """Return the rows of a call's pictures, in their order, or what failed."""
        made: list[Row] | Exception
        try:
            tagger = self._tagger or self._opened()
            contents = pickle.loads(call["contents"])  # noqa: S301 - the command's own
            made = [row_of(tagger, content, lambda _: None) for content in contents]
        except Exception as error:  # the command raises it
            made = error
        return {"number": call["number"], "made": pickle.dumps(made)}

    def _opened(self) -> Tagger:
        tagger: Tagger = pickle.loads(self._sent)  # noqa: S301 - the command's own
        require_same(tagger.settings(), self._settings)
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
        workers: With a processor each; default: as many as the cluster has.

    Raises:
        MissingExtraError: Ray is not installed.
    """
    require_ray()

    def on_ray(
        tagger: Tagger, coming: Iterable[tuple[Listed, Content]], _: object
    ) -> Iterator[tuple[Listed, Row]]:
        given = pickle.dumps(tagger), tagger.settings()
        with open_cluster(workers) as processors:
            count = workers or processors
            for wave in waves_of(coming):
                # Few pictures keep all workers at work, too.
                length = min(CHUNK, -(-len(wave) // (AHEAD * count)))
                calls = [wave[first : first + length] for first in range(0, len(wave), length)]
                contents = [pickle.dumps([content for _, content in call]) for call in calls]
                pictures = [[picture for picture, _ in call] for call in calls]
                yield from rows_of(pictures, _answers(contents, given, count))

    return on_ray


def waves_of(coming: Iterable[tuple[Listed, Content]]) -> Iterator[list[tuple[Listed, Content]]]:
    """Yield pictures in groups that memory holds."""
    wave, size = [], 0
    for picture, content in coming:
        wave.append((picture, content))
        size += len(content) if isinstance(content, bytes) else 0
        if len(wave) == WAVE or size > WAVE_BYTES:
            yield wave
            wave, size = [], 0
    if wave:
        yield wave


def _answers(
    contents: Sequence[bytes], given: tuple[bytes, Mapping[str, object]], workers: int
) -> Iterator[tuple[int, bytes]]:
    """Yield the numbers of calls and their answers in order, but of those that were given up."""
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = context.print_on_execution_start = False
    context.max_errored_blocks = -1
    calls = [{"number": number, "contents": each} for number, each in enumerate(contents)]
    pool = ray.data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=AHEAD)
    with warnings.catch_warnings():
        # Of `max_task_retries`, which goes away in 2.64 and has no successor yet.
        warnings.simplefilter("ignore", DeprecationWarning)
        rows = ray.data.from_items(calls, override_num_blocks=len(calls)).map(
            Worker, fn_constructor_args=given, compute=pool, num_cpus=1, max_task_retries=TRIES - 1
        )
    for row in rows.iter_rows():
        yield row["number"], row["made"]


def rows_of(
    calls: Sequence[Sequence[Listed]], answers: Iterator[tuple[int, bytes]]
) -> Iterator[tuple[Listed, Row]]:
    """Yield each picture's row.

    Args:
        calls: The pictures of each call.
        answers: The number of a call and its pickled rows, or what failed, in order.

    Raises:
        InputError: A worker has other versions than the command, or none can begin.
        BundleError: The model fails, or a call has no answer.
    """
    from ray.exceptions import RayError

    for wanted, pictures in enumerate(calls):
        try:
            number, made = next(answers, (len(calls), b""))
        except RayError as error:
            reason = str(error).strip().rpartition("\n")[2]
            raise InputError(
                f"the cluster cannot compute: {reason}; each of its machines must have the same "
                "edgetag[cluster], and free memory"
            ) from None
        if number != wanted:
            raise BundleError(
                f"the worker was lost {TRIES} times between {pictures[0].name} and "
                f"{pictures[-1].name}; one of them may crash the runtime"
            )
        rows = pickle.loads(made)  # noqa: S301 - of a worker that the command began
        if isinstance(rows, Exception):
            raise rows
        yield from zip(pictures, rows, strict=True)
