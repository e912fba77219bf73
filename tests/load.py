"""How does `edgetag serve` bear load? `make load`: an open loop against a server on this machine.

Generators at hand fall short of what `tests.support.open_loop` does: wrk, hey and h2load close the
loop, so that a slow server is asked less; httperf opens it and gives no percentiles.

Nothing is asserted: a table is printed, and kept as JSON.
"""

import argparse
import asyncio
import io
import json
import os
import signal
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import uvloop
from PIL import Image
from skimage import data

from edgetag.cli.terminal import print_tables
from edgetag.machine import Machine, this_machine
from edgetag.records import Record, Result
from edgetag.tables import Column, Number, Rows, Table
from edgetag.tables.formats import format_bytes, format_count, format_ms
from tests.support.open_loop import Asked, Body, Route, capacity, open_loop
from tests.support.paths import RELEASED, ROOT
from tests.support.processes import children
from tests.support.served import served

SIDE = (1200, 900)
CROP = "v1/crop?tag=face&shape=320x240"
MIXED = ("v1/tags", "v1/heatmap?tag=face", "v1/mosaic?tag=face", CROP)
CACHED_PER_S = 600.0
OVERLOAD = 3.0
PATIENT = "deadline_s = 60"
"""Of the server whose capacity is measured: it gives nothing up."""

SMALL_CACHE = "cache_bytes = 32_000_000"
"""Of the server whose memory is watched: one that fills for ten minutes would look like a leak."""


class Load(Record):
    """What came of one load.

    Attributes:
        name: Which.
        rate_per_s: Requests that the schedule starts a second.
        requests: All of them.
        answers: How many, by kind: status, `degraded`, or the error's name.
        p50_ms: Median latency of all answers, from the time in the schedule.
        p95_ms: The same, 95th percentile.
        p99_ms: The same, 99th percentile.
        late_p99_ms: How late requests were started, 99th percentile.
        load_average: The machine's, over the minute before the end.
    """

    name: str
    rate_per_s: float
    requests: int
    answers: dict[str, int]
    p50_ms: float
    p95_ms: float
    p99_ms: float
    late_p99_ms: float
    load_average: float


class LoadResult(Result):
    """All loads, and what else was measured.

    Attributes:
        machine: On which server and generator ran together.
        bundle: The model.
        picture_bytes: A JPEG of 1.1 megapixels.
        capacity_per_s: Uncached answers that all workers give at most, by what is asked.
        loads: One after the other.
        recovered_s: From the start of a new server to its first answer, after a kill under load.
        memory_bytes: Of the server and its workers (PSS), by seconds into the longest load.
    """

    SCHEMA: ClassVar[str] = "edgetag.load/1.0"
    machine: Machine
    bundle: str
    picture_bytes: int
    capacity_per_s: dict[str, float]
    loads: tuple[Load, ...]
    recovered_s: float
    memory_bytes: dict[int, int]


def photo() -> bytes:
    """Return a photo of 1.1 megapixels, as JPEG."""
    file = io.BytesIO()
    Image.fromarray(data.astronaut()).resize(SIDE).save(file, "JPEG", quality=90)
    return file.getvalue()


def new_picture(picture: bytes) -> Body:
    """Return what makes of a photo one that no cache knows: bytes that follow its end."""
    return lambda _number: picture + os.urandom(16)


def load_of(name: str, rate_per_s: float, asked: Sequence[Asked]) -> Load:
    """Return what came of a load."""
    latencies = np.array([each.latency_s for each in asked]) * 1e3
    p50, p95, p99 = (float(np.percentile(latencies, part)) for part in (50, 95, 99))
    late = [each.late_s * 1e3 for each in asked]
    return Load(
        name=name,
        rate_per_s=rate_per_s,
        requests=len(asked),
        answers=dict(sorted(Counter(each.kind for each in asked).items())),
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        late_p99_ms=float(np.percentile(late, 99)),
        load_average=os.getloadavg()[0],
    )


def memory_of(process: int) -> int:
    """Return the memory of a server and its workers, shared pages counted once."""
    total = 0
    for pid in (process, *children(process)):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def mixed(number: int) -> str:
    """Return the four questions in turn."""
    return MIXED[number % len(MIXED)]


def crop(_number: int) -> str:
    """Return the same question each time."""
    return CROP


