"""What a search chooses, which trials it trains on, and what it says of the others."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.recipe import Cost, SearchBudget
from edgetag.search.choosing import (
    LIMITS,
    best_of,
    dominates,
    excesses,
    explained,
    front_of,
    measured_by,
    outdone_by,
    promising,
)
from edgetag.search.result import Measures, SearchTrial

COST: Cost = "multiplications"


def trial(
    name: str,
    cost: int = 10,
    score: float | None = 0.5,
    *,
    budgets: dict[str, float] | None = None,
    trained: float = 1,
    distance: float = 0.2,
    input_size: int = 96,
) -> SearchTrial:
    drop = None if score is None else 0.9 - score
    measures = Measures(
        map=score,
        map_drop=drop,
        logit_rmse=distance,
        multiplications=cost,
        size_bytes=10 * cost,
        gzip_bytes=9 * cost,
    )
    return SearchTrial(
        name=name,
        network="model3",
        input_size=input_size,
        variant="int8",
        sparsity=0,
        trained=trained,
        measures=measures,
        exceeds=excesses(measures, budgets or {}),
    )


limits = st.fixed_dictionaries(
    {},
    optional={
        "min_map": st.floats(0, 1),
        "max_map_drop": st.floats(0, 1),
        "max_multiplications": st.integers(1, 30),
        "max_size_bytes": st.integers(1, 300),
    },
)


@st.composite
def trials_of(draw: st.DrawFn, budgets: dict[str, float]) -> list[SearchTrial]:
    count = draw(st.integers(1, 8))
    return [
        trial(
            f"t{number}",
            draw(st.integers(1, 30)),
            draw(st.sampled_from((0.1, 0.4, 0.5, 0.9))),
            budgets=budgets,
            trained=draw(st.sampled_from((0, 1 / 3, 1, 1))),
            distance=draw(st.floats(0, 3)),
            input_size=draw(st.sampled_from((64, 96))),
        )
        for number in range(count)
    ]


@pytest.mark.slow
@given(st.data(), limits)
def test_what_keeps_every_budget_is_never_passed_over_for_what_does_not(
    data: st.DataObject, budgets: dict[str, float]
) -> None:
    trials = data.draw(trials_of(budgets))
    chosen = best_of(trials, budgets, COST)
    final = [each for each in trials if each.is_final]
    assert (chosen is None) == (not final)
    if chosen is not None and any(not each.exceeds for each in final):
        assert not chosen.exceeds


@pytest.mark.slow
@given(st.data(), limits)
def test_what_is_chosen_is_dominated_by_nothing_that_keeps_the_budgets(
    data: st.DataObject, budgets: dict[str, float]
) -> None:
    trials = data.draw(trials_of(budgets))
    chosen = best_of(trials, budgets, COST)
    if chosen is None or chosen.exceeds:
        return
    keeping = [each for each in trials if each.is_final and not each.exceeds]
    assert not [each for each in keeping if dominates(each, chosen, COST)]


@pytest.mark.slow
@given(st.data(), limits)
def test_where_nothing_keeps_every_budget_no_other_is_nearer(
    data: st.DataObject, budgets: dict[str, float]
) -> None:
    trials = data.draw(trials_of(budgets))
    chosen = best_of(trials, budgets, COST)
    if chosen is None or not chosen.exceeds:
        return
    worst = max(chosen.exceeds.values())
    assert all(max(each.exceeds.values()) >= worst for each in trials if each.is_final)


@pytest.mark.slow
@given(st.data())
def test_the_front_is_of_final_trials_and_beats_all_others(data: st.DataObject) -> None:
    trials = data.draw(trials_of({}))
    front = front_of(trials, COST)
    costs = [each.cost(COST) for each in front]
    assert costs == sorted(costs)
    for each in (each for each in trials if each.is_final and each not in front):
        assert any(dominates(other, each, COST) for other in front)


@pytest.mark.slow
@given(st.data())
def test_the_better_half_is_trained_on(data: st.DataObject) -> None:
    trials = data.draw(trials_of({}))
    best = promising(trials, {}, COST)
    assert len(best) == (len(trials) + 1) // 2
    assert len({each.name for each in best}) == len(best)


def test_with_a_limit_on_accuracy_the_cheapest_is_chosen_without_one_the_most_accurate() -> None:
    trials = [trial("cheap", 5, 0.6), trial("good", 9, 0.8)]
    for budgets, name in (({"min_map": 0.55}, "cheap"), ({"max_size_bytes": 100}, "good")):
        chosen = best_of(trials, budgets, COST)
        assert chosen is not None
        assert chosen.name == name


def test_of_one_float_model_the_nearer_is_more_promising_of_several_the_more_accurate() -> None:
    near, lucky = trial("near", score=0.5, distance=0.2), trial("lucky", score=0.6, distance=0.9)
    assert promising([near, lucky], {}, COST) == [near]
    larger = lucky.replace(input_size=128)
    assert promising([near, larger], {}, COST) == [larger]


def test_what_has_had_little_training_is_not_chosen() -> None:
    assert best_of([trial("a", trained=0)], {}, COST) is None


def test_training_is_in_vain_where_something_as_cheap_keeps_every_budget() -> None:
    budgets = {"max_map_drop": 0.5}
    kept, waiting = trial("kept", 10, 0.5, budgets=budgets), trial("w", 10, 0.4, trained=0)
    assert outdone_by(waiting, [kept, waiting], budgets, COST) == kept
    assert outdone_by(waiting, [kept, waiting], {"max_size_bytes": 999}, COST) is None
    cheaper = trial("cheaper", 9, 0.4, trained=0)
    assert outdone_by(cheaper, [kept, cheaper], budgets, COST) is None


@pytest.mark.parametrize("key", LIMITS)
def test_every_limit_is_held_against_a_measure(key: str) -> None:
    measures = Measures(multiplications=1, size_bytes=2, gzip_bytes=3)
    assert key in SearchBudget.model_fields
    measured_by(measures, key)  # raises where there is no such measure


def test_what_was_not_measured_breaks_its_limit_worst() -> None:
    measures = Measures(map=0.0, multiplications=1, size_bytes=10**9, gzip_bytes=3)
    broken = excesses(measures, {"min_map": 1, "max_size_bytes": 1, "max_latency_ms": 1})
    assert max(broken, key=lambda key: broken[key]) == "max_latency_ms"


def test_a_limit_of_zero_is_broken_by_a_finite_share() -> None:
    assert 0 < trial("a", budgets={"max_map_drop": 0.0}).exceeds["max_map_drop"] < 1e9


@pytest.mark.parametrize(
    ("loser", "budgets", "why"),
    [
        (trial("x", 12, 0.7), {}, "dominated by best"),
        (trial("x", 12, 0.9), {"min_map": 0.5}, "keeps every budget, but best costs less"),
        (trial("x", 5, 0.7), {}, "keeps every budget, but best is more accurate"),
        (
            trial("x", 12, 0.9, budgets={"max_size_bytes": 110}),
            {},
            "breaks max_size_bytes: 120 B",
        ),
        (trial("x", trained=0).replace(failure="no"), {}, "failed: no"),
    ],
)
def test_every_loser_says_why(loser: SearchTrial, budgets: dict[str, float], why: str) -> None:
    best = trial("best", 10, 0.8)
    trials: Sequence[SearchTrial] = [best, loser]
    assert best_of(trials, budgets, COST) == best
    assert explained(loser, best, trials, COST).why == why
    assert explained(best, best, trials, COST).why == "chosen"


def test_of_two_alike_the_loser_is_not_said_to_be_less_accurate() -> None:
    best, other = trial("a", 10, 0.8), trial("b", 10, 0.8)
    assert best_of([other, best], {}, COST) == best
    assert explained(other, best, [other, best], COST).why == (
        "keeps every budget, but a costs as little, is as accurate, and comes first by name"
    )


def test_what_breaks_a_budget_is_not_why_another_one_lost_that_keeps_all() -> None:
    budgets = {"max_map_drop": 0.5, "max_logit_rmse": 0.3}
    best, other = trial("best", 10, 0.6, budgets=budgets), trial("b", 20, 0.7, budgets=budgets)
    far = trial("far", 15, 0.8, budgets=budgets, distance=0.9)
    trials = [best, other, far]
    assert best_of(trials, budgets, COST) == best
    told = explained(other, best, trials, COST)
    assert (told.dominated_by, told.why) == ("far", "keeps every budget, but best costs less")
