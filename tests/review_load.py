"""How fast is the review page with many pictures? `make review-load` prints a table.

A run of 100,000 pictures at 224 px, 5,000 findings and 20,000 answers of two people. Asked from the
same machine, one request after another, beside nothing else; figures hold for this machine.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgetag.dataset import open_dataset
from edgetag.reviewing.opening import open_review
from edgetag.reviewing.store import Change
from tests.support.reviewed import Review, make_reviewed, reviewing

TAGS = tuple(f"tag {number}" for number in range(20))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        count = options.pictures
        run = make_reviewed(Path(folder), count, count // 20, TAGS, size=224)
        with open_review(run.workspace, open_dataset(run.workspace)) as (_, store):
            store.add(
                Change(f"answer {n}", f"{n // 2:064x}", "", TAGS[0], 0, n % 3 % 2, "ab"[n % 2])
                for n in range(count // 5)
            )
        started = time.monotonic()
        with reviewing(run) as server:
            print(
                f"{count:,} pictures; the page is served after {time.monotonic() - started:.1f} s"
            )
            print(f"{'what':44}{'median':>10}{'p95':>10}{'p99':>10}   ms")
            measure(server, count, options.rounds)


def measure(server: Review, count: int, rounds: int) -> None:
    """Print a row for each thing that the page asks for."""
    chance = random.Random(1)

    def after() -> str:
        return f"{chance.randrange(count):064x}"

    def filtered() -> None:
        server.pictures(after=after(), tag=chance.choice(TAGS), split="train", state="open")

    def page_with_pictures() -> None:
        views = server.pictures(after=after())["pictures"]
        server.client.get(
            "/v1/thumbnails", params={"identity": [view["identity"] for view in views]}
        ).raise_for_status()

    row("a page of 100, anywhere", rounds, lambda: server.pictures(after=after()))
    row("a page of 100, by tag, split and state", rounds, filtered)
    row("a page of 100 with its 100 pictures", rounds // 5, page_with_pictures)
    row("an answer, on the disk", rounds, lambda: server.say(chance.randrange(count), TAGS[1], 1))
    row("what others changed", rounds, lambda: server.client.get("/v1/changes?since=20000"))


def row(what: str, rounds: int, work: Callable[[], object]) -> None:
    """Time some work again and again, and print it."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1e3)
    cells = "".join(f"{value:10.1f}" for value in np.percentile(times, [50, 95, 99]))
    print(f"{what:44}{cells}", flush=True)


if __name__ == "__main__":
    main()
