"""The worst of several decisions, and what a command ends with."""

from itertools import combinations, permutations
from typing import get_args

from edgetag.errors import ExitCode
from edgetag.judging.decisions import EXIT_CODES, RANK, Decision, TagDecision, worst


def test_every_decision_has_a_rank_and_those_of_files_an_exit_code() -> None:
    assert set(RANK) == set(get_args(TagDecision))
    assert set(EXIT_CODES) == set(get_args(Decision)) < set(RANK)


def test_the_worst_decides_in_any_order() -> None:
    for order in permutations(get_args(Decision)):
        assert worst(order) == "fail"
    assert worst(["pass", "not judged"]) == "not judged"
    assert worst(["undecided", "not judged", "pass"]) == "undecided"


def test_of_two_decisions_the_worse_counts_in_either_order() -> None:
    falling: tuple[Decision, ...] = ("fail", "undecided", "not judged", "pass")
    assert set(falling) == set(get_args(Decision))
    for worse, better in combinations(falling, 2):
        assert worst([worse, better]) == worst([better, worse]) == worse


def test_nothing_is_undecided_unless_told_otherwise() -> None:
    assert worst([]) == "undecided"
    assert worst([], of_none="pass") == "pass"


def test_only_a_pass_ends_with_0() -> None:
    accepted = {name for name, code in EXIT_CODES.items() if code is ExitCode.ACCEPTED}
    assert accepted == {"pass"}
