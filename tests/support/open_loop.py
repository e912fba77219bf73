"""Requests that start when a schedule says, whether or not earlier ones are answered.

A latency is counted from the time in the schedule: a server that stalls is charged with all that
waited for it. How late the generator itself starts requests is measured too.
"""

import asyncio
import gc
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp

PATIENCE_S = 20.0
"""An answer that has not come by then is an error."""

Route = Callable[[int], str]
Body = Callable[[int], bytes]


@dataclass(frozen=True)
class Asked:
    """One request and its end."""

    kind: str
    latency_s: float
    late_s: float


async def ask(session: aiohttp.ClientSession, url: str, body: bytes) -> str:
    """Return the kind of an answer."""
    try:
        async with session.post(url, data=body) as answer:
            await answer.read()
            if "Edgetag-Degraded" in answer.headers:
                return "degraded"
            return str(answer.status)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return type(error).__name__


@contextmanager
def quiet_collector() -> Iterator[None]:
    """Keep the generator from pausing: it is not what is measured."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def open_loop(
    url: str, rate_per_s: float, seconds: float, route: Route, body: Body, seed: int = 0
) -> list[Asked]:
    """Start requests at random times of a mean rate, and return what came of them."""
    gaps = random.Random(seed)
    loop = asyncio.get_running_loop()
    done: list[Asked] = []
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def one(number: int, due: float) -> None:
            late_s = loop.time() - due
            kind = await ask(session, url + route(number), body(number))
            done.append(Asked(kind, loop.time() - due, late_s))

        tasks: list[asyncio.Task[None]] = []
        due = started = loop.time()
        with quiet_collector():
            while due < started + seconds:
                await asyncio.sleep(due - loop.time())
                tasks.append(asyncio.create_task(one(len(tasks), due)))
                due += gaps.expovariate(rate_per_s)
            await asyncio.gather(*tasks)
    return done


async def capacity(url: str, seconds: float, workers: int, route: Route, body: Body) -> float:
    """Return the answers a second where each worker always has one more picture to come."""
    loop = asyncio.get_running_loop()
    ended = loop.time() + seconds
    answered = 0
    async with aiohttp.ClientSession() as session:

        async def on_and_on() -> None:
            nonlocal answered
            while loop.time() < ended:
                kind = await ask(session, url + route(answered), body(0))
                assert kind == "200", kind
                answered += 1

        await asyncio.gather(*(on_and_on() for _ in range(2 * workers)))
    return answered / seconds
