"""Every list has its turn, nothing is listed twice, and kin only once."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edgetag.dataset import open_dataset
from edgetag.dataset.near_duplicates import Signs
from edgetag.dataset.stage import run as build_data
from edgetag.mining.ranking import Candidate, Kin, ranked
from edgetag.progress import SilentProgress
from edgetag.recipe import DataSection, NetworkSection, Recipe
from edgetag.workspace import Workspace

ROWS = 12
GROUPS = [str(row // 3) for row in range(ROWS)]
LISTS = st.lists(st.lists(st.integers(0, ROWS - 1), unique=True), max_size=5)


def far_apart(row: int) -> Signs:
    """Return a hash that differs from every other row's in about half of its bits."""
    return np.random.default_rng(row).choice([-1.0, 1.0], 64).astype(np.float32)


KIN = Kin(GROUPS, far_apart, bits=4)


def candidates(lists: list[list[int]]) -> list[list[Candidate]]:
    return [
        [Candidate("suspect label", row, f"tag {number}", 0.5, "") for row in rows]
        for number, rows in enumerate(lists)
    ]


@pytest.mark.slow
@given(lists=LISTS, most=st.integers(1, 6))
def test_lists_take_turns_and_keep_their_order(lists: list[list[int]], most: int) -> None:
    chosen = ranked(candidates(lists), KIN, most)
    turns: Counter[str] = Counter()
    for each in chosen:
        turns[each.tag] += 1
        assert turns[each.tag] == max(turns.values()), "a list is ahead of one that waited"
    for number, rows in enumerate(lists):
        taken = [each.row for each in chosen if each.tag == f"tag {number}"]
        assert taken == [row for row in rows if row in taken]
        assert len(taken) <= most


@pytest.mark.slow
@given(lists=LISTS, most=st.integers(1, 6))
def test_of_a_group_only_the_most_urgent_is_listed(lists: list[list[int]], most: int) -> None:
    for number, rows in enumerate(lists):
        taken = [e.row for e in ranked(candidates(lists), KIN, most) if e.tag == f"tag {number}"]
        groups = [GROUPS[row] for row in taken]
        assert len(groups) == len(set(groups))
        first = {GROUPS[row]: row for row in reversed(rows)}
        assert all(first[GROUPS[row]] == row for row in taken)
        assert len(taken) == min(most, len(first))


def test_of_pictures_that_nearly_agree_one_is_listed_though_their_groups_differ() -> None:
    def hash_of(row: int) -> Signs:
        own = far_apart(row // 2)  # two of each,
        own[:row] *= -1 if row % 2 else 1  # of which the second differs in as many bits as its row
        return own

    kin = Kin([str(row) for row in range(8)], hash_of, bits=4)
    (lists,) = candidates([[0, 1, 2, 3, 4, 5, 6, 7]])
    assert [each.row for each in ranked([lists], kin, 8)] == [0, 2, 4, 5, 6, 7]


def test_bars_beside_pictures_do_not_make_them_kin(tmp_path: Path) -> None:
    lines = ["path,cat"]
    for number in range(8):
        pixels = np.random.default_rng(number).integers(150, 256, (2, 4, 3), np.uint8)
        Image.fromarray(pixels).resize((64, 4)).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,1")
    (tmp_path / "t.csv").write_text("\n".join(lines))
    recipe = Recipe(
        name="x",
        data=DataSection(source=tmp_path / "t.csv", tags=("cat",)),
        network=NetworkSection(input_size=64),
    )
    build_data(recipe, Workspace(tmp_path / "run"), SilentProgress())
    dataset = open_dataset(Workspace(tmp_path / "run"))
    kin = Kin.over(dataset, [str(row) for row in range(8)], bits=4)
    (lists,) = candidates([list(range(8))])
    assert [each.row for each in ranked([lists], kin, 8)] == list(range(8))


def test_what_is_like_its_own_kin_is_not_listed() -> None:
    of_its_group = Candidate("suspect label", 1, "tag", 0.5, "", beside=0)
    of_another = Candidate("suspect label", 4, "tag", 0.5, "", beside=0)
    assert ranked([[of_its_group, of_another]], KIN, 5) == (of_another,)
