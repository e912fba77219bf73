"""How many images a verdict takes."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.validation import stage
from edgetag.validation.plan_result import Need, Plan
from edgetag.validation.plan_tables import plan_tables
from edgetag.validation.planning import images_needed, plan, power
from edgetag.validation.proportions import paired_interval
from tests.support.tiny_run import RunFolder

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


def litert_only(folder: RunFolder, more: str) -> Recipe:
    recipe = folder.with_recipe(more)
    section = recipe.validation.model_copy(update={"runtimes": ("litert",)})
    return recipe.model_copy(update={"validation": section})


def test_before_a_validation_flips_are_assumed(run_folder: RunFolder) -> None:
    recipe = litert_only(run_folder, MARGINS)
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
    recipe = litert_only(run_folder, MARGINS)
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


def test_a_tag_without_positives_needs_images_of_unknown_number(run_folder: RunFolder) -> None:
    table = pl.read_parquet(run_folder.workspace.manifest)
    table.with_columns(pl.lit(0, dtype=pl.Int8).alias("tag:food")).write_parquet(
        run_folder.workspace.manifest
    )
    recipe = litert_only(run_folder, MARGINS)
    found = plan(recipe, run_folder.workspace, QUIET, "int8", 0.8, None, 0.05)
    need = next(n for n in found.needs if (n.tag, n.budget) == ("food", "max_recall_drop"))
    assert (need.have, need.images) == (0, None)
    assert need.needed is not None


def test_a_recipe_without_margins_is_told_to_set_one(run_folder: RunFolder) -> None:
    recipe = litert_only(run_folder, "")
    with pytest.raises(InputError, match=r"sets no margin .* give --margin"):
        plan(recipe, run_folder.workspace, QUIET, "int8", 0.8, None, 0.05)
    found = plan(recipe, run_folder.workspace, QUIET, "int8", 0.8, 0.1, 0.05)
    assert {need.margin for need in found.needs} == {0.1}


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
