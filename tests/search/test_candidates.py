"""What a recipe allows to be tried, which of it the sampler proposes, and the recipe of each."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgetag.errors import InputError
from edgetag.recipe import Recipe, load_recipe, parse_recipe
from edgetag.search.candidates import Candidate, candidates_of, cheapest_of, derived
from edgetag.search.concluding import recipe_text
from edgetag.search.result import Measures, SearchTrial
from edgetag.search.sampling import Proposals
from tests.support.paths import ROOT

HEAD = 'name = "x"\n[data]\nsource = "labels.csv"\ntags = ["a", "b"]\n'
EVERYTHING = """
[search]
networks = ["efficientnet_lite0", "mobilenet_v2"]
input_sizes = [64, 96, 128]
sparsities = [0.0, 0.5]
quantizations = ["int8", "qat"]
"""


def recipe_of(text: str) -> Recipe:
    return parse_recipe(HEAD + text, Path("recipe.toml"))


def test_every_combination_of_which_there_is_a_variant_is_a_candidate_once() -> None:
    candidates = candidates_of(recipe_of(EVERYTHING))
    names = [each.name for each in candidates]
    assert len(set(names)) == len(names) == 2 * 3 * 9
    assert "mobilenet_v2-96-int8-narrow50-qat" in names
    assert "efficientnet_lite0-64-int8-pruned-qat-0.5" in names


def test_what_costs_the_least_is_the_smallest_the_narrowest_and_the_sparsest() -> None:
    recipe = recipe_of(EVERYTHING)
    assert {each.name for each in cheapest_of(candidates_of(recipe))} == {
        f"{network}-64-{variant}"
        for network in ("efficientnet_lite0", "mobilenet_v2")
        for variant in ("int8-narrow50", "int8-narrow50-pruned-qat-0.5")
    }


def test_without_a_section_the_recipes_own_network_is_searched() -> None:
    candidates = candidates_of(recipe_of("[network]\ninput_size = 96\n"))
    assert {each.variant for each in candidates} == {"int8", "int8-narrow75", "int8-narrow50"}
    assert {each.folder for each in candidates} == {"efficientnet_lite0-96"}


def test_every_candidate_has_a_recipe_and_its_share_of_training() -> None:
    recipe = recipe_of(EVERYTHING)
    for each in candidates_of(recipe):
        made = derived(recipe, each, 0.5)
        assert made.export.variants == ("fp32", each.variant)
        assert (made.network.name, made.network.input_size) == (each.network, each.input_size)
        assert made.compress.channels.epochs == recipe.compress.channels.epochs / 2
        assert made.quantization.epochs == recipe.quantization.epochs / 2
        if each.sparsity:
            assert made.pruning.sparsity == each.sparsity


@pytest.mark.parametrize("name", ["demo", "bench", "maps"])
def test_the_recipe_of_any_candidate_is_read_again_as_it_was(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(ROOT / "models" / name / "recipe.toml")
    for each in candidates_of(recipe):
        made = derived(recipe, each)
        path = tmp_path / f"{each.name}.toml"
        path.write_text(recipe_text(made, tmp_path))
        read = load_recipe(path)
        assert read.digest() == made.digest()
        assert read.data.source.resolve() == recipe.data.source.resolve()


def test_teachers_of_what_was_chosen_are_named_from_where_its_recipe_lies(tmp_path: Path) -> None:
    (tmp_path / "search").mkdir()
    text = '[teacher]\nruns = ["runs/a", "../b"]\npictures = "more"\n'
    recipe = parse_recipe(HEAD + text, tmp_path / "recipe.toml")
    path = tmp_path / "search" / "chosen.toml"
    path.write_text(recipe_text(recipe, path.parent))
    assert 'runs = ["../runs/a", "../../b"]' in path.read_text()
    assert load_recipe(path).teacher == recipe.teacher


def test_budgets_of_a_narrower_network_stay_with_its_variants() -> None:
    text = '[export]\nvariants = ["fp32", "int8-narrow50"]\n'
    recipe = recipe_of(f"{text}[compress.channels.budgets.narrow50]\nmax_size_ratio = 0.6\n")
    for each in candidates_of(recipe):
        budgets = derived(recipe, each).compress.channels.budgets
        assert set(budgets) == ({"narrow50"} if each.kept == 0.5 else set())


def test_a_verdict_holds_the_chosen_to_the_budgets_of_the_search_where_it_has_no_own() -> None:
    limits = "[search.budgets]\nmax_map_drop = 0.02\nmin_map = 0.5\nmax_size_bytes = 9\n"
    candidate = candidates_of(recipe_of(limits))[0]
    assert derived(recipe_of(limits), candidate).budget("int8").max_map_drop == 0.02
    own = "[budgets.default]\nmax_map_drop = 0.01\n"
    assert derived(recipe_of(own + limits), candidate).budget("int8").max_map_drop == 0.01


def test_limits_of_the_recipe_are_those_of_the_search_where_it_has_no_own() -> None:
    own = "[budgets.default]\nmax_map_drop = 0.01\nmax_recall_drop = 0.05\n"
    assert recipe_of(own).search_budgets() == {"max_map_drop": 0.01}
    limits = "[search.budgets]\nmax_size_bytes = 9\n"
    assert recipe_of(own + limits).search_budgets() == {"max_size_bytes": 9}


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("kept_channels = [0.6]", "kept_channels has 0.6, but variants keep 1.0, 0.75, 0.5"),
        ("kept_channels = [0.5]\nsparsities = [0.9]", "no variant has these"),
        ("input_sizes = [4]", "search.input_sizes"),
        ('networks = ["resnet"]', "search.networks"),
        ('quantizations = ["int4"]', "search.quantizations"),
        ("trials = 0", "search.trials"),
        ("budgets = { max_size_bytes = 0 }", "search.budgets.max_size_bytes"),
        ("budgets = { max_sise_bytes = 1 }", "max_sise_bytes"),
    ],
)
def test_a_section_that_nothing_can_be_made_of_is_refused(section: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        recipe_of(f"[search]\n{section}\n")


def measured(candidate: Candidate) -> SearchTrial:
    """Answer as a search would: larger inputs and more channels are better and cost more."""
    good = candidate.input_size * candidate.kept
    measures = Measures(
        map=good / 128, multiplications=int(good), size_bytes=int(good), gzip_bytes=1
    )
    return SearchTrial.like(candidate, measures=measures, trained=1)


def failed(candidate: Candidate) -> SearchTrial:
    return SearchTrial.like(candidate, failure="no")


def proposed(trials: int, answer: Callable[[Candidate], SearchTrial]) -> list[str]:
    proposals = Proposals(candidates_of(recipe_of(EVERYTHING)), trials, 3, "multiplications")
    names = []
    for candidate in proposals:
        names.append(candidate.name)
        proposals.tell(candidate, answer(candidate))
    return names


@pytest.mark.parametrize("answer", [measured, failed])
def test_the_sampler_proposes_so_many_each_once_and_again_the_same(
    answer: Callable[[Candidate], SearchTrial],
) -> None:
    names = proposed(12, answer)
    assert len(set(names)) == len(names) == 12
    assert proposed(12, answer) == names


def test_where_all_may_be_tried_all_are() -> None:
    assert len(proposed(99, measured)) == 2 * 3 * 9