async def measure(
    bundle: Path, folder: Path, seconds: float, long_s: float, workers: int
) -> LoadResult:
    """Measure all of it."""
    picture = photo()
    fresh = new_picture(picture)
    with served(bundle, folder / "patient", "--workers", workers, settings=PATIENT) as server:
        await capacity(server.url, 2, workers, mixed, fresh)  # warms up
        capacities = {
            "crops": await capacity(server.url, seconds, workers, crop, fresh),
            "mixed": await capacity(server.url, seconds, workers, mixed, fresh),
        }
    loads = []
    memory: dict[int, int] = {}

    async def load(name: str, rate_per_s: float, route: Route, body: Body, time_s: float) -> None:
        asked = await open_loop(server.url, rate_per_s, time_s, route, body)
        loads.append(load_of(name, rate_per_s, asked))
        print(loads[-1].model_dump_json(), flush=True)

    with served(bundle, folder / "hasty", "--workers", workers) as server:
        few = [picture + bytes([number]) for number in range(20)]
        await load("cached crops", CACHED_PER_S / 60, crop, lambda n: few[n % 20], 4)
        loads.clear()
        await load("cached crops", CACHED_PER_S, crop, lambda n: few[n % 20], seconds)
        for name, route in (("crops", crop), ("mixed", mixed)):
            rate_per_s = OVERLOAD * capacities[name]
            await load(f"{name}, new, 3 × capacity", rate_per_s, route, fresh, seconds)
        rate_per_s = capacities["mixed"] / 2
        await load("mixed, new, ½ × capacity", rate_per_s, mixed, fresh, seconds)
    if long_s:
        with served(bundle, folder / "long", "--workers", workers, settings=SMALL_CACHE) as server:
            watching = asyncio.create_task(watch(server.process.pid, memory))
            rate_per_s = OVERLOAD * capacities["mixed"]
            await load("mixed, new, 3 × capacity, long", rate_per_s, mixed, fresh, long_s)
            watching.cancel()
    recovered_s, killed = await kill_under_load(
        bundle, folder / "killed", workers, capacities["mixed"] / 2, fresh
    )
    loads.append(killed)
    return LoadResult(
        machine=this_machine(),
        bundle=bundle.name,
        picture_bytes=len(picture),
        capacity_per_s=capacities,
        loads=tuple(loads),
        recovered_s=recovered_s,
        memory_bytes=memory,
    )


async def watch(process: int, memory: dict[int, int]) -> None:
    """Note the server's memory twice a minute."""
    started = time.monotonic()
    while True:
        memory[round(time.monotonic() - started)] = await asyncio.to_thread(memory_of, process)
        await asyncio.sleep(30)


async def kill_under_load(
    bundle: Path, folder: Path, workers: int, rate_per_s: float, body: Body
) -> tuple[float, Load]:
    """Kill a server under load, and start another at once: how long until that answers?"""
    with served(bundle, folder / "first", "--workers", workers) as first:
        port = first.url.rstrip("/").rpartition(":")[2]
        loading = asyncio.create_task(open_loop(first.url, rate_per_s, 25, mixed, body))
        await asyncio.sleep(3)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
    killed = time.monotonic()
    started = asyncio.get_running_loop().run_in_executor

    def again() -> float:
        with served(bundle, folder / "second", "--workers", workers, "--port", port) as second:
            recovered_s = time.monotonic() - killed
            time.sleep(20)
            assert second.process.poll() is None
            return recovered_s

    recovered_s = await started(None, again)
    asked = await loading
    return recovered_s, load_of("mixed, new, ½ × capacity, killed after 3 s", rate_per_s, asked)


def table(result: LoadResult) -> Table:
    """Return the loads as a table."""
    return Rows(list(result.loads)).table(
        "Open loop; latencies of all answers, from when each was due",
        Column("load", lambda row: row.name),
        Number("a second", lambda row: f"{row.rate_per_s:.0f}"),
        Number("requests", lambda row: format_count(row.requests)),
        Column("answers", lambda row: ", ".join(f"{n} {kind}" for kind, n in row.answers.items())),
        Number("p50 ms", lambda row: format_ms(row.p50_ms)),
        Number("p95 ms", lambda row: format_ms(row.p95_ms)),
        Number("p99 ms", lambda row: format_ms(row.p99_ms)),
        Number("started late, p99 ms", lambda row: format_ms(row.late_p99_ms)),
        Number("load average", lambda row: f"{row.load_average:.1f}"),
    )


def main() -> None:
    """Measure a bundle; by default the demo's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", nargs="?", type=Path, default=RELEASED)
    parser.add_argument("--seconds", type=float, default=20, help="of each load; default: 20")
    parser.add_argument(
        "--long",
        metavar="SECONDS",
        type=float,
        nargs="?",
        const=600,
        default=0,
        help="watch memory under load for so long besides; without a number, ten minutes",
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "load")
    options = parser.parse_args()
    result = uvloop.run(
        measure(options.bundle, options.out, options.seconds, options.long, options.workers)
    )
    result.write(options.out / "load.json")
    print_tables([table(result)])
    print(f"capacity, uncached: {json.dumps(result.capacity_per_s)} a second")
    print(f"after a kill, a new server answered in {result.recovered_s:.1f} s")
    if result.memory_bytes:
        values = list(result.memory_bytes.values())
        early, late = statistics.median(values[1:4]), statistics.median(values[-3:])
        print(
            f"memory: {format_bytes(int(early))} in minute 1, {format_bytes(int(late))} at the end"
        )
    print(f"kept in {options.out / 'load.json'}")


if __name__ == "__main__":
    main()
