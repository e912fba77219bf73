"""Which variant a file given by hand stands for; which accepted one a file is held against."""

from pathlib import Path

import pytest

from edgetag.errors import InputError
from edgetag.recipe import Recipe, parse_recipe
from edgetag.validation.accepted_state import Baseline
from edgetag.validation.baseline import accept
from edgetag.validation.standing import accepted_names, stands_for
from tests.support.made_results import make_verdict, scored

BEST = '"best"'


def recipe(bundled: str = BEST) -> Recipe:
    text = (
        'name = "x"\n[data]\nsource = "labels.csv"\ntags = ["cat"]\n'
        '[export]\nvariants = ["fp32", "fp16", "int8"]\n'
        f"[bundle]\nvariants = {bundled}\n[budgets.default]\nmax_map_drop = 0.1\n"
    )
    return parse_recipe(text, Path("recipe.toml"))


def accepted(*of: tuple[str, str]) -> Baseline:
    """Accept variants on runtimes."""
    entries = tuple(scored(variant, runtime, "test", 0.0) for variant, runtime in of)
    return accept(make_verdict(entries), None, "first")


INT8 = accepted(("int8", "litert"), ("int8", "tflite-runtime"))
BOTH = accepted(("int8", "litert"), ("fp16", "litert"))


def test_what_is_asked_for_comes_before_the_file_s_name_and_that_before_what_is_bundled() -> None:
    assert stands_for("mine", "fp16", recipe('["int8"]'), INT8) == "fp16"
    assert stands_for("fp16", None, recipe('["int8"]'), INT8) == "fp16"
    assert stands_for("mine", None, recipe('["fp16"]'), INT8) == "fp16"
    assert stands_for("mine", None, recipe(), INT8) == "int8"


def test_a_file_may_be_asked_for_by_its_own_name_and_by_that_of_no_other_variant() -> None:
    assert stands_for("int8", "int8", recipe(), None) == "int8"
    with pytest.raises(InputError, match="the file is called int8, which is another variant"):
        stands_for("int8", "fp16", recipe(), None)


def test_what_was_accepted_may_be_asked_for_though_the_recipe_does_not_list_it() -> None:
    former = accepted(("dynamic", "litert"))
    assert stands_for("mine", "dynamic", recipe(), former) == "dynamic"
    with pytest.raises(
        InputError, match="--as dynamic: the recipe's variants are fp32, fp16, int8"
    ):
        stands_for("mine", "dynamic", recipe(), INT8)


@pytest.mark.parametrize("state", [None, BOTH])
def test_where_the_best_is_bundled_and_not_one_alone_is_accepted_it_must_be_said(
    state: Baseline | None,
) -> None:
    with pytest.raises(InputError, match="which variant does this file stand for"):
        stands_for("mine", None, recipe(), state)


def names(files: dict[str, str | None], state: Baseline, *runtimes: str) -> dict[str, str]:
    return accepted_names(files, runtimes or ("litert",), state, "baseline.json")


def test_a_file_is_held_against_the_variant_it_stands_for_else_against_its_own_name() -> None:
    assert names({"mine": "fp16"}, BOTH) == {"mine": "fp16"}
    assert names({"mine": "fp16"}, accepted(("mine", "litert"))) == {"mine": "mine"}
    assert names({"mine": "int8"}, accepted(("mine", "litert"), ("int8", "litert"))) == {
        "mine": "int8"
    }


def test_a_variant_of_the_run_is_itself_accepted_or_not() -> None:
    assert names({"fp32": None, "int8": None}, INT8) == {"fp32": "fp32", "int8": "int8"}


def test_to_compare_nothing_is_refused() -> None:
    with pytest.raises(InputError, match=r"nothing is accepted of fp32, fp16 on litert; accepted"):
        names({"fp32": None, "fp16": None}, INT8)
    with pytest.raises(InputError, match="nothing is accepted of fp16, which mine stands for"):
        names({"int8": None, "mine": "fp16"}, INT8)


def test_what_was_accepted_on_another_runtime_is_nothing_here() -> None:
    only = accepted(("int8", "tflite-runtime"))
    assert names({"mine": "int8"}, only, "litert", "tflite-runtime") == {"mine": "int8"}
    with pytest.raises(InputError, match="on litert; accepted are int8 on tflite-runtime"):
        names({"mine": "int8"}, only)
    with pytest.raises(InputError, match="on any runtime of this machine"):
        accepted_names({"int8": None}, (), only, "baseline.json")
