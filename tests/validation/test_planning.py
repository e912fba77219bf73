"""How many images a verdict takes."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.validation import stage
from edgetag.validation.needs import Flips, images_to_decide
from edgetag.validation.plan_result import Need, Plan
from edgetag.validation.plan_tables import plan_tables
from edgetag.validation.planning import MOST, _smallest, images_needed, plan, power
from edgetag.validation.proportions import paired_interval
from edgetag.validation.result import VariantVerdict
from tests.support.made_results import check, make_verdict, scored
from tests.support.outcomes import chance_to_show
from tests.support.tiny_run import TEST, RunFolder

QUIET = SilentProgress()
MARGINS = "[budgets.int8]\nmax_map_drop = 0.02\nmax_recall_drop = 0.05\nmax_fpr_rise = 0.02\n"


@pytest.mark.parametrize(("margin", "flips"), [(0.05, 0.05), (0.02, 0.01), (0.03, 0.2)])
def test_the_power_is_what_simulation_finds(margin: float, flips: float) -> None:
    total = 300
    generator = np.random.default_rng(1)
    discordant = generator.binomial(total, flips, size=2000)
    worse = generator.binomial(discordant, 0.5)
    shown = [
        paired_interval(int(lost), int(both - lost), total, 0.95)[1] <= margin
        for lost, both in zip(worse, discordant, strict=True)
    ]
    assert power(total, margin, flips, 0.95) == pytest.approx(np.mean(shown), abs=0.04)


@pytest.mark.parametrize(
    ("total", "margin", "flips", "confidence"),
    [(60, 0.1, 0.1, 0.95), (60, 0.1, 0.1, 0.8), (40, 0.15, 0.05, 0.95), (12, 0.3, 0.02, 0.9)],
)
def test_the_power_is_the_sum_over_all_outcomes(
    total: int, margin: float, flips: float, confidence: float
) -> None:
    expected = chance_to_show(total, margin, flips, confidence, most=total // 4)
    assert power(total, margin, flips, confidence) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("margin", "flips"), [(0.05, 0.02), (0.01, 0.05)])
def test_so_many_images_have_the_power_asked_for_and_far_fewer_have_not(
    margin: float, flips: float
) -> None:
    needed = images_needed(0.8, margin, flips, 0.95)
    assert needed is not None
    assert power(needed, margin, flips, 0.95) >= 0.8
    assert power(needed // 2, margin, flips, 0.95) < 0.8


def test_with_many_flips_it_is_the_textbook_s_number() -> None:
    # n = (z_confidence + z_power)² · flips / margin², the normal approximation.
    expected = (norm.ppf(0.975) + norm.ppf(0.8)) ** 2 * 0.2 / 0.02**2
    assert images_needed(0.8, 0.02, 0.2, 0.95) == pytest.approx(expected, rel=0.05)


@pytest.mark.slow
def test_a_margin_that_no_number_of_images_shows_has_none() -> None:
    assert images_needed(0.8, 0.0, 0.02, 0.95) is None
    assert images_needed(0.8, 1e-6, 0.02, 0.95) is None


def test_the_smallest_number_is_halved_down_to_and_large_ones_to_a_thousandth() -> None:
    asked = (1, 2, 7, 8, 9, 10, 17, 100, 1023, 1024, 1025)
    assert [_smallest(least.__le__) for least in asked] == [*asked]
    for least in (50_000, 1_234_567):
        number = _smallest(least.__le__)
        assert number is not None
        assert least <= number <= least * 1.0011
    assert _smallest(MOST.__lt__) is None


@pytest.mark.parametrize("margin", [0.3, 0.45, 0.5, 0.6, 0.8])
def test_few_images_are_enough_for_a_wide_margin_where_nothing_flips(margin: float) -> None:
    # Where nothing is lost of n, the interval ends at z² / (n + z²).
    z = norm.ppf(0.975)
    expected = math.ceil(z**2 * (1 / margin - 1))
    assert images_needed(0.8, margin, 1e-4, 0.95) == expected


def test_before_a_validation_flips_are_assumed(run_folder: RunFolder) -> None:
    recipe = run_folder.on_litert(MARGINS)
    found = plan(recipe, run_folder.workspace, QUIET, "int8", 0.8, None, 0.05)
    assert not found.measured
    assert {(need.tag, need.budget) for need in found.needs} == {
        (tag, budget)
        for tag in ("cat", "dog", "food")
        for budget in ("max_recall_drop", "max_fpr_rise")
    }
    assert {need.flips for need in found.needs} == {0.05}
    for need in found.needs:
        assert need.needed == images_needed(0.8, need.margin, 0.05, 0.95)
        assert need.needed is not None
        # The split grows in proportion until it has as many of the kind.
        assert need.images == math.ceil(need.needed * found.images / need.have)


def test_after_a_validation_they_are_measured_and_map_is_planned_too(run_folder: RunFolder) -> None:
    recipe = run_folder.on_litert(MARGINS)
    verdict = stage.run(recipe, run_folder.workspace, QUIET, run_folder.reference_file())
    found = plan(recipe, run_folder.workspace, QUIET, "int8", 0.8, None, 0.05)
    assert found.measured
    overall = next(need for need in found.needs if need.tag is None)
    assert overall.budget == "max_map_drop"
    int8 = next(v for v in verdict.variants if (v.variant, v.split) == ("int8", "test"))
    cat = int8.tags[0]
    need = next(n for n in found.needs if (n.tag, n.budget) == ("cat", "max_recall_drop"))
    assert cat.flips_of_positives is not None
    assert need.flips == pytest.approx((cat.flips_of_positives + 1) / (cat.positives + 1))


def test_data_of_other_tags_are_not_planned_with(run_folder: RunFolder) -> None:
    recipe = run_folder.on_litert(MARGINS)
    renamed = recipe.replace(data=recipe.data.replace(tags=("lynx", "dog", "food")))
    with pytest.raises(InputError, match="other tags than the recipe lists; run: edgetag data bui"):
        plan(renamed, run_folder.workspace, QUIET, "int8", 0.8, None, 0.05)


def judged(run_folder: RunFolder, **changes: object) -> Plan:
    """Plan after a verdict on 93 images, of which `cat` has 40 and 53 others have not.

    Of its positives 3 flipped, of the negatives 2.
    """
    entry = scored("int8", "litert", "test", 0.004)
    cat = entry.tags[0].replace(flips=5, flips_of_positives=3, checks=(), verdict="pass")
    made = entry.replace(
        **(
            {"tags": (cat, *entry.tags[1:]), "budgets": (), "map_drop_interval": (0.0, 0.02)}
            | changes
        )
    )
    return planned(run_folder, made)


def planned(run_folder: RunFolder, *entries: VariantVerdict) -> Plan:
    make_verdict(entries).write(run_folder.workspace.validate / "verdict.json")
    return plan(run_folder.on_litert(MARGINS), run_folder.workspace, QUIET, "int8", 0.8, None, 0.05)


def need_of(made: Plan, tag: str | None, budget: str) -> Need:
    (need,) = [need for need in made.needs if (need.tag, need.budget) == (tag, budget)]
    return need


def test_the_mean_s_margin_takes_images_by_the_square_of_its_standard_error(
    run_folder: RunFolder,
) -> None:
    overall = need_of(judged(run_folder), None, "max_map_drop")
    # The interval is 0.02 wide, so 1.96 standard errors are 0.01; there must be 1.96 + 0.84 of
    # them in a margin of 0.02.
    z, of_power = norm.ppf(0.975), norm.ppf(0.8)
    images = math.ceil(93 * (0.01 / z * (z + of_power) / 0.02) ** 2)
    assert images == 48
    assert (overall.have, overall.needed, overall.images) == (93, 48, 48)
    assert (overall.flips, overall.decides) == (0.012, "pass")


def test_the_mean_takes_as_many_images_as_any_tag_does_however_sure_it_is(
    run_folder: RunFolder,
) -> None:
    overall = need_of(judged(run_folder, map_drop_interval=(0.0, 0.0)), None, "max_map_drop")
    assert overall.needed == overall.images == run_folder.on_litert("").validation.min_positives


def test_without_an_interval_of_the_mean_its_margin_is_not_planned(run_folder: RunFolder) -> None:
    made = judged(run_folder, map_drop_interval=None)
    assert {need.tag for need in made.needs} == {"cat", "dog", "food"}


def test_measured_flips_are_those_of_the_kind_and_groups_take_more_images(
    run_folder: RunFolder,
) -> None:
    made = judged(run_folder)
    cat = run_folder.labels[:TEST, 0]
    positives, negatives = int((cat == 1).sum()), int((cat == 0).sum())
    recall, fpr = (need_of(made, "cat", name) for name in ("max_recall_drop", "max_fpr_rise"))
    assert (recall.have, recall.of) == (positives, "positives")
    assert (fpr.have, fpr.of) == (negatives, "negatives")
    assert recall.flips == pytest.approx(4 / (positives + 1))
    assert fpr.flips == pytest.approx(3 / (negatives + 1))
    for each in (recall, fpr):
        assert each.flips is not None
        alone = images_needed(0.8, each.margin, each.flips, 0.95)
        assert alone is not None
        assert each.needed == math.ceil(alone * 1.2)  # the verdict's design effect
        assert each.images == math.ceil(each.needed * TEST / each.have)
    # The verdict has scored no tag of that name.
    assert need_of(made, "food", "max_recall_drop").flips == 0.05


def test_another_split_s_or_variant_s_verdict_measures_nothing(run_folder: RunFolder) -> None:
    other = scored("int8", "litert", "test_style", 0.004), scored("fp32", "litert", "test", 0.0)
    made = planned(run_folder, *other)
    assert not made.measured
    assert {need.flips for need in made.needs} == {0.05}


def test_an_open_margin_is_planned_by_what_was_measured(run_folder: RunFolder) -> None:
    open_recall = check("max_recall_drop", 0.05, 0.02, 0.06, p_fail=0.9)
    lost_fpr = check("max_fpr_rise", 0.02, 0.03, 0.04, p_fail=0.5)
    never_broken = check("max_ap_drop", 1.0, 0.02, 0.01)
    entry = scored("int8", "litert", "test", 0.004)
    checks = (open_recall, lost_fpr, never_broken)
    cat = entry.tags[0].replace(flips=5, flips_of_positives=3, checks=checks)
    tags, budgets = (cat, *entry.tags[1:]), (check("max_map_drop", 0.02, 0.01, 0.03),)
    made = judged(run_folder, tags=tags, budgets=budgets)
    tests = 3  # two of cat that could fail, one of the second tag
    for name, each, tested, flips in (
        ("cat", open_recall, tests, Flips(3, 1.2)),
        ("cat", lost_fpr, tests, Flips(2, 1.2)),
        (None, budgets[0], 1, None),
    ):
        need = need_of(made, name, each.budget)
        assert each.measured is not None
        assert each.interval is not None
        more = images_to_decide(
            each.limit, each.measured, each.interval, need.have, tested, 0.025, 0.8, flips
        )
        assert more is not None
        assert need.needed == need.have + more
        assert need.images == math.ceil(need.needed * 93 / need.have)
        assert need.decides == ("fail" if each is lost_fpr else "pass")


def test_a_verdict_on_another_limit_leaves_the_plan_as_it_is(run_folder: RunFolder) -> None:
    without = judged(run_folder)
    entry = scored("int8", "litert", "test", 0.004)
    cat = entry.tags[0].replace(
        flips=5, flips_of_positives=3, checks=(check("max_recall_drop", 0.06, 0.02, 0.06),)
    )
    other = judged(run_folder, tags=(cat, *entry.tags[1:]))
    assert need_of(other, "cat", "max_recall_drop") == need_of(without, "cat", "max_recall_drop")


def test_images_of_all_splits_are_those_of_this_one_at_its_share(run_folder: RunFolder) -> None:
    made = judged(run_folder)
    every = len(pl.read_parquet(run_folder.workspace.manifest))
    for each in made.needs:
        assert each.images is not None
        assert each.in_all == pytest.approx(each.images * every / TEST, rel=0.05)  # two digits


def test_a_plan_asks_for_no_fewer_positives_than_a_tag_is_scored_from(
    run_folder: RunFolder,
) -> None:
    recipe = run_folder.on_litert("[budgets.int8]\nmax_recall_drop = 0.5\nmax_fpr_rise = 0.5\n")
    made = plan(recipe, run_folder.workspace, QUIET, "int8", 0.8, None, 0.001)
    least = recipe.validation.min_positives
    assert least == 10
    needed = {(each.of, each.needed) for each in made.needs}
    # Where nothing flips 4 are enough: 1.96² = 3.84.
    assert needed == {("positives", least), ("negatives", 4)}


@pytest.mark.parametrize(("label", "budget"), [(1, "max_recall_drop"), (0, "max_fpr_rise")])
def test_images_of_one_group_are_never_enough(
    run_folder: RunFolder, label: int, budget: str
) -> None:
    recipe = run_folder.on_litert("[budgets.int8]\nmax_recall_drop = 0.5\nmax_fpr_rise = 0.5\n")

    def needs() -> dict[str, Need]:
        made = plan(recipe, run_folder.workspace, QUIET, "int8", 0.8, None, 0.001)
        return {each.budget: each for each in made.needs if each.tag == "cat"}

    before = needs()
    table = pl.read_parquet(run_folder.workspace.manifest)
    kin = pl.when(pl.col("tag:cat") == label).then(pl.lit("kin")).otherwise("group")
    table.with_columns(kin.alias("group")).write_parquet(run_folder.workspace.manifest)
    after = needs()
    assert after[budget].needed == after[budget].have + 1 == before[budget].have + 1
    (other,) = set(before) - {budget}
    assert after[other] == before[other]
    enough = before[budget].needed
    assert enough is not None
    assert enough < before[budget].have


def test_a_tag_without_positives_needs_images_of_unknown_number(run_folder: RunFolder) -> None:
    table = pl.read_parquet(run_folder.workspace.manifest)
    table.with_columns(pl.lit(0, dtype=pl.Int8).alias("tag:food")).write_parquet(
        run_folder.workspace.manifest
    )
    recipe = run_folder.on_litert(MARGINS)
    found = plan(recipe, run_folder.workspace, QUIET, "int8", 0.8, None, 0.05)
    need = next(n for n in found.needs if (n.tag, n.budget) == ("food", "max_recall_drop"))
    assert (need.have, need.images) == (0, None)
    assert need.needed is not None


def test_a_recipe_without_margins_is_told_to_set_one(run_folder: RunFolder) -> None:
    recipe = run_folder.on_litert("")
    with pytest.raises(InputError, match=r"sets no margin .* give --margin"):
        plan(recipe, run_folder.workspace, QUIET, "int8", 0.8, None, 0.05)
    found = plan(recipe, run_folder.workspace, QUIET, "int8", 0.8, 0.1, 0.05)
    assert {need.margin for need in found.needs} == {0.1}


def test_a_given_file_is_planned_by_the_margins_of_what_it_stands_for(
    run_folder: RunFolder,
) -> None:
    entry = scored("other", "litert", "test", 0.004)
    given = entry.replace(origin="external", stands_for="int8", map_drop_interval=(0.0, 0.02))
    make_verdict((given,)).write(run_folder.workspace.validate / "verdict.json")
    recipe = run_folder.on_litert(MARGINS)
    made = plan(recipe, run_folder.workspace, QUIET, "other", 0.8, None, 0.05)
    assert made.measured
    limits = {need.budget: need.margin for need in made.needs}
    assert limits == {"max_map_drop": 0.02, "max_recall_drop": 0.05, "max_fpr_rise": 0.02}


def test_a_variant_that_nobody_makes_is_refused(run_folder: RunFolder) -> None:
    recipe = run_folder.on_litert("")
    with pytest.raises(InputError, match="--variant int9: the recipe's variants are fp32, int8"):
        plan(recipe, run_folder.workspace, QUIET, "int9", 0.8, 0.1, 0.05)


def need(**changes: Any) -> Need:
    fields = {
        "tag": "cat",
        "budget": "max_recall_drop",
        "margin": 0.05,
        "of": "positives",
        "have": 40,
        "needed": 120,
        "images": 480,
        "flips": 0.025,
    }
    return Need.model_validate(fields | changes)


def rows(*needs: Need, measured: bool = True) -> tuple[str, list[list[str]]]:
    """Return title and rows of the plan's table."""
    made = Plan(
        variant="int8",
        split="test",
        images=160,
        power=0.8,
        confidence=0.95,
        measured=measured,
        assumed_flips=0.05,
        needs=needs,
    )
    (table,) = plan_tables(made)
    return table.title, [list(row) for row in table.texts]


