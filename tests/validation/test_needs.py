"""What would decide an open margin: how many images, where, in which direction, by one formula."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from edgetag.dataset import open_dataset
from edgetag.judging.checks import Check
from edgetag.progress import SilentProgress
from edgetag.reporting.results import tables_of
from edgetag.validation import stage
from edgetag.validation.needs import Flips, images_to_decide, in_all, outcome_of, split_share
from edgetag.validation.planning import plan
from edgetag.validation.proportions import paired_interval, score_statistic
from tests.support.tiny_run import STYLE, TEST, TRAIN, VALIDATION, RunFolder

QUIET = SilentProgress()
MARGINS = "[budgets.int8]\nmax_map_drop = 0.004\nmax_recall_drop = 0.03\n"


@pytest.mark.parametrize(("measured", "decides"), [(0.004, "pass"), (0.022, "fail")])
@pytest.mark.parametrize("tests", [1, 24])
def test_so_many_images_decide_with_the_chance_promised(
    measured: float, decides: str, tests: int
) -> None:
    limit, size, error = 0.01, 300, 0.01
    found = (measured - 1.96 * error, measured + 1.96 * error)
    more = images_to_decide(limit, measured, found, size, tests, 0.025, wanted=0.8)
    assert more is not None
    assert outcome_of(limit, measured) == decides
    narrowed = error * math.sqrt(size / (size + more))
    drops = np.random.default_rng(1).normal(measured, narrowed, 20_000)
    if decides == "pass":
        share = (drops + 1.96 * narrowed <= limit).mean()
    else:
        surely = norm.sf((drops - limit) / narrowed) * tests <= 0.025
        share = ((drops - 1.96 * narrowed > limit) & surely).mean()
    assert share == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("size", "lost", "gained", "limit"),
    [(20, 0, 0, 0.1), (50, 0, 0, 0.05), (20, 1, 1, 0.1), (50, 1, 0, 0.05), (40, 6, 1, 0.05)],
)
def test_so_many_pairs_decide_with_the_chance_promised_though_few_have_flipped(
    size: int, lost: int, gained: int, limit: float
) -> None:
    measured, share = (lost - gained) / size, (lost + gained + 1) / (size + 1)
    now = paired_interval(lost, gained, size, 0.95)
    flips = Flips(lost + gained, 1.0)
    more = images_to_decide(limit, measured, now, size, 1, 0.025, wanted=0.8, flips=flips)
    assert more is not None
    shares = ((share + measured) / 2, (share - measured) / 2, 1 - share)
    drawn = np.random.default_rng(1).multinomial(size + more, shares, size=4000)
    outcomes, times = np.unique(drawn, axis=0, return_counts=True)
    statistics = np.array([score_statistic(a, b, size + more, limit) for a, b, _ in outcomes])
    z = norm.ppf(0.975)
    decided = statistics <= -z if measured < limit else statistics >= z
    assert times[decided].sum() / 4000 == pytest.approx(0.83, abs=0.05)


def test_pairs_in_groups_take_as_many_times_more_as_their_design_effect() -> None:
    def needed(effect: float) -> int:
        flips = Flips(4, effect)
        more = images_to_decide(0.05, 0.02, (-0.01, 0.06), 100, 1, 0.025, flips=flips)
        assert more is not None
        return 100 + more

    assert needed(3.0) == pytest.approx(3 * needed(1.0), rel=0.01)


def test_no_number_is_advised_that_is_a_thousand_times_what_there_is() -> None:
    width = 0.01 * (1.96 + norm.ppf(0.8)) / 1.96
    found = (-0.01, 0.01)
    just, beyond = width / math.sqrt(999), width / math.sqrt(1001)
    assert images_to_decide(just, 0.0, found, 10, 1, norm.sf(1.96)) == 10 * 999 - 10
    assert images_to_decide(beyond, 0.0, found, 10, 1, norm.sf(1.96)) is None
    assert images_to_decide(0.0, 0.0, found, 10, 1, norm.sf(1.96)) is None


def test_a_thousand_times_the_images_is_where_advice_ends() -> None:
    for times, advised in ((999.5, True), (1000.5, False)):
        more = images_to_decide(1 / math.sqrt(times), 0.0, (-1.0, 1.0), 10, 1, 0.025, wanted=0.5)
        assert (more is not None) == advised


def test_the_side_of_the_interval_that_faces_the_limit_counts() -> None:
    # Twice as far from the measured value as the limit: four times as many images, three more.
    assert images_to_decide(2.0, 1.0, (0.9, 3.0), 10, 1, 0.025, wanted=0.5) == 30
    assert images_to_decide(2.0, 3.0, (1.0, 3.1), 10, 1, 0.025, wanted=0.5) == 30


def test_what_was_measured_on_the_margin_does_not_lie_beyond_it() -> None:
    # 1 of 20 lost, where 5 points are allowed: no number decides it, and least of all to fail.
    assert images_to_decide(0.05, 1 / 20, (-0.01, 0.2), 20, 1, 0.025) is None
    assert outcome_of(0.05, 1 / 20) == "pass"
    assert outcome_of(0.05, 1 / 20 + 1e-9) == "fail"


def test_one_more_is_the_least_that_is_advised() -> None:
    assert images_to_decide(0.1, 0.0, (-0.01, 0.01), 10, 1, 0.025) == 1


def test_in_all_is_told_by_the_split_s_share_of_all_images(run_folder: RunFolder) -> None:
    dataset = open_dataset(run_folder.workspace)
    share = split_share(dataset, "test")
    assert share == TEST / (TEST + STYLE + TRAIN + VALIDATION)
    assert in_all(648, 0.1) == 6500
    assert in_all(648, None) is None


def open_checks(folder: RunFolder) -> dict[tuple[str | None, str], Check]:
    recipe = folder.with_recipe(MARGINS)
    section = recipe.validation.replace(runtimes=("litert",))
    recipe = recipe.replace(validation=section)
    verdict = stage.run(recipe, folder.workspace, QUIET, folder.reference_file())
    (entry,) = [v for v in verdict.variants if (v.variant, v.split) == ("int8", "test")]
    checks: dict[tuple[str | None, str], Check] = {
        (None, check.budget): check for check in entry.budgets
    }
    checks |= {(tag.tag, check.budget): check for tag in entry.tags for check in tag.checks}
    return {place: check for place, check in checks.items() if check.verdict == "undecided"}


def test_the_plan_and_the_verdict_name_the_same_number(run_folder: RunFolder) -> None:
    found = open_checks(run_folder)
    assert found
    planned = plan(
        run_folder.with_recipe(MARGINS), run_folder.workspace, QUIET, "int8", 0.8, None, 0.05
    )
    compared = 0
    for need in planned.needs:
        check = found.get((need.tag, need.budget))
        if check is None:
            continue
        wanted = None if check.needs is None else need.have + check.needs.more
        assert need.needed == wanted
        if check.needs is not None:
            compared += 1
            assert (
                need.decides == check.needs.decides == outcome_of(check.limit, check.measured or 0)
            )
            assert check.needs.split == "test"
            assert check.needs.in_all == in_all(
                check.needs.more, TEST / (TEST + STYLE + TRAIN + VALIDATION)
            )
    assert compared
    (table,) = tables_of(planned)
    assert "images of test" in table.headings
    assert "in all splits" in table.headings
