"""What was answered and seen before, by what it follows from: in memory, and in Redis if wished."""

import asyncio
import hashlib
import sys
from collections import OrderedDict

from edgetag.errors import InputError
from edgetag.serving.logs import Tell
from edgetag.serving.metrics import Metrics
from edgetag.serving.settings import Settings

REDIS_S = 0.05
"""Redis is asked for so long; a picture is computed in less than twice of it."""

PAUSE_S = 5.0
"""After it has not answered, it is not asked again for so long."""

MOST_STORING = 256
"""Most values on their way to Redis; more are not kept there."""

CHECK = 32


ENTRY_BYTES = 150
"""What an ordered dictionary whose entries come and go takes for each beside its key and its value:
tracemalloc saw 66 to 146, by how full it was."""


class Memory:
    """Keys and values up to a number of bytes; those not asked for the longest make room."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._values: OrderedDict[str, bytes] = OrderedDict()
        self.size_bytes = 0

    def get(self, key: str) -> bytes | None:
        """Return a value, or None."""
        if (value := self._values.get(key)) is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: str, value: bytes) -> None:
        """Keep a value, if it is not larger than all may be."""
        if (former := self._values.pop(key, None)) is not None:
            self.size_bytes -= held_bytes(key, former)
        if held_bytes(key, value) > self._most_bytes:
            return
        self._values[key] = value
        self.size_bytes += held_bytes(key, value)
        while self.size_bytes > self._most_bytes:
            self.size_bytes -= held_bytes(*self._values.popitem(last=False))


def held_bytes(key: str, value: bytes) -> int:
    """Return what an entry of `Memory` takes in all."""
    return sys.getsizeof(key) + sys.getsizeof(value) + ENTRY_BYTES


class Cache:
    """Memory, before Redis where one is configured.

    A Redis that is down costs what it would have known, and no answer.

    Raises:
        InputError: The address of Redis is none.
    """

    def __init__(self, settings: Settings, metrics: Metrics, tell: Tell) -> None:
        self.memory = Memory(settings.cache_bytes)
        self._metrics = metrics
        self._tell = tell
        self._kept_s = settings.cache_s
        self._asked_again = 0.0
        self._storing: set[asyncio.Task[None]] = set()
        self._redis = None
        if settings.redis:
            from redis.asyncio import Redis

            try:
                self._redis = Redis.from_url(
                    settings.redis, socket_timeout=REDIS_S, socket_connect_timeout=REDIS_S
                )
                # It refuses what the address asks for and no connection has; it connects later.
                self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
            except (
                ValueError,
                TypeError,
            ) as error:  # the address may have a password, and is not repeated
                raise InputError(
                    f"--redis: no address of Redis: {error}; give one such as "
                    "redis://localhost:6379"
                ) from None
        metrics.watch("cache_bytes", "Held in memory", lambda: self.memory.size_bytes)

    async def get(self, key: str) -> bytes | None:
        """Return what is known under a key, or None."""
        place, value = "memory", self.memory.get(key)
        if value is None and (value := await self._from_redis(key)) is not None:
            place = "redis"
            self.memory.put(key, value)
        self._metrics.cache.labels(place if value is not None else "nowhere").inc()
        return value

    def put(self, key: str, value: bytes) -> None:
        """Keep a value; Redis gets it beside whatever goes on."""
        self.memory.put(key, value)
        if self._redis is not None and self._is_asked() and len(self._storing) < MOST_STORING:
            task = asyncio.create_task(self._to_redis(key, value))
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)

    async def close(self) -> None:
        """Finish what goes to Redis, and leave it."""
        if self._redis is not None:
            await asyncio.gather(*self._storing)
            await self._redis.aclose()

    def _is_asked(self) -> bool:
        return asyncio.get_running_loop().time() >= self._asked_again

    async def _from_redis(self, key: str) -> bytes | None:
        if self._redis is None or not self._is_asked():
            return None
        from redis.exceptions import RedisError

        try:
            stored = await self._redis.get(f"edgetag:{key}")
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return None
        # Others write to Redis, too: what was not kept here is not answered.
        if not isinstance(stored, bytes) or _check(key, stored[CHECK:]) != stored[:CHECK]:
            return None
        return stored[CHECK:]

    async def _to_redis(self, key: str, value: bytes) -> None:
        from redis.exceptions import RedisError

        assert self._redis is not None  # noqa: S101 - the caller has looked
        try:
            stored = _check(key, value) + value
            await self._redis.set(f"edgetag:{key}", stored, ex=int(self._kept_s))
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._asked_again = asyncio.get_running_loop().time() + PAUSE_S
        self._metrics.cache_errors.inc()
        self._tell("redis failed", level="warning", detail=f"{type(error).__name__}: {error}")


def _check(key: str, value: bytes) -> bytes:
    """Return what tells that a value is whole, and the one of this key."""
    return hashlib.sha256(key.encode() + value).digest()
