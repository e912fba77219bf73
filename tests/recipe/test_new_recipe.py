"""`recipe new`: what it writes is valid, shows the real defaults, and can be decided."""

import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import pytest

from edgetag.dataset.result import SplitCounts, TagCounts
from edgetag.dataset.survey import Survey
from edgetag.errors import InputError
from edgetag.recipe import DataSection, SplitSection, load_recipe, parse_recipe
from edgetag.recipe.template import write_recipe
from edgetag.validation.planning import power
from edgetag.validation.starting_recipe import (
    ROUND_MARGINS,
    decidable_map_drop,
    decidable_margin,
    draft,
    flips_of_positives,
    least_ap_drop,
    least_map_drop,
    starting_margins,
)
from tests.support.commands import invoked
from tests.support.outcomes import chance_to_show

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


def test_a_source_is_found_from_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("path,cat\na.png,1\nb.png,0\n")
    recipe = tmp_path / "new" / "one" / "recipe.toml"
    code, said = invoked("recipe", "new", str(recipe), "--source", "../../labels.csv")
    assert code == 0, said
    assert load_recipe(recipe).data.source == tmp_path / "labels.csv"


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


@pytest.mark.parametrize(("total", "flips", "margin"), [(60, 0.1, 0.2), (60, 0.03, 0.15)])
def test_a_tag_s_margin_is_the_first_round_one_that_is_shown(
    total: int, flips: float, margin: float
) -> None:
    narrower, shown = (
        chance_to_show(total, limit, flips, 0.95, most=15)
        for limit in (max(m for m in ROUND_MARGINS if m < margin), margin)
    )
    assert narrower < 0.9 <= shown
    assert decidable_margin(total, flips, 0.9) == margin


def test_where_no_round_margin_is_shown_the_widest_is_taken() -> None:
    assert decidable_margin(3, 0.1, 0.9) == 0.5
    assert decidable_margin(100_000, 0.03, 0.9) == 0.01
    one = starting_margins(counts(cat=1, dog=50), ("cat",))["cat"]  # 0.2 · (1.960 + 1.834) is 0.76
    assert one.max_ap_drop == 0.5


def test_from_a_hundred_positives_on_fewer_decisions_are_taken_to_flip() -> None:
    assert [flips_of_positives(count) for count in (1, 99, 100, 5000)] == [0.1, 0.1, 0.03, 0.03]


def test_drops_that_are_shown_are_so_many_standard_errors() -> None:
    errors = NormalDist().inv_cdf(0.95) + NormalDist().inv_cdf(0.8)
    assert least_ap_drop(100, 0.8, 0.9) == pytest.approx(0.2 / 10 * errors)
    # Two tags: the root of 1/25 + 1/100, halved.
    two = counts(cat=25, dog=100)
    assert least_map_drop(two, ("cat", "dog"), 0.8, 0.9) == pytest.approx(
        0.15 * 0.05**0.5 / 2 * errors
    )
    assert least_map_drop(two, ("dog",), 0.8, 0.9) == pytest.approx(0.15 / 10 * errors)


@pytest.mark.parametrize(
    ("positives", "margin"),
    # 0.15 / sqrt(positives) · (1.960 + 1.282), up to the next round margin: 0.486, 0.243, 0.0486,
    # 0.0122.
    [(1, 0.5), (4, 0.3), (100, 0.05), (1600, 0.02), (10_000_000, 0.01)],
)
def test_the_mean_s_margin_is_the_next_round_one(positives: int, margin: float) -> None:
    assert decidable_map_drop(counts(cat=positives), ("cat",)) == margin


def test_every_scored_tag_s_margins_share_the_doubt() -> None:
    test = counts(cat=40, dog=120, rare=3)
    margins = starting_margins(test, ("cat", "dog"))
    assert set(margins) == {"cat", "dog"}
    wanted = 1 - 0.1 / 6  # two tags, three margins each
    cat, dog = margins["cat"], margins["dog"]
    assert cat.max_recall_drop == decidable_margin(40, 0.1, wanted)
    assert cat.max_fpr_rise == decidable_margin(123, 0.03, wanted)
    assert dog.max_recall_drop == decidable_margin(120, 0.03, wanted)
    assert dog.max_fpr_rise == decidable_margin(43, 0.03, wanted)
    # 0.2 / sqrt(40) · (1.960 + 2.128) is 0.129, and 0.0746 of 120.
    assert (cat.max_ap_drop, dog.max_ap_drop) == (0.15, 0.1)
    assert starting_margins(test, ()) == {}


def test_small_pictures_are_at_most_128_px_and_many_of_them_make_large_batches(
    found: Survey,
) -> None:
    def chosen(longer_side: int | None, train: int) -> tuple[int, int]:
        splits = {**found.splits, "train": counts(cat=train)}
        made = draft(replace(found, longer_side=longer_side, splits=splits))
        return made.input_size, made.batch_size

    assert chosen(128, 3999) == (96, 16)
    assert chosen(128, 4000) == (96, 64)
    assert chosen(129, 4000) == chosen(None, 4000) == (224, 16)
    untrained = replace(found, longer_side=128, splits={"test": found.splits["test"]})
    assert draft(untrained).batch_size == 16


def test_a_draft_judges_the_deciding_split_and_every_other_test(found: Survey) -> None:
    test = found.splits["test"]
    made = draft(replace(found, splits={**found.splits, "test_style": test, "validation": test}))
    assert made.judged_splits == ("test", "test_style")
    assert made.test_images == 30 + 40 + 36 + 34 + 12
    assert made.unscored == ("frog",)
    none = draft(replace(found, splits={}))
    assert (none.max_map_drop, none.tags, none.unscored) == (None, {}, tuple(test.tags))
