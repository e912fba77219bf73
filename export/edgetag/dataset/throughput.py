"""How many images per second a training input pipeline delivers."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from edgetag.image_cache import ImageCache
from edgetag.preprocess import Pixels
from edgetag.records import Record


class Throughput(Record):
    """What was measured; images/s is `images / seconds`."""

    images: int
    seconds: float
    batches: int

    @property
    def images_per_s(self) -> float:
        """Images a second."""
        return self.images / self.seconds


def measure_batches(
    batches: Iterable[Any], seconds: float = 2.0, warmup_batches: int = 5
) -> Throughput:
    """Draw batches as fast as they come.

    Args:
        batches: Anything whose items have a length, or are tuples whose first item has.
        seconds: How long to draw; shorter if the batches end.
        warmup_batches: Drawn first and not counted.

    Raises:
        ValueError: There are no more batches than those for the warm-up.
    """
    source = iter(batches)
    for _ in range(warmup_batches):
        next(source, None)
    images = count = 0
    started = time.perf_counter()
    elapsed = 0.0
    for batch in source:
        images += len(batch[0] if isinstance(batch, tuple) else batch)
        count += 1
        elapsed = time.perf_counter() - started
        if elapsed >= seconds:
            break
    if not count:
        raise ValueError("no batch was left to measure")
    return Throughput(images=images, seconds=elapsed, batches=count)


def random_batches(
    cache: ImageCache, batch_size: int, rows: np.ndarray[Any, Any] | None = None, seed: int = 1
) -> Iterator[Pixels]:
    """Yield batches of a cache without end, every image once per shuffled round.

    Args:
        cache: The images.
        batch_size: Images per batch; at most as many as there are rows.
        rows: The rows to draw from, all by default.
        seed: Seed of the order.
    """
    rows = np.arange(len(cache)) if rows is None else rows
    random = np.random.default_rng(seed)
    size = min(batch_size, len(rows))
    while True:
        order = random.permutation(rows)
        for start in range(0, len(order) - size + 1, size):
            yield cache[order[start : start + size]]


def measure_cache(
    cache: ImageCache,
    batch_size: int,
    rows: np.ndarray[Any, Any] | None = None,
    seconds: float = 2.0,
) -> Throughput:
    """Measure random batches read from a cache, the input of a training step.

    The first round reads from the disk; later rounds from memory, if the cache fits there.
    """
    return measure_batches(random_batches(cache, batch_size, rows), seconds)
