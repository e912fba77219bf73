"""Pairs of pictures in different splits whose perceptual hashes nearly agree.

With bits as ±1 the scalar product of two hashes is 64 − 2 × their Hamming distance, so a matrix
product, the fastest thing a machine does, finds every pair without an index.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from edgetag.dataset.split import TRAIN

BITS = 64
ROWS, COLUMNS = 1024, 8192
"""Block of a matrix product: 32 MB of float32."""

Signs = npt.NDArray[np.float32]
"""Hashes `[images, 64]` with bits as ±1."""


def signs(hashes: Sequence[str]) -> Signs:
    """Turn hashes of 16 hex digits into `[images, 64]` of ±1."""
    data = np.frombuffer(bytes.fromhex("".join(hashes)), dtype=np.uint8).reshape(-1, BITS // 8)
    return np.unpackbits(data, axis=1).astype(np.float32) * 2 - 1


def nearest(queries: Signs, others: Signs) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return for each query the first nearest of the others and its distance in bits.

    `queries` are `[n, 64]`, `others` `[m, 64]` with m at least 1.

    Returns:
        Positions `[n]` among the others and Hamming distances `[n]`.
    """
    where = np.zeros(len(queries), dtype=np.int64)
    product = np.full(len(queries), -np.inf, dtype=np.float32)
    for top in range(0, len(queries), ROWS):
        rows = slice(top, top + ROWS)
        for left in range(0, len(others), COLUMNS):
            block = queries[rows] @ others[left : left + COLUMNS].T
            best = block.argmax(axis=1)
            value = block[np.arange(len(block)), best]
            better = value > product[rows]
            where[rows][better] = best[better] + left
            product[rows][better] = value[better]
    return where, ((BITS - product) / 2).astype(np.int64)


def find_near_duplicates(
    hashes: Sequence[str], splits: Sequence[str], max_bits: int
) -> list[tuple[int, int, int]]:
    """Find evaluation images that nearly equal an image of another split.

    Returns:
        For each evaluation image and each other split where there is one: its position, the
        nearest image's, and their distance. A pair of evaluation splits is compared once.
    """
    if not hashes:
        return []
    bits = signs(hashes)
    rows: Mapping[str, npt.NDArray[np.int64]] = {
        split: np.flatnonzero(np.array(splits) == split).astype(np.int64)
        for split in sorted(set(splits), key=lambda name: (name != TRAIN, name))
    }
    order = list(rows)
    pairs: list[tuple[int, int, int]] = []
    for later, split in enumerate(order):
        for other in order[:later]:
            where, distances = nearest(bits[rows[split]], bits[rows[other]])
            close = np.flatnonzero(distances <= max_bits)
            pairs += [
                (int(rows[split][i]), int(rows[other][where[i]]), int(distances[i])) for i in close
            ]
    return sorted(pairs)
