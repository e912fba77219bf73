"""The recipe's section of what the app ships."""

from pathlib import Path

import pytest

from edgetag.errors import InputError
from edgetag.recipe import Recipe, parse_recipe


def recipe(bundle: str, tags: str = '"cat", "nsfw"') -> Recipe:
    text = f"""
name = "bundle"
[data]
source = "table.csv"
tags = [{tags}]
[bundle]
{bundle}
"""
    return parse_recipe(text, Path("/folder/recipe.toml"))


def test_the_best_ships_unless_the_recipe_names_files() -> None:
    assert recipe('variants = ["int8", "fp32"]').bundle.variants == ("int8", "fp32")
    assert recipe("").bundle.variants == recipe('variants = "best"').bundle.variants == "best"


def test_a_recipe_from_when_a_bundle_held_one_file_means_the_same() -> None:
    assert recipe('variant = "int8"').bundle == recipe('variants = ["int8"]').bundle


@pytest.mark.parametrize(
    ("bundle", "told"),
    [
        ('variant = "int8"\nvariants = ["int8"]', "keep variants"),
        ("variants = []", "at least 1 item"),
        ('variants = ["int8", "int8"]', "lists one twice"),
        ('variants = ["int4"]', r"bundle\.variants\.0: 'int4' is not one of"),
        ('variants = "bset"', r"bundle\.variants: 'bset' is not one of best; did you mean 'best'"),
        ('variants = ["int8-qat"]', r":7: bundle\.variants: export\.variants does not list"),
        ('variants = ["int16x8"]', "export.variants does not list 'int16x8'"),
        ('sensitive = ["dog"]', r"bundle\.sensitive: data\.tags has no 'dog'"),
        ('display_names = { dog = { en = "Dog", ja = "犬" } }', "has no 'dog'"),
        ('display_names = { cat = { en = "Cat" } }', "ja: missing"),
        ('display_names = { cat = { en = "Cat\\n", ja = "猫" } }', "visible characters"),
        (f'display_names = {{ cat = {{ en = "{"x" * 61}", ja = "猫" }} }}', "at most 60"),
        ('version = "1"', "pattern"),
    ],
)
def test_what_cannot_be_shipped_is_refused_with_its_place(bundle: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        recipe(bundle)


def test_nsfw_is_sensitive_where_there_is_one_unless_the_recipe_says_otherwise() -> None:
    both = ("cat", "nsfw")
    assert recipe("").bundle.sensitive_tags(both) == ("nsfw",)
    assert recipe("", '"cat"').bundle.sensitive_tags(("cat",)) == ()
    assert recipe("sensitive = []").bundle.sensitive_tags(both) == ()
    assert recipe('sensitive = ["nsfw", "cat"]').bundle.sensitive_tags(both) == both


def test_files_are_relative_to_the_recipe_and_no_part_of_its_digest() -> None:
    here = recipe('golden_pictures = "golden"\nattribution = "A.md"')
    assert here.bundle.golden_pictures == Path("/folder/golden")
    assert here.bundle.attribution == Path("/folder/A.md")
    assert here.digest() == recipe("").digest()
