"""Answers questions about pictures: from the cache, with another's answer, or by a worker."""

import asyncio
import base64
import hashlib
from dataclasses import dataclass
from functools import cached_property

from edgetag.records import Record
from edgetag.serving.cache import Cache
from edgetag.serving.fleet import Fleet
from edgetag.serving.messages import Job, ModelDescription
from edgetag.serving.metrics import Metrics
from edgetag.serving.operations import Crop, Operation
from edgetag.serving.packed import UnpackError, pack, unpack
from edgetag.serving.refusals import BusyError, RefusalError

CENTRE = "centre-crop"

REFUSED = {"request": 422, "too large": 413}
"""Status of what a worker refuses; any other picture is of no type that is read."""


@dataclass(frozen=True)
class Upload:
    """A picture's file and its digest."""

    data: bytes
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> "Upload":
        """Return it with its digest."""
        return cls(data, hashlib.sha256(data).hexdigest())


class _Kept(Record):
    """What the cache keeps beside an answer's bytes."""

    media_type: str


@dataclass(frozen=True)
class Answer:
    """What a question is answered with.

    Attributes:
        body: The bytes.
        media_type: What they are.
        source: `cache`, `joined` where it was computed for another request, or `computed`.
        degraded: What it is in place of what was asked; empty where it is that.
        model: What it was made by.
    """

    body: bytes
    media_type: str
    source: str
    model: ModelDescription
    degraded: str = ""

    @cached_property
    def sha256(self) -> bytes:
        """Digest of the bytes."""
        return hashlib.sha256(self.body).digest()

    @property
    def etag(self) -> str:
        """The entity tag of HTTP."""
        return f'"{self.sha256.hex()[:32]}"'

    @property
    def digest_field(self) -> str:
        """The field Repr-Digest, RFC 9530."""
        return f"sha-256=:{base64.b64encode(self.sha256).decode()}:"


class Service:
    """Answers by the fleet that it holds; another may take its place at any time.

    Attributes:
        fleet: The workers that answer what is asked from now on.
        cache: What is known.
    """

    def __init__(self, fleet: Fleet, cache: Cache, metrics: Metrics, deadline_s: float) -> None:
        self.fleet = fleet
        self._deadline_s = deadline_s
        self.cache = cache
        self._metrics = metrics
        self._answering: dict[str, asyncio.Task[Answer]] = {}
        self._seeing: dict[str, asyncio.Event] = {}

    async def answer(self, upload: Upload, operation: Operation) -> Answer:
        """Return the answer to a question.

        A crop for which there is no time is made from the middle of the picture.

        Raises:
            BusyError: There is no time for it.
            RefusalError: The picture cannot be read, or nothing can be made of it.
        """
        fleet = self.fleet
        with fleet.used():
            try:
                return await self._in_time(fleet, upload, operation)
            except BusyError as error:
                self._metrics.refused.labels(error.reason).inc()
                raise

    async def _in_time(self, fleet: Fleet, upload: Upload, operation: Operation) -> Answer:
        until = asyncio.get_running_loop().time() + self._deadline_s
        if not isinstance(operation, Crop):
            return await self._answer(fleet, upload, operation, until)
        try:
            return await self._answer(fleet, upload, operation, until - fleet.centre_s())
        except BusyError as error:
            reason = error.reason
        centre = operation.replace(centre=True, tags=())
        answer = await self._answer(fleet, upload, centre, until)
        self._metrics.degraded.labels(reason).inc()
        return answer

    async def _answer(
        self, fleet: Fleet, upload: Upload, operation: Operation, until: float
    ) -> Answer:
        key = _key(fleet.model, upload, operation)
        if (kept := await self.cache.get(key)) is not None:
            try:
                head, (body,) = unpack(_Kept, kept)
            except (UnpackError, ValueError):
                pass  # another version kept it
            else:
                return Answer(body, head.media_type, "cache", fleet.model)
        task = self._answering.get(key)
        if joined := task is not None:
            self._metrics.joined.inc()
        else:
            task = asyncio.create_task(self._compute(fleet, upload, operation, key, until))
            self._answering[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        assert task is not None  # noqa: S101 - for mypy
        answer = await asyncio.shield(task)
        return (
            Answer(answer.body, answer.media_type, "joined", answer.model, answer.degraded)
            if joined
            else answer
        )

    def _ended(self, key: str, task: asyncio.Task[Answer]) -> None:
        del self._answering[key]
        if not task.cancelled():
            task.exception()  # whoever asked may be gone: it is not to be told as never looked at

    async def _compute(
        self, fleet: Fleet, upload: Upload, operation: Operation, key: str, until: float
    ) -> Answer:
        if isinstance(operation, Crop) and operation.centre:
            answer, _ = await self._work(fleet, upload, operation, b"", until)
            return answer
        seen_key = _key(fleet.model, upload, None)
        sight = await self.cache.get(seen_key)
        if sight is None and (looking := self._seeing.get(seen_key)):
            await looking.wait()
            sight = await self.cache.get(seen_key)
        looked = self._seeing.setdefault(seen_key, asyncio.Event())
        try:
            answer, seen = await self._work(fleet, upload, operation, sight or b"", until)
            if seen:
                self._metrics.looks.inc()
                self.cache.put(seen_key, seen)
        finally:
            looked.set()
            self._seeing.pop(seen_key, None)
        self.cache.put(key, pack(_Kept(media_type=answer.media_type), [answer.body]))
        return answer

    async def _work(
        self, fleet: Fleet, upload: Upload, operation: Operation, sight: bytes, until: float
    ) -> tuple[Answer, bytes]:
        """Have a worker answer, and return what it saw too, if it looked."""
        degraded = CENTRE if isinstance(operation, Crop) and operation.centre else ""
        done, blobs = await fleet.do(Job(operation=operation), upload.data, sight, until)
        if done.refused:
            raise RefusalError(REFUSED.get(done.refused, 415), f"{done.refused}: {done.detail}")
        answer = Answer(blobs[0], done.media_type, "computed", fleet.model, degraded)
        return answer, blobs[1] if len(blobs) > 1 else b""


def _key(model: ModelDescription, upload: Upload, operation: Operation | None) -> str:
    """Return what an answer follows from; without an operation, what is seen in a picture does."""
    asked = operation.model_dump_json() if operation else "sight"
    return hashlib.sha256(f"{model.digest} {upload.sha256} {asked}".encode()).hexdigest()
