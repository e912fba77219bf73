"""Splits depend on bytes and groups alone, keep groups whole, and balance exactly."""

import hashlib
import random
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from edgetag.dataset.split import SHARE, SplitItem, assign_splits, split_of
from edgetag.recipe import SplitSection

labels = st.sampled_from([0, 1, None])


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def item_lists(tags: int = 2, explicit: bool = False) -> st.SearchStrategy[list[SplitItem]]:
    splits = st.sampled_from([None, None, "train", "test", "validation", "test_art"])
    fields = st.tuples(
        st.integers(0, 10**6),
        st.none() | st.sampled_from("abcdefghij"),
        splits if explicit else st.none(),
        st.tuples(*[labels] * tags),
    )
    return st.lists(fields, max_size=60).map(
        lambda rows: [
            SplitItem(sha1(f"{seed} {i}"), group, split, row)
            for i, (seed, group, split, row) in enumerate(rows)
        ]
    )


sections = st.builds(
    SplitSection,
    by=st.sampled_from(["content", "group"]),
    balance=st.just(False),
    rare_tags_first=st.booleans(),
)


def test_the_last_byte_decides() -> None:
    counts = {"test": 0, "validation": 0, "train": 0}
    for last in range(256):
        counts[split_of(f"{'0' * 38}{last:02x}")] += 1
    assert counts == {"test": 25, "validation": 25, "train": 206}
    assert [split_of(f"{n:040x}") for n in (0, 24, 25, 49, 50, 255)] == [
        "test",
        "test",
        "validation",
        "validation",
        "train",
        "train",
    ]


def test_nothing_but_the_last_byte_decides() -> None:
    for last in ("00", "18", "19", "31", "32", "ff"):
        assert split_of("f" * 38 + last) == split_of("0" * 38 + last)


def test_a_group_goes_where_its_name_says() -> None:
    names = [f"group {number}" for number in range(60)]
    items = [SplitItem(sha1(f"{name}, {n}"), name, None, ()) for name in names for n in (1, 2)]
    splits = assign_splits(items, SplitSection(by="group", rare_tags_first=False))
    assert splits == [split_of(sha1(name)) for name in names for _ in (1, 2)]
    assert len(set(splits)) == 3


@settings(max_examples=60)
@given(item_lists(explicit=True), sections, st.randoms())
def test_the_order_of_images_does_not_matter(
    items: list[SplitItem], section: SplitSection, rng: random.Random
) -> None:
    order = list(range(len(items)))
    rng.shuffle(order)
    plain = assign_splits(items, section)
    assert assign_splits([items[i] for i in order], section) == [plain[i] for i in order]


@settings(max_examples=60)
@given(item_lists(), st.booleans(), st.booleans())
def test_groups_never_straddle_splits(items: list[SplitItem], rare: bool, balance: bool) -> None:
    section = SplitSection(by="group", rare_tags_first=rare, balance=balance)
    found: dict[str, set[str]] = {}
    for item, split in zip(items, assign_splits(items, section), strict=True):
        if item.group is not None:
            found.setdefault(item.group, set()).add(split)
    assert all(len(splits) == 1 for splits in found.values())


@settings(max_examples=60)
@given(item_lists(explicit=True), sections, st.booleans())
def test_an_explicit_split_wins(
    items: list[SplitItem], section: SplitSection, balance: bool
) -> None:
    section = section.replace(balance=balance)
    for item, split in zip(items, assign_splits(items, section), strict=True):
        assert item.explicit in (None, split)


@settings(max_examples=60)
@given(item_lists(tags=1), st.sampled_from(["content", "group"]), st.booleans())
def test_balance_leaves_as_many_of_each_class_in_test_and_validation(
    items: list[SplitItem], by: Literal["content", "group"], rare: bool
) -> None:
    section = SplitSection(by=by, balance=True, rare_tags_first=rare)
    splits = assign_splits(items, section)
    for name in ("test", "validation"):
        known = [i.labels[0] for i, split in zip(items, splits, strict=True) if split == name]
        assert known.count(1) == known.count(0)


