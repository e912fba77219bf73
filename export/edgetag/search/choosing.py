"""Which trial is chosen, which are worth more training, and why the others lost.

Nothing here makes or measures a file.
"""

from collections.abc import Callable, Mapping, Sequence
from math import ceil, inf

from edgetag.judging.wording import write_value
from edgetag.recipe import Cost, Limit, SearchBudget
from edgetag.search.result import Measures, SearchTrial

LIMITS: Mapping[str, Limit] = {
    key: limit
    for key, field in SearchBudget.model_fields.items()
    for limit in field.metadata
    if isinstance(limit, Limit)
}
"""Every limit of a search, by its key."""

ON_ACCURACY = tuple(key for key, limit in LIMITS.items() if limit.subject == "accuracy")
Budgets = Mapping[str, float]
Worth = Callable[[SearchTrial], float]
UNMEASURED = 1e9
LEAST_LIMIT = 1e-3
"""Of smaller limits, such as a drop of 0, excesses are shares of this."""


def measured_by(measures: Measures, key: str) -> float | None:
    """Return what is held against a limit, None where it was not measured."""
    value: float | None = getattr(measures, key.partition("_")[2])
    return value


def excesses(
    measures: Measures, budgets: Budgets, keys: Sequence[str] = tuple(LIMITS)
) -> dict[str, float]:
    """Return limit → by which share of itself it is broken, for those that are.

    What was not measured breaks a limit by more than anything that was.
    """
    broken = {}
    for key in keys:
        if key not in budgets:
            continue
        value, limit = measured_by(measures, key), budgets[key]
        if value is None:
            broken[key] = UNMEASURED
            continue
        over = limit - value if LIMITS[key].kind == "floor" else value - limit
        if over > 0:
            broken[key] = over / max(limit, LEAST_LIMIT)
    return broken


def accuracy(trial: SearchTrial) -> float:
    """Return mean average precision, −1 where there is none."""
    return trial.accuracy


def nearness(trial: SearchTrial) -> float:
    """Return the distance from the float model, turned around: nearer is more."""
    distance = trial.measures.logit_rmse if trial.measures else None
    return -inf if distance is None else -distance


def dominates(one: SearchTrial, other: SearchTrial, cost: Cost, worth: Worth = accuracy) -> bool:
    """Tell whether a trial costs as little and is worth as much, and is better in one of both."""
    own, others = (one.cost(cost), -worth(one)), (other.cost(cost), -worth(other))
    return own[0] <= others[0] and own[1] <= others[1] and own != others


def front_of(trials: Sequence[SearchTrial], cost: Cost) -> list[SearchTrial]:
    """Return the final trials that no other one dominates, the cheapest first."""
    final = [trial for trial in trials if trial.is_final]
    front = [own for own in final if not any(dominates(other, own, cost) for other in final)]
    return sorted(front, key=lambda trial: (trial.cost(cost), trial.name))


def best_of(trials: Sequence[SearchTrial], budgets: Budgets, cost: Cost) -> SearchTrial | None:
    """Return the trial that is chosen: of those that keep every budget, else the nearest.

    Where a limit is on accuracy the cheapest is best, and of equals the most accurate; without
    one the most accurate. The nearest is the one whose worst excess is the smallest.
    """
    final = [trial for trial in trials if trial.is_final]
    keeping = [trial for trial in final if not trial.exceeds]
    if keeping:
        by_cost = bool(set(ON_ACCURACY) & set(budgets))
        return min(
            keeping,
            key=lambda trial: (
                (trial.cost(cost), -trial.accuracy)
                if by_cost
                else (-trial.accuracy, trial.cost(cost)),
                trial.name,
            ),
        )
    return min(
        final,
        key=lambda trial: (max(trial.exceeds.values()), sum(trial.exceeds.values()), trial.name),
        default=None,
    )


def promising(trials: Sequence[SearchTrial], budgets: Budgets, cost: Cost) -> list[SearchTrial]:
    """Return the better half of trials that had as much training, the best first.

    Those come first that no other one dominates, then those that only these dominate, and so on;
    among equals the one whose limits on accuracy are broken least. Of one network at one size
    those nearer to its float model count as better, since mAP of little training is mostly chance.
    """
    floats = {(trial.network, trial.input_size) for trial in trials}
    worth = nearness if len(floats) == 1 else accuracy
    left, ranked = list(trials), list[SearchTrial]()
    while left:
        rank = [
            own for own in left if not any(dominates(other, own, cost, worth) for other in left)
        ]
        ranked += sorted(
            rank, key=lambda trial: (_worst_loss(trial, budgets), trial.cost(cost), trial.name)
        )
        left = [trial for trial in left if trial not in rank]
    return ranked[: ceil(len(ranked) / 2)]


def _worst_loss(trial: SearchTrial, budgets: Budgets) -> float:
    broken = excesses(trial.measures, budgets, ON_ACCURACY) if trial.measures else {}
    return max(broken.values(), default=0.0)


def outdone_by(
    trial: SearchTrial, trials: Sequence[SearchTrial], budgets: Budgets, cost: Cost
) -> SearchTrial | None:
    """Return a final trial that keeps every budget and is as cheap, so that training is in vain.

    Only where a limit is on accuracy, since without one the most accurate is best.
    """
    if not set(ON_ACCURACY) & set(budgets):
        return None
    return next(
        (
            other
            for other in trials
            if other.is_final and not other.exceeds and other.cost(cost) <= trial.cost(cost)
        ),
        None,
    )


def explained(
    trial: SearchTrial, chosen: SearchTrial, trials: Sequence[SearchTrial], cost: Cost
) -> SearchTrial:
    """Return a trial with the reason why it was not chosen, or with the word that it was."""
    dominating = [other for other in trials if other.is_final and dominates(other, trial, cost)]
    # What breaks a budget is not why another one lost that keeps all.
    by = min(
        dominating,
        key=lambda other: (bool(other.exceeds), -other.accuracy, other.name),
        default=None,
    )
    update = {"dominated_by": by.name if by and trial.is_final else None}
    why = trial.why
    if trial.name == chosen.name:
        why = "chosen" if not chosen.exceeds else f"nearest: {broken_limits(trial)}"
    elif trial.failure is not None:
        why = f"failed: {trial.failure}"
    elif trial.is_final and trial.exceeds:
        why = f"breaks {broken_limits(trial)}"
    elif trial.is_final:
        why = f"keeps every budget, but {chosen.name} {_better(chosen, trial, cost)}"
        if by is not None and not by.exceeds:
            why = f"dominated by {by.name}"
    return trial.replace(**update, why=why)


def _better(chosen: SearchTrial, trial: SearchTrial, cost: Cost) -> str:
    if chosen.cost(cost) < trial.cost(cost):
        return "costs less"
    if chosen.accuracy > trial.accuracy:
        return "is more accurate"
    return "costs as little, is as accurate, and comes first by name"


def broken_limits(trial: SearchTrial, budgets: Budgets | None = None) -> str:
    """Return each limit that a trial breaks, with what was measured: `size 3.97 MB`."""
    parts = []
    for key in trial.exceeds:
        limit = LIMITS[key]
        value = measured_by(trial.measures, key) if trial.measures else None
        text = f"{key}: {write_value(limit.unit, value)}"
        if budgets is not None:
            text += f" (limit {write_value(limit.unit, budgets[key])})"
        parts.append(text)
    return "; ".join(parts)
