"""Every list has its turn, nothing is listed twice, and kin only once."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from edgetag.mining.ranking import Candidate, ranked

ROWS = 12
GROUPS = [str(row // 3) for row in range(ROWS)]
LISTS = st.lists(st.lists(st.integers(0, ROWS - 1), unique=True), max_size=5)


def candidates(lists: list[list[int]]) -> list[list[Candidate]]:
    return [
        [Candidate("suspect label", row, f"tag {number}", 0.5, "") for row in rows]
        for number, rows in enumerate(lists)
    ]


@given(lists=LISTS, most=st.integers(1, 6))
def test_lists_take_turns_and_keep_their_order(lists: list[list[int]], most: int) -> None:
    chosen = ranked(candidates(lists), GROUPS, most)
    turns: Counter[str] = Counter()
    for each in chosen:
        turns[each.tag] += 1
        assert turns[each.tag] == max(turns.values()), "a list is ahead of one that waited"
    for number, rows in enumerate(lists):
        taken = [each.row for each in chosen if each.tag == f"tag {number}"]
        assert taken == [row for row in rows if row in taken]
        assert len(taken) <= most


@given(lists=LISTS, most=st.integers(1, 6))
def test_of_a_group_only_the_most_urgent_is_listed(lists: list[list[int]], most: int) -> None:
    for number, rows in enumerate(lists):
        taken = [e.row for e in ranked(candidates(lists), GROUPS, most) if e.tag == f"tag {number}"]
        groups = [GROUPS[row] for row in taken]
        assert len(groups) == len(set(groups))
        first = {GROUPS[row]: row for row in reversed(rows)}
        assert all(first[GROUPS[row]] == row for row in taken)
        assert len(taken) == min(most, len(first))