@settings(max_examples=60)
@given(item_lists(tags=1))
def test_balance_cuts_only_the_surplus_and_keeps_the_first_of_each_class(
    items: list[SplitItem],
) -> None:
    plain = assign_splits(items, SplitSection())
    balanced = assign_splits(items, SplitSection(balance=True))
    for name in ("test", "validation"):
        before = [i for i, split in enumerate(plain) if split == name]
        by_class = {label: [i for i in before if items[i].labels[0] == label] for label in (0, 1)}
        n = min(map(len, by_class.values()))
        expected = {*by_class[0][:n], *by_class[1][:n]}
        expected |= {i for i in before if items[i].labels[0] is None}
        assert {i for i, split in enumerate(balanced) if split == name} == expected


def test_balance_moves_another_picture_where_a_split_is_explicit() -> None:
    items = [
        SplitItem("0" * 39 + "1", None, None, (1,)),
        SplitItem("0" * 39 + "2", None, None, (0,)),
        SplitItem("0" * 39 + "3", None, "test", (1,)),
    ]
    assert assign_splits(items, SplitSection()) == ["test"] * 3
    assert assign_splits(items, SplitSection(balance=True)) == ["train", "test", "test"]


def test_balance_reproduces_the_arithmetic_of_the_hashed_classifier() -> None:
    """22,640 pictures, 7,617 of one class: the rarer class decides, the surplus trains."""
    items = [SplitItem(sha1(str(i)), None, None, (int(i >= 7617),)) for i in range(22_640)]
    splits = assign_splits(items, SplitSection(balance=True))
    rare = [split_of(item.sha1) for item in items[:7617]]
    assert splits.count("test") == 2 * rare.count("test")
    assert splits.count("validation") == 2 * rare.count("validation")
    assert len(splits) == 22_640


@settings(max_examples=60)
@given(st.lists(st.integers(3, 12), min_size=1, max_size=6), st.integers(0, 10**6))
def test_rare_tags_first_puts_every_tag_with_three_images_into_every_split(
    sizes: list[int], seed: int
) -> None:
    items = [
        SplitItem(
            sha1(f"{seed} {tag} {i}"),
            None,
            None,
            tuple(int(t == tag) for t in range(len(sizes))),
        )
        for tag, size in enumerate(sizes)
        for i in range(size)
    ]
    splits = assign_splits(items, SplitSection(rare_tags_first=True))
    for tag in range(len(sizes)):
        found = {s for i, s in zip(items, splits, strict=True) if i.labels[tag]}
        assert found == {"train", "validation", "test"}


def test_rare_tags_first_takes_about_the_usual_share_of_a_common_tag() -> None:
    items = [SplitItem(sha1(str(i)), f"g{i // 4}", None, (1,)) for i in range(2000)]
    splits = assign_splits(items, SplitSection(by="group", rare_tags_first=True))
    for name in ("test", "validation"):
        assert 2000 * SHARE - 4 <= splits.count(name) <= 2000 * SHARE


def test_one_giant_group_is_not_put_into_test_for_a_common_tag() -> None:
    items = [SplitItem(sha1(f"x{i}"), "giant", None, (1,)) for i in range(500)]
    items += [SplitItem(sha1(f"y{i}"), f"g{i}", None, (1,)) for i in range(100)]
    splits = assign_splits(items, SplitSection(by="group", rare_tags_first=True))
    assert set(splits[:500]) == {"train"}


def test_an_image_without_a_split_follows_its_group() -> None:
    items = [
        SplitItem("0" * 40, "g", "test_art", (1,)),
        SplitItem("f" * 40, "g", None, (1,)),
    ]
    assert assign_splits(items, SplitSection(by="group")) == ["test_art", "test_art"]
