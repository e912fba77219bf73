"""Where rare tags and surpluses go, worked out by hand."""

import hashlib
from collections.abc import Mapping, Sequence

import pytest

from edgetag.dataset.split import SplitItem, assign_splits
from edgetag.recipe import SplitSection

RARE_FIRST = SplitSection(rare_tags_first=True)
RARE_FIRST_BY_GROUP = SplitSection(by="group", rare_tags_first=True)
BALANCED = SplitSection(balance=True)
Labels = Sequence[int | None]
SHORT = {"train": ".", "test": "t", "validation": "v"}


def shown(splits: Sequence[str]) -> str:
    return "".join(SHORT[split] for split in splits)


def positives(count: int, splits: Mapping[int, str] | None = None) -> list[SplitItem]:
    """Return pictures with a tag, in the order of their digests, which alone would all train."""
    given = splits or {}
    return [SplitItem(f"{n:038x}ff", None, given.get(n), (1,)) for n in range(count)]


def groups(*members: Sequence[Labels]) -> list[SplitItem]:
    """Return pictures of groups, in the order in which the groups' digests come."""

    def digest(name: str) -> str:
        return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()

    names = sorted((f"group {number}" for number in range(len(members))), key=digest)
    return [
        SplitItem(digest(f"{name} {number}"), name, None, tuple(labels))
        for name, rows in zip(names, members, strict=True)
        for number, labels in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, "."),
        (2, "t."),
        (3, "tv."),
        (15, "tv" + "." * 13),  # 15 × 25 / 256 = 1.46
        (16, "ttvv" + "." * 12),  # 1.56
        (25, "ttvv" + "." * 21),  # 2.44
        (26, "tttvvv" + "." * 20),  # 2.54
    ],
)
def test_the_first_digests_of_a_rare_tag_fill_test_then_validation(
    count: int, expected: str
) -> None:
    assert shown(assign_splits(positives(count), RARE_FIRST)) == expected
    assert shown(assign_splits(positives(count), SplitSection())) == "." * count


def test_what_a_source_gives_counts_towards_the_quota() -> None:
    assert shown(assign_splits(positives(3, {2: "train"}), RARE_FIRST)) == "tv."
    assert shown(assign_splits(positives(4, {3: "test"}), RARE_FIRST)) == "v..t"
    assert shown(assign_splits(positives(16, {15: "test"}), RARE_FIRST)) == "tvv" + "." * 12 + "t"
    assert shown(assign_splits(positives(3, {0: "validation"}), RARE_FIRST)) == "vt."


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        # 3 of 32 pictures for test and as many for validation.
        ([3, 1, 1, *[1] * 27], "tvvv" + "." * 26),
        ([4, 2, 2, *[1] * 24], ".tvtv" + "." * 22),
        ([2, 2, 2, 2, *[1] * 24], "tv..tv" + "." * 22),
        # No group is as small as the one picture of each: the smallest goes.
        ([5, 4, 6], "vt."),
        ([4, 4, 4], "tv."),
    ],
)
def test_a_group_larger_than_what_is_left_is_passed_over_unless_nothing_is_smaller(
    sizes: list[int], expected: str
) -> None:
    items = groups(*([(1,)] * size for size in sizes))
    splits = dict(
        zip((item.group for item in items), assign_splits(items, RARE_FIRST_BY_GROUP), strict=True)
    )
    assert shown(list(splits.values())) == expected


def test_the_rarer_tag_is_placed_first() -> None:
    # The second tag lies on the last three pictures alone; then 2 of 20 are left to the first.
    items = [SplitItem(f"{n:038x}ff", None, None, (1, int(n >= 17))) for n in range(20)]
    assert shown(assign_splits(items, RARE_FIRST)) == "tv" + "." * 15 + "tv."


BOTH, FIRST, SECOND, NONE = (1, 1), (1, 0), (0, 1), (None, 0)


def test_of_tags_on_as_many_groups_the_one_on_fewer_pictures_is_placed_first() -> None:
    items = groups([FIRST, FIRST], [FIRST], [BOTH], [SECOND], [SECOND])
    assert shown(assign_splits(items, RARE_FIRST_BY_GROUP)) == "..vtv."
    # Pictures without the tag, or of which nobody knows, do not count.
    items = groups([FIRST, NONE], [FIRST], [BOTH], [SECOND, NONE, NONE], [SECOND])
    assert shown(assign_splits(items, RARE_FIRST_BY_GROUP)) == "ttv.tttv"


def test_a_group_of_two_given_splits_goes_with_the_least_by_name() -> None:
    for given in (["validation", "test"], ["test", "validation"]):
        items = [SplitItem(f"{n:040x}", "g", split, (1,)) for n, split in enumerate(given)]
        items.append(SplitItem("f" * 40, "g", None, (1,)))
        assert assign_splits(items, SplitSection(by="group")) == [*given, "test"]


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ([[1], [0]], "tt"),
        ([[1], [1], [0]], "t.t"),  # of a surplus the last go
        ([[0], [0], [0], [1]], "t..t"),
        ([[None], [None], [1], [0], [0]], "tttt."),
        ([[1, 1, 1], [1], [1], [0, 0, 0]], "t..t"),  # 2 too many: the three together stay
        ([[1, 1], [1], [0]], "..."),  # nothing smaller is left of the second: all go
        ([[1, 0, 1], [0, 1], [0, None]], "ttt"),
        ([[0, 0], [1], [0, 0]], "..."),
    ],
)
def test_balance_moves_whole_files_and_the_last_first(
    units: list[list[int | None]], expected: str
) -> None:
    items = [
        SplitItem(f"{number:038x}00", None, None, (label,))
        for number, labels in enumerate(units)
        for label in labels
    ]
    splits = dict(zip((item.sha1 for item in items), assign_splits(items, BALANCED), strict=True))
    assert shown(list(splits.values())) == expected