def test_the_scarcest_kind_stands_first_and_what_no_number_decides_before_it() -> None:
    _, told = rows(
        need(tag="plenty", have=200),
        need(tag="scarce", have=4),
        need(tag="never", needed=None, images=None),
        need(),
    )
    assert [row[0] for row in told] == ["never", "scarce", "cat", "plenty"]
    assert [row[-1] for row in told] == ["✗ no", "✗ no", "✗ no", "✓ yes"]


def test_what_is_scarce_is_told_by_how_many_times_it_is_needed() -> None:
    # 40, 30 and 25 times what there is, of which none counts as one.
    _, told = rows(
        need(tag="two", have=2, needed=50),
        need(tag="one", have=1, needed=30),
        need(tag="none", have=0, needed=40, images=None),
    )
    assert [row[0] for row in told] == ["none", "one", "two"]


def test_a_plan_tells_images_of_all_splits_where_it_knows_and_in_which_direction() -> None:
    title, told = rows(need(in_all=4800, decides="fail"), need(tag=None, have=120))
    assert title.endswith("int8 on test (160 images), flips as measured")
    assert told == [
        [
            *("cat", "max_recall_drop", "5", "2.5 %", "40", "120", "positives", "480"),
            *("about 4,800", "✗ no, and decide fail"),
        ],
        [
            *("all (mAP)", "max_recall_drop", "5", "2.5 %", "120", "120", "positives", "480"),
            *("–", "✓ yes"),
        ],
    ]
    assert rows(need(), measured=False)[0].endswith("5.0% assumed to flip")
