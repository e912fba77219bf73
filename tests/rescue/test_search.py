"""The search finds the fewest layers with few trials."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.rescue.search import DROPS_TRIED, Choice, fewest


class Counted:
    """Counts the choices that are tried; none may be tried twice in the end."""

    def __init__(self, is_enough: Callable[[tuple[int, ...]], bool], layers: int) -> None:
        self.tried: list[Choice] = []
        self._is_enough = is_enough
        self._layers = range(layers)

    def __call__(self, choice: Choice) -> bool:
        self.tried.append(choice)
        return self._is_enough(choice.of(self._layers))


@given(st.data(), st.integers(1, 300))
def test_as_many_of_the_ranking_are_kept_as_are_needed(data: st.DataObject, layers: int) -> None:
    needed = data.draw(st.integers(1, layers))
    trial = Counted(lambda kept: len(kept) >= needed, layers)
    found = fewest(layers, trial)
    assert found is not None
    assert found.of(range(layers)) == tuple(range(needed))
    assert len(trial.tried) <= 2 * math.ceil(math.log2(layers) + 1) + DROPS_TRIED


@given(st.sets(st.integers(0, 39), min_size=1, max_size=10))
def test_what_is_found_has_every_needed_layer_and_without_limit_no_other(needed: set[int]) -> None:
    trial = Counted(lambda kept: needed <= set(kept), 40)
    some = fewest(40, trial)
    exactly = fewest(40, trial, drops=40)
    assert some is not None
    assert needed <= set(some.of(range(40)))
    assert exactly is not None
    assert set(exactly.of(range(40))) == needed


def test_where_all_that_may_be_kept_are_too_few_nothing_is_found() -> None:
    trial = Counted(lambda kept: len(kept) >= 6, 20)
    assert fewest(5, trial) is None
    assert max(choice.count for choice in trial.tried) == 5


@pytest.mark.parametrize(
    ("choice", "name"), [(Choice(8), "8"), (Choice(8, (2, 4)), "8-without-3-5")]
)
def test_a_choice_has_a_name_of_its_own(choice: Choice, name: str) -> None:
    assert choice.name == name
    assert choice.of("abcdefghij") == tuple(
        letter for i, letter in enumerate("abcdefgh") if i not in choice.without
    )
