"""The worker processes of one model, the queue before them, and when not to join it."""

import asyncio
import shutil
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edgetag.errors import InputError
from edgetag.scratch import scratch_folder
from edgetag.serving.logs import Tell
from edgetag.serving.messages import Done, Job, ModelDescription, Start
from edgetag.serving.packed import pack, unpack
from edgetag.serving.refusals import BusyError, RefusalError
from edgetag.serving.settings import Settings
from edgetag.serving.worker_process import WorkerEndedError, WorkerProcess, start_worker

FIRST_GUESS_S = 0.03
"""What a job is taken to cost until some were measured."""

MEMORY = 0.1
"""Weight of the last job in the mean of what jobs cost."""

RESTART_S = (0.0, 1.0, 5.0, 30.0)
"""How long to wait before a worker is started anew, the longer the oftener that failed."""


@dataclass(eq=False)
class _Ticket:
    """A job that waits for a worker."""

    message: bytes
    quick: bool
    outcome: asyncio.Future[tuple[Done, list[bytes]]]
    begun: bool = False


@dataclass
class Fleet:
    """Workers of one model and what waits for them.

    Attributes:
        model: What they run.
        settings: How many they are, and how long is waited for them.
        tell: Is told events: their name, and more about them.
        service_s: What a job costs, and a quick one, as measured.
    """

    model: ModelDescription
    settings: Settings
    tell: Tell
    _start: Start
    _close_folder: Callable[[], None]
    _idle: list[WorkerProcess]
    _all: set[WorkerProcess] = field(default_factory=set)
    _waiting: deque[_Ticket] = field(default_factory=deque)
    _quick: deque[_Ticket] = field(default_factory=deque)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _running: int = 0
    service_s: dict[bool, float] = field(
        default_factory=lambda: {False: FIRST_GUESS_S, True: FIRST_GUESS_S}
    )
    _users: int = 0
    _closing: bool = False

    def __post_init__(self) -> None:
        self._all |= set(self._idle)

    @property
    def live(self) -> int:
        """How many workers run."""
        return len(self._all)

    @property
    def waiting(self) -> int:
        """How many jobs no worker has begun on."""
        return len(self._waiting) + len(self._quick)

    @property
    def running(self) -> int:
        """How many jobs workers are at."""
        return self._running

    @contextmanager
    def used(self) -> Iterator[None]:
        """Keep it from being closed until the block ends."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1

    async def do(
        self, job: Job, picture: bytes, sight: bytes, quick: bool = False
    ) -> tuple[Done, list[bytes]]:
        """Have a worker do a job.

        Args:
            job: What to do.
            picture: The file.
            sight: What was seen in it before, or nothing.
            quick: Whether it goes before all that are not.

        Raises:
            BusyError: The queue is full, or it would take too long.
            RefusalError: The worker crashed, or took too long.
        """
        loop = asyncio.get_running_loop()
        queue = self._quick if quick else self._waiting
        self._require_time(quick, len(queue))
        ticket = _Ticket(pack(job, [picture, sight]), quick, loop.create_future())
        queue.append(ticket)
        self._dispatch()
        expiry = loop.call_later(self.settings.deadline_s, self._expire, ticket)
        try:
            return await ticket.outcome
        finally:
            expiry.cancel()

    def backlog_s(self, quick: bool) -> float:
        """Return how long a new job would wait for a worker."""
        ahead = len(self._quick) * self.service_s[True]
        if not quick:
            ahead += len(self._waiting) * self.service_s[False]
        if self._idle and not ahead:
            return 0.0
        return (ahead + self._running * self.service_s[False] / 2) / max(1, self.live)

    def _require_time(self, quick: bool, queued: int) -> None:
        backlog_s = self.backlog_s(quick)
        if queued >= self.settings.queue:
            raise BusyError("queue", backlog_s)
        # Where nothing is ahead, waiting would not help: even a dear job is begun.
        if backlog_s and backlog_s + self.service_s[quick] > self.settings.deadline_s:
            raise BusyError("deadline", backlog_s)

    def _expire(self, ticket: _Ticket) -> None:
        if not ticket.begun:
            (self._quick if ticket.quick else self._waiting).remove(ticket)
            ticket.outcome.set_exception(BusyError("expired", self.backlog_s(ticket.quick)))

    def _dispatch(self) -> None:
        while self._idle and (queue := self._quick or self._waiting):
            ticket, worker = queue.popleft(), self._idle.pop()
            ticket.begun = True
            self._keep(self._work(worker, ticket))

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, worker: WorkerProcess, ticket: _Ticket) -> None:
        loop = asyncio.get_running_loop()
        self._running += 1
        started = loop.time()
        try:
            answer = await worker.ask(ticket.message, self.settings.job_s)
        except WorkerEndedError as error:
            self._running -= 1
            self.tell("worker ended", level="error", detail=str(error), pid=worker.pid)
            if not ticket.outcome.done():
                ticket.outcome.set_exception(RefusalError(500, f"the picture's worker: {error}"))
            self._all.discard(worker)
            await self._replace()
        else:
            self._running -= 1
            spent = loop.time() - started
            self.service_s[ticket.quick] += MEMORY * (spent - self.service_s[ticket.quick])
            if not ticket.outcome.done():
                ticket.outcome.set_result(unpack(Done, answer))
            self._idle.append(worker)
        self._dispatch()

    async def _replace(self) -> None:
        """Start a worker in the place of one that has ended."""
        for attempt in range(1_000_000):
            if self._closing:
                return
            await asyncio.sleep(RESTART_S[min(attempt, len(RESTART_S) - 1)])
            try:
                worker, _ = await start_worker(self._start, self.tell)
            except InputError as error:
                self.tell("worker not started", level="error", detail=str(error))
                continue
            self._all.add(worker)
            self._idle.append(worker)
            return

    async def close(self) -> None:
        """Let its users finish, then end the workers."""
        while self._users or self._running:
            await asyncio.sleep(0.02)
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._all:
            await worker.end()
        self._close_folder()


async def open_fleet(model: Path, settings: Settings, tell: Tell) -> Fleet:
    """Start the workers of a model.

    They open a copy of the file, so that one that is started later has the same model as the rest.

    Raises:
        InputError: The file is missing or damaged, or does not give its golden scores here.
    """
    holder = scratch_folder()
    folder = holder.__enter__()

    def close_folder() -> None:
        holder.__exit__(None, None, None)

    started: list[tuple[WorkerProcess, ModelDescription]] = []
    try:
        copy = folder / model.name
        await asyncio.to_thread(_copy, model, copy)
        start = Start(model=str(copy), variant=settings.variant, max_pixels=settings.max_pixels)
        # The first alone, since it proves the model for the others.
        for count in (1, settings.workers - 1):
            starting = [start_worker(start, tell) for _ in range(count)]
            ended = await asyncio.gather(*starting, return_exceptions=True)
            started += [each for each in ended if not isinstance(each, BaseException)]
            for each in ended:
                if isinstance(each, BaseException):
                    raise each
    except BaseException as error:
        for worker, _ in started:
            await worker.end()
        close_folder()
        if isinstance(error, InputError):
            raise InputError(str(error).replace(str(folder / model.name), str(model))) from None
        raise
    workers = [worker for worker, _ in started]
    return Fleet(started[0][1], settings, tell, start, close_folder, workers)


def _copy(model: Path, copy: Path) -> None:
    try:
        shutil.copyfile(model, copy)
    except OSError as error:
        raise InputError(f"{model}: {error.strerror}; give a bundle or a .tflite file") from None
