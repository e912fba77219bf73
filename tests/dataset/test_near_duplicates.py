"""Near duplicates across splits are found exactly and fast."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetag.dataset.near_duplicates import find_near_duplicates, nearest, signs

hashes = st.lists(st.integers(0, 2**64 - 1).map(lambda n: f"{n:016x}"), min_size=1, max_size=30)


@settings(max_examples=60)
@given(hashes, hashes)
def test_the_nearest_is_the_one_that_counting_bits_finds(
    queries: list[str], others: list[str]
) -> None:
    where, distances = nearest(signs(queries), signs(others))
    for query, i, distance in zip(queries, where, distances, strict=True):
        all_bits = [(int(query, 16) ^ int(other, 16)).bit_count() for other in others]
        assert distance == min(all_bits) == all_bits[i]


def test_only_pairs_in_different_splits_count_and_each_once() -> None:
    same = "00000000000000ff"
    found = find_near_duplicates([same] * 4, ["train", "train", "test", "validation"], 0)
    assert found == [(2, 0, 0), (3, 0, 0), (3, 2, 0)]
    assert find_near_duplicates([same] * 4, ["train"] * 4, 16) == []


def test_the_limit_is_inclusive() -> None:
    pair = ["0000000000000000", "000000000000000f"]
    assert find_near_duplicates(pair, ["train", "test"], 4) == [(1, 0, 4)]
    assert find_near_duplicates(pair, ["train", "test"], 3) == []


def test_blocks_larger_than_one_product_are_covered() -> None:
    random = np.random.default_rng(1)
    numbers = random.integers(0, 2**63, 12_000, dtype=np.int64)
    texts = [f"{n:016x}" for n in numbers]
    texts[11_999] = texts[9_500]
    splits = ["train"] * 10_000 + ["test"] * 2_000
    found = find_near_duplicates(texts, splits, 0)
    assert found == [(11_999, 9_500, 0)]
