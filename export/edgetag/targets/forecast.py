"""How much scoring elsewhere means, and about how long it takes: told before it begins."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from edgetag.pool import open_pool
from edgetag.progress import Progress, Task, format_seconds
from edgetag.runtimes import Engine, LoadFailure
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.tables.formats import counted
from edgetag.targets.scoring import Job, Outcome

IMAGES = 32
SLOW_IMAGES = 8
"""Where a processor is emulated: an inference takes 0.1 to 0.9 s at 96 px, and a start 5 s. Every
picture must agree, so few are enough to see other kernels at work."""

TIMED_IMAGES = 3
"""The first is slow: its code is translated. The time between the others is counted."""


def is_slow(engine: Engine) -> bool:
    """Whether every instruction there is emulated."""
    return isinstance(engine, Emulated)


def images_on(engine: Engine, asked: int | None) -> int:
    """Return how many pictures to score there: those asked for, else fewer where it is slow."""
    return asked or (SLOW_IMAGES if is_slow(engine) else IMAGES)


def tell(
    jobs: Sequence[Job[Engine]],
    score: Callable[[Job[Engine], Task], Outcome],
    workers: int,
    progress: Progress,
    cancelled: threading.Event | None = None,
) -> float | None:
    """Say how many scorings there will be and, where they are slow, about how long they take.

    The first job of each slow engine is timed.

    Returns:
        The seconds that were told; None where nothing is slow, or nothing runs.
    """
    scorings = sum(len(job.rows) for job in jobs)
    files, there = {job.path for job in jobs}, {job.engine for job in jobs}
    *fewer, most = sorted({len(job.rows) for job in jobs})
    pictures = " or ".join([*map(str, fewer), counted(most, "picture")])
    where = counted(len(there), "engine and processor", "engines and processors")
    progress.say(
        f"{scorings:,} scoring{'s' * (scorings != 1)} elsewhere: {counted(len(files), 'file')} on "
        f"{where}, {pictures} each"
    )
    first = {job.engine: job for job in reversed(jobs) if is_slow(job.engine)}
    if not first or max(len(job.rows) for job in first.values()) <= TIMED_IMAGES:
        return None
    with open_pool(workers, cancelled) as pool:
        timed = dict(
            zip(first, pool.map(lambda job: _timed(job, score), first.values()), strict=True)
        )
    known = [time_s for time_s in timed.values() if time_s is not None]
    if not known:
        progress.say("how long that takes is unknown: the first pictures could not be scored")
        return None
    expected_s = (
        sum(
            start_s + len(job.rows) * picture_s
            for job in jobs
            if is_slow(job.engine)
            for start_s, picture_s in [timed[job.engine] or known[0]]
        )
        / workers
    )
    progress.say(
        f"by the first pictures that takes about {format_seconds(expected_s)}; --images N, "
        "or targets.images in the recipe, takes fewer"
    )
    return expected_s


class _Clock:
    """Notes when pictures are done."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, int]] = []

    def advance(self, amount: int = 1, note: str = "") -> None:  # noqa: ARG002
        """Note the time."""
        done = self.seen[-1][1] if self.seen else 0
        self.seen.append((time.monotonic(), done + amount))


def _timed(
    job: Job[Engine], score: Callable[[Job[Engine], Task], Outcome]
) -> tuple[float, float] | None:
    """Return seconds until the first picture and per picture; None where there is no score."""
    clock, began = _Clock(), time.monotonic()
    few = replace(job, rows=job.rows[:TIMED_IMAGES])
    run = score(few, clock)
    if isinstance(run, LoadFailure):
        return None
    wall_s = time.monotonic() - began
    picture_s = run.seconds / len(few.rows)
    if len(clock.seen) > 1 and (more := clock.seen[-1][1] - clock.seen[0][1]):
        picture_s = (clock.seen[-1][0] - clock.seen[0][0]) / more
    return max(wall_s - len(few.rows) * picture_s, 0.0), picture_s
