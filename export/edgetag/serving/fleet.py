"""The worker processes of one model, the queue before them, and when not to join it."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from edgetag.errors import InputError
from edgetag.serving.logs import Tell
from edgetag.serving.messages import Done, Job, ModelDescription, Start
from edgetag.serving.operations import Crop
from edgetag.serving.packed import UnpackError, pack, unpack
from edgetag.serving.refusals import BusyError, RefusalError
from edgetag.serving.settings import Settings
from edgetag.serving.worker_process import WorkerEndedError, WorkerProcess, start_worker

FIRST_GUESS_S = 0.03
"""What a job is taken to cost until some were measured."""

MEMORY = 0.1
"""Weight of the last job in the mean of what jobs cost."""

CENTRE = "centre"
"""The kind of crops from the middle."""

RESTART_S = (0.0, 1.0, 5.0, 30.0)
"""How long to wait before a worker is started anew, the longer the oftener that failed."""


@dataclass(eq=False)
class _Ticket:
    """A job that waits for a worker."""

    message: bytes
    kind: str
    outcome: asyncio.Future[tuple[Done, list[bytes]]]
    begun: bool = False


@dataclass
class Fleet:
    """Workers of one model and what waits for them.

    Attributes:
        model: What they run.
        settings: How many they are, and how long is waited for them.
        tell: Is told events: their name, and more about them.
        service_s: What a job of a kind costs, as measured.
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
    _running: list[str] = field(default_factory=list)
    service_s: dict[str, float] = field(default_factory=dict)
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
        return len(self._running)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Keep it from being closed until the block ends."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1

    async def do(
        self, job: Job, picture: bytes, sight: bytes, until: float
    ) -> tuple[Done, list[bytes]]:
        """Have a worker do a job.

        Args:
            job: What to do; a crop from the middle goes before all that is none.
            picture: The file.
            sight: What was seen in it before, or nothing.
            until: When it is to be done, in the event loop's time. Where nothing is ahead of it,
                it is begun in any case: to wait would not help.

        Raises:
            BusyError: The queue is full, or it would take too long.
            RefusalError: The worker crashed, or took too long.
        """
        loop = asyncio.get_running_loop()
        kind = _kind(job)
        queue = self._quick if kind == CENTRE else self._waiting
        backlog_s = self.backlog_s(kind)
        if len(queue) >= self.settings.queue:
            raise BusyError("queue", backlog_s)
        latest = until - self._cost_s(kind)
        if backlog_s and loop.time() + backlog_s > latest:
            raise BusyError("deadline", backlog_s)
        ticket = _Ticket(pack(job, [picture, sight]), kind, loop.create_future())
        queue.append(ticket)
        self._dispatch()
        expiry = loop.call_at(latest, self._expire, ticket)
        try:
            return await ticket.outcome
        finally:
            expiry.cancel()

    def backlog_s(self, kind: str) -> float:
        """Return how long a new job of a kind would wait for a worker."""
        ahead = [*self._quick, *(self._waiting if kind != CENTRE else ())]
        if self._idle and not ahead:
            return 0.0
        rest_s = sum(self._cost_s(running) / 2 for running in self._running)
        return (sum(self._cost_s(each.kind) for each in ahead) + rest_s) / max(1, self.live)

    def centre_s(self) -> float:
        """Return how long a crop from the middle would take from now on."""
        return self.backlog_s(CENTRE) + self._cost_s(CENTRE)

    def _cost_s(self, kind: str) -> float:
        return self.service_s.get(kind, FIRST_GUESS_S)

    def _expire(self, ticket: _Ticket) -> None:
        if not ticket.begun:
            (self._quick if ticket.kind == CENTRE else self._waiting).remove(ticket)
            ticket.outcome.set_exception(BusyError("expired", self.backlog_s(ticket.kind)))

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
        self._running.append(ticket.kind)
        started = loop.time()
        try:
            answer = unpack(Done, await worker.ask(ticket.message, self.settings.job_s))
        except (WorkerEndedError, UnpackError) as error:
            await worker.end()  # what answers no message is not asked again
            self._running.remove(ticket.kind)
            self.tell("worker ended", level="error", detail=str(error), pid=worker.pid)
            if not ticket.outcome.done():
                ticket.outcome.set_exception(RefusalError(500, f"the picture's worker: {error}"))
            self._all.discard(worker)
            await self._replace()
        else:
            self._running.remove(ticket.kind)
            spent_s, known_s = loop.time() - started, self._cost_s(ticket.kind)
            self.service_s[ticket.kind] = known_s + MEMORY * (spent_s - known_s)
            if not ticket.outcome.done():
                ticket.outcome.set_result(answer)
            self._idle.append(worker)
        self._dispatch()

    async def _replace(self) -> None:
        """Start a worker in the place of one that has ended."""
        for attempt in range(1_000_000):
            if self._closing:
                return
            await asyncio.sleep(RESTART_S[min(attempt, len(RESTART_S) - 1)])
            try:
                worker, model = await start_worker(self._start, self.tell)
            # The system may have no process, memory or file to give now, and have it again later.
            except (InputError, UnpackError, OSError) as error:
                self.tell("worker not started", level="error", detail=str(error))
                continue
            if model != self.model:
                self.tell("worker not started", level="error", detail="the model has changed")
                await worker.end()
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


def _kind(job: Job) -> str:
    """Return the kind of a job; those of a kind cost about the same."""
    operation = job.operation
    return CENTRE if isinstance(operation, Crop) and operation.centre else operation.kind
