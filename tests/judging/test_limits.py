"""One table of limits: who judges, tells or writes a limit has no list of its own."""

import numpy as np

from edgetag.benchmarking.budgets import MEASURES
from edgetag.recipe import LIMITS, Budget, TagBudget, limits_of
from edgetag.targets.result import BUDGET as COUNTED
from edgetag.validation.comparison import compare
from edgetag.validation.decision import ON_TAGS, check_overall
from edgetag.validation.heat_maps import BUDGET as OF_MAPS
from edgetag.validation.losses import MARGINS
from edgetag.validation.metrics import Measured
from tests.support.splits import split_over

EVERYTHING = Budget.model_validate(dict.fromkeys(LIMITS, 1))


def judged_over_all_tags() -> set[str]:
    labels = np.tile([[1], [0]], (30, 1)).astype(np.int8)
    split = split_over(labels, ("cat",), samples=100)
    same = Measured(labels.astype(np.float32), split, {"cat": 0.5})
    checks = check_overall(EVERYTHING, compare(same, same, same), split, 10, 100)
    return {check.budget for check in checks}


def test_the_table_has_every_limit_of_a_recipe_and_no_other() -> None:
    assert [*LIMITS] == [key for key in Budget.model_fields if key != "tags"]
    assert [key for key, limit in LIMITS.items() if limit.key != key] == []
    assert EVERYTHING.given() == dict.fromkeys(LIMITS, 1)
    assert Budget().given() == TagBudget().given() == {}


def test_every_limit_is_judged_by_somebody() -> None:
    by_validation = judged_over_all_tags() | set(ON_TAGS) | {OF_MAPS}
    assert by_validation | set(MEASURES) | {COUNTED} == set(LIMITS)
    assert by_validation & set(MEASURES) == set(limits_of("size"))
    assert set(limits_of("accuracy", "heat maps", "size")) == by_validation
    assert set(limits_of("latency", "size", "memory")) == set(MEASURES)
    assert set(ON_TAGS) == set(TagBudget.model_fields)


def test_margins_of_accuracy_are_those_whose_losses_are_told() -> None:
    # Every file has a distance: that there is one is no loss.
    margins = {key for key, limit in LIMITS.items() if limit.kind == "margin"} - {"max_logit_rmse"}
    assert {key for key, limit in LIMITS.items() if limit.measure} == margins - {OF_MAPS}
    assert {key for keys in MARGINS.values() for key in keys} == margins - {OF_MAPS}
