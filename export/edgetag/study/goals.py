"""What is asked of a file, on the command line or by the recipe's budgets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edgetag.errors import InputError
from edgetag.judging.checks import Bounds
from edgetag.recipe import Recipe
from edgetag.study.result import Accuracy, GoalCheck, Reached, Row

Measured = tuple[float | None, Bounds | None]

OF_PICTURES: dict[str, Callable[[Accuracy], Measured]] = {
    "map_drop": lambda own: (own.map_drop, own.map_drop_interval),
    "logit_rmse": lambda own: (own.logit_rmse, own.logit_rmse_interval),
}
"""What can be asked over a split: at most so much of it."""

OF_FILES: dict[str, Callable[[Row], Measured]] = {
    "latency_ratio": lambda row: (
        (row.latency_ratio.p50, row.latency_ratio.interval) if row.latency_ratio else (None, None)
    ),
    "instructions_ratio": lambda row: (row.instructions_ratio, None),
    "size_bytes": lambda row: (row.size_bytes, None),
}
"""What can be asked of a file as it is."""

OF_BUDGETS = {
    "max_map_drop": "map_drop",
    "max_logit_rmse": "logit_rmse",
    "max_size_bytes": "size_bytes",
}
"""The recipe's limits that mean the same; its latency ratio is against another file."""


@dataclass(frozen=True)
class Goal:
    """At most `limit` of a measure of one file, over a split; "" is the one that decides."""

    row: str
    measure: str
    limit: float
    split: str = ""


def parse_goal(text: str) -> Goal:
    """Read `int8-narrow50:latency_ratio=0.62`, or `int8:map_drop@test_style=0.0015`.

    Raises:
        InputError: It is not of this form, or there is no such measure.
    """
    place, _, limit = text.partition("=")
    row, _, asked = place.rpartition(":")
    measure, _, split = asked.partition("@")
    known = OF_PICTURES if split else {**OF_PICTURES, **OF_FILES}
    try:
        number = float(limit)
    except ValueError:
        number = float("nan")
    if not row or measure not in known or not abs(number) < float("inf"):
        raise InputError(
            f"--goal {text!r}: not FILE:MEASURE=NUMBER, such as int8:map_drop=0.0015; measures "
            f"are {', '.join([*OF_PICTURES, *OF_FILES])}, drops are fractions (0.01 is one point); "
            f"{' and '.join(OF_PICTURES)} can name a split: int8:map_drop@test_style=0.0015"
        )
    return Goal(row, measure, number, split)


def goals_of(recipe: Recipe, variants: Sequence[str], given: Sequence[str]) -> tuple[Goal, ...]:
    """Return what the recipe's budgets ask of variants, and what is given beside or instead.

    Raises:
        InputError: A given goal cannot be read, or names a file that is not studied.
    """
    goals: dict[tuple[str, str, str], Goal] = {}
    for variant in variants:
        for key, measure in OF_BUDGETS.items():
            limit = getattr(recipe.budget(variant), key)
            if limit is not None:
                goals[variant, measure, ""] = Goal(variant, measure, limit)
    for goal in map(parse_goal, given):
        if goal.row not in variants:
            raise InputError(f"--goal {goal.row}: not studied; there are: {', '.join(variants)}")
        splits = recipe.validation.splits
        if goal.split and goal.split not in splits:
            raise InputError(f"--goal {goal.split}: not scored; splits are {', '.join(splits)}")
        split = "" if goal.split == splits[0] else goal.split
        goals[goal.row, goal.measure, split] = replace(goal, split=split)
    return tuple(goals.values())


def check(goals: Sequence[Goal], rows: Sequence[Row]) -> tuple[GoalCheck, ...]:
    """Hold goals against what was measured."""
    by_name = {row.name: row for row in rows}
    checks = []
    for goal in goals:
        measured, interval = _measured(goal, by_name[goal.row])
        checks.append(
            GoalCheck(
                row=goal.row,
                goal=f"{goal.measure}@{goal.split}" if goal.split else goal.measure,
                limit=goal.limit,
                measured=measured,
                interval=interval,
                reached=_reached(goal.limit, measured, interval),
            )
        )
    return tuple(checks)


def _measured(goal: Goal, row: Row) -> Measured:
    if goal.measure in OF_FILES:
        return OF_FILES[goal.measure](row)
    own = next(each for each in row.accuracy if goal.split in ("", each.split))
    return OF_PICTURES[goal.measure](own)


def _reached(limit: float, measured: float | None, interval: Bounds | None) -> Reached:
    if measured is None:
        return "unknown"
    if measured > limit:
        return "missed"
    return "shown" if (interval or (measured, measured))[1] <= limit else "met"
