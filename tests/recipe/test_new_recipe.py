"""`recipe new`: what it writes is valid, shows the real defaults, and can be decided."""

import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgetag.dataset.result import SplitCounts, TagCounts
from edgetag.dataset.survey import Survey
from edgetag.errors import InputError
from edgetag.recipe import DataSection, SplitSection, load_recipe, parse_recipe
from edgetag.recipe.template import write_recipe
from edgetag.validation.planning import power
from edgetag.validation.starting_recipe import draft, least_map_drop

MakeSurvey = Callable[..., Survey]


def counts(**positives: int) -> SplitCounts:
    images = sum(positives.values())
    return SplitCounts(
        images=images,
        tags={
            tag: TagCounts(positives=count, negatives=images - count, unknown=0)
            for tag, count in positives.items()
        },
    )


@pytest.fixture
def found(tmp_path: Path) -> Survey:
    """Five classes in folders, as frequent as in the trial that the defaults were chosen for."""
    test = counts(bird=30, cat=40, dog=36, fish=34, frog=12)
    return Survey(
        data=DataSection(source=tmp_path / "images", format="folders", tags=tuple(test.tags)),
        rows=1739,
        missing_files=0,
        looked_for=1739,
        longer_side=512,
        splits={"train": counts(bird=300, cat=300, dog=300, fish=300, frog=90), "test": test},
    )


def written(path: Path, found: Survey) -> str:
    write_recipe(path, draft(found))
    return path.read_text(encoding="utf-8")


def test_a_new_recipe_is_valid_names_its_tags_and_never_overwrites(
    tmp_path: Path, found: Survey
) -> None:
    path = tmp_path / "recipe.toml"
    written(path, found)
    recipe = load_recipe(path)
    assert recipe.data.tags == ("bird", "cat", "dog", "fish", "frog")
    assert recipe.data.source == tmp_path / "images"
    assert (recipe.network.input_size, recipe.training.batch_size) == (224, 16)
    assert recipe.training.positive_weights == "balanced"
    assert recipe.training.label_smoothing == 0.05
    assert recipe.quantization.distillation == 1.0
    with pytest.raises(InputError, match="exists already"):
        write_recipe(path, draft(found))


def test_it_is_short_enough_to_read(tmp_path: Path, found: Survey) -> None:
    lines = written(tmp_path / "recipe.toml", found).splitlines()
    assert len(lines) <= 70
    assert max(map(len, lines)) <= 100


def test_its_comments_show_the_real_defaults(tmp_path: Path, found: Survey) -> None:
    path = tmp_path / "recipe.toml"
    kept = []
    for line in written(path, found).splitlines():
        shown = line.removeprefix("# ")
        if line.startswith("# ") and (" = " in shown or shown[:1] in " ]"):
            kept.append(shown)
        elif not line.startswith("#"):
            kept.append(line)
    text = "\n".join(kept)
    assert {"phases", "thresholds"} <= set(tomllib.loads(text)["training"])
    assert {"variants", "explain"} <= set(tomllib.loads(text)["export"])
    assert parse_recipe(text, path) == load_recipe(path)


def test_every_scored_tag_has_margins_that_its_pictures_decide(
    tmp_path: Path, found: Survey
) -> None:
    path = tmp_path / "recipe.toml"
    text = written(path, found)
    budget = load_recipe(path).budget("int8")
    assert "# Not judged yet, for too few test images: frog." in text
    together = 1.0
    for tag in ("bird", "cat", "dog", "fish"):
        limits, have = budget.margins(tag), found.splits["test"].tags[tag]
        assert limits.max_recall_drop
        assert limits.max_fpr_rise
        assert limits.max_ap_drop
        together *= power(have.positives, limits.max_recall_drop, 0.1, 0.95)
        together *= power(have.negatives, limits.max_fpr_rise, 0.03, 0.95)
        assert limits.max_ap_drop < limits.max_recall_drop
    assert together > 0.9
    assert budget.max_map_drop is not None
    scored = ("bird", "cat", "dog", "fish")
    assert least_map_drop(found.splits["test"], scored, 0.9, 0.95) <= budget.max_map_drop <= 0.05


def test_margins_are_narrower_where_there_are_more_pictures(tmp_path: Path, found: Survey) -> None:
    many = {name: count.positives * 20 for name, count in found.splits["test"].tags.items()}
    more = draft(replace(found, splits={"test": counts(**many)}))
    few = draft(found)
    assert more.max_map_drop is not None
    assert few.max_map_drop is not None
    assert more.max_map_drop < few.max_map_drop
    for tag in few.tags:
        more_recall, few_recall = more.tags[tag].max_recall_drop, few.tags[tag].max_recall_drop
        assert more_recall is not None
        assert few_recall is not None
        assert more_recall < few_recall


def test_small_pictures_get_a_small_input(tmp_path: Path, found: Survey) -> None:
    text = written(tmp_path / "recipe.toml", replace(found, longer_side=128))
    recipe = load_recipe(tmp_path / "recipe.toml")
    assert (recipe.network.input_size, recipe.training.batch_size) == (96, 16)
    assert "the pictures' longer side is 128 px" in text


def test_what_the_source_needs_is_written_and_read_again(tmp_path: Path, found: Survey) -> None:
    odd = counts(**{'a "quoted" tag': 40, "猫": 300, "x.y": 25})
    data = DataSection(
        source=tmp_path / "labels" / "t.csv",
        format="list",
        root=tmp_path / "pictures",
        path_column="file",
        tags_column="kinds",
        tag_separator="|",
        tags=tuple(odd.tags),
        split=SplitSection(by="group", rare_tags_first=True),
    )
    splits = {"train": odd, "test": odd, "test_style": odd}
    written(tmp_path / "recipe.toml", replace(found, data=data, splits=splits))
    recipe = load_recipe(tmp_path / "recipe.toml")
    assert recipe.data == data
    assert recipe.validation.splits == ("test", "test_style")
    assert set(recipe.budgets["default"].tags) <= set(odd.tags)


def test_a_source_with_too_few_pictures_still_gets_a_valid_recipe(
    tmp_path: Path, found: Survey
) -> None:
    text = written(tmp_path / "recipe.toml", replace(found, splits={}, longer_side=None))
    assert "No tag has test images enough to be judged" in text
    assert load_recipe(tmp_path / "recipe.toml").budgets["default"].max_map_drop == 0.05
