"""A margin passes inside its interval, fails outside, and is undecided on it."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.judging.checks import Check
from edgetag.judging.decisions import worst
from edgetag.recipe import Budget, TagBudget
from edgetag.tags import Vocabulary
from edgetag.validation.comparison import Comparison, Measure, compare
from edgetag.validation.decision import (
    Estimate,
    check_overall,
    check_tags,
    decide,
    decide_file,
    judge_margin,
    tag_decision,
)
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.needs import images_to_decide
from edgetag.validation.result import Failure
from tests.support.made_results import scored
from tests.support.splits import split_over

TAGS = Vocabulary(("cat", "dog", "rare"))
THRESHOLDS = dict.fromkeys(TAGS.names, 0.5)


def judged(
    limit: float, drop: float, interval: tuple[float, float] | None, p: float | None = None
) -> Check:
    found = Estimate(Measure(0.8, drop, interval), 500, "images", p, 1 if p is None else 5)
    return judge_margin("max_map_drop", limit, found, 0.95)


@given(st.floats(-0.2, 0.2), st.floats(0, 0.1), st.floats(0, 0.1), st.floats(0, 0.2))
def test_the_interval_decides(drop: float, below: float, above: float, limit: float) -> None:
    low, high = drop - below, drop + above
    check = judged(limit, drop, (low, high))
    expected = "pass" if high <= limit else "fail" if low > limit else "undecided"
    assert check.verdict == expected
    assert check.needs is None or expected == "undecided"


def test_without_an_interval_nothing_is_decided() -> None:
    check = judged(0.1, 0.0, None)
    assert (check.verdict, check.needs) == ("undecided", None)


def test_a_fail_needs_holms_correction_too() -> None:
    outside = (0.01, 0.05, (0.02, 0.08))
    assert judged(*outside, 0.02).verdict == "fail"
    doubtful = judged(*outside, 0.03)
    assert doubtful.verdict == "undecided"
    assert doubtful.needs is not None


@given(st.floats(0.001, 0.1), st.floats(0.001, 0.1), st.integers(20, 5000))
def test_as_many_images_more_bring_the_end_of_the_interval_to_the_limit(
    width: float, limit: float, size: int
) -> None:
    more = images_to_decide(limit, 0.0, (-width, width), size, 1, 0.025, wanted=0.5)
    if more is None:
        assert width >= limit * 31  # a thousand times as many images
        return
    narrowed = width * (size / (size + more)) ** 0.5
    assert narrowed <= limit + 1e-9
    if more > 1:
        assert width * (size / (size + more - 1)) ** 0.5 > limit - 1e-9


def test_a_difference_on_the_limit_is_never_decided_by_more_images() -> None:
    assert images_to_decide(0.01, 0.01, (0.0, 0.02), 100, 1, 0.025) is None


def scene(flipped: int = 0) -> tuple[Comparison, Split]:
    """400 images; `flipped` of the 120 with a cat are lost by the variant."""
    labels = np.zeros((400, 3), dtype=np.int8)
    labels[:120, 0] = 1
    labels[100:260, 1] = 1
    labels[:3, 2] = 1
    generator = np.random.default_rng(3)
    reference = np.where(labels == 1, 0.9, 0.1) + generator.uniform(-0.05, 0.05, labels.shape)
    variant = reference.copy()
    variant[:flipped, 0] = 0.2
    split = split_over(labels, TAGS)
    after = Measured(variant.astype(np.float32), split, THRESHOLDS)
    before = Measured(reference.astype(np.float32), split, THRESHOLDS)
    return compare(before, after, after), split


@pytest.mark.parametrize(("flipped", "verdict"), [(0, "pass"), (5, "undecided"), (30, "fail")])
def test_lost_positives_break_the_margin_of_their_tag_alone(flipped: int, verdict: str) -> None:
    comparison, split = scene(flipped)
    checks = check_tags(Budget(max_recall_drop=0.06), comparison, split)
    assert set(checks) == {"cat", "dog"}
    assert checks["cat"][0].verdict == verdict
    assert checks["cat"][0].measured == pytest.approx(flipped / 120)
    assert checks["dog"][0].verdict == "pass"
    assert decide((), checks, comparison) == verdict


def test_one_tag_s_collapse_fails_among_many_tags_and_margins() -> None:
    """Were p a share of 200 draws, Holm's correction over 60 checks could call none lost."""
    names = Vocabulary(tuple(f"tag{number}" for number in range(20)))
    generator = np.random.default_rng(7)
    labels = (generator.random((400, 20)) < 0.3).astype(np.int8)
    split = split_over(labels, names)
    right = (np.where(labels == 1, 0.9, 0.1) + generator.uniform(0, 0.05, labels.shape)).astype(
        "f4"
    )
    shuffled = right.copy()
    shuffled[:, 0] = generator.permutation(right[:, 0])
    half = dict.fromkeys(names.names, 0.5)
    before, after = Measured(right, split, half), Measured(shuffled, split, half)
    margins = Budget(max_recall_drop=0.1, max_fpr_rise=0.1, max_ap_drop=0.1)
    checks = check_tags(margins, compare(before, after, after), split)
    assert {check.verdict for check in checks["tag0"]} == {"fail"}
    assert {c.verdict for tag, found in checks.items() if tag != "tag0" for c in found} == {"pass"}


def test_a_tag_s_own_margin_replaces_the_variant_s() -> None:
    comparison, split = scene(5)
    budget = Budget(max_recall_drop=0.01, tags={"cat": TagBudget(max_recall_drop=0.2)})
    checks = check_tags(budget, comparison, split)
    assert checks["cat"][0].limit == 0.2
    assert checks["cat"][0].verdict == "pass"
    assert checks["dog"][0].limit == 0.01


def test_a_margin_for_an_unscored_tag_by_name_leaves_the_file_undecided() -> None:
    comparison, split = scene()
    named = Budget(max_recall_drop=0.06, tags={"rare": TagBudget(max_ap_drop=0.1)})
    checks = check_tags(named, comparison, split)
    (rare,) = checks["rare"]
    assert (rare.budget, rare.limit, rare.measured) == ("max_ap_drop", 0.1, None)
    assert (rare.verdict, tag_decision(False, checks["rare"])) == ("undecided", "undecided")
    assert decide((), checks, comparison) == "undecided"
    broken, _ = scene(30)
    assert decide((), check_tags(named, broken, split), broken) == "fail"


@pytest.mark.parametrize(
    "budget",
    [
        Budget(max_recall_drop=0.06),
        Budget(max_recall_drop=0.06, tags={"rare": TagBudget()}),
        Budget(max_recall_drop=0.06, tags={"rare": TagBudget(max_recall_drop=1.0)}),
    ],
)
def test_margins_of_all_tags_and_those_that_any_file_keeps_do_not_wait_for_an_unscored_tag(
    budget: Budget,
) -> None:
    comparison, split = scene()
    checks = check_tags(budget, comparison, split)
    assert set(checks) == {"cat", "dog"}
    assert decide((), checks, comparison) == "pass"


def seen_in_sessions(sessions: Sequence[str], budget: Budget) -> dict[str, tuple[Check, ...]]:
    """Judge 400 images whose 30 of `rare` all lie in the last two of some sessions."""
    labels = np.zeros((400, 3), dtype=np.int8)
    labels[:120, 0] = 1
    labels[100:260, 1] = 1
    labels[370:, 2] = 1
    before = np.where(labels == 1, 0.9, 0.1).astype(np.float32)
    after = before.copy()
    after[:10, 0] = 0.2
    split = Split(
        labels,
        TAGS,
        [*(str(i) for i in range(370)), *sessions],
        min_positives=20,
        samples=200,
        confidence=0.95,
        seed=1,
    )
    file = Measured(after, split, THRESHOLDS)
    return check_tags(budget, compare(Measured(before, split, THRESHOLDS), file, file), split)


def test_holm_corrects_for_no_check_that_could_not_fail() -> None:
    limits = Budget(max_recall_drop=0.05)
    of_one = seen_in_sessions(["a"] * 30, limits)
    of_two = seen_in_sessions(["a"] * 15 + ["b"] * 15, limits)
    (rare,), (cat,) = of_one["rare"], of_one["cat"]
    assert (rare.verdict, rare.p_fail, rare.interval) == ("undecided", None, None)
    assert cat.verdict == "undecided"
    kept = Budget(max_recall_drop=0.05, tags={"rare": TagBudget(max_recall_drop=1.0)})
    kept_by_any = seen_in_sessions(["a"] * 15 + ["b"] * 15, kept)
    assert kept_by_any["rare"][0].verdict == "pass"
    for fewer, more in ((cat, of_two["cat"][0]), (kept_by_any["cat"][0], of_two["cat"][0])):
        assert fewer.p_fail is not None
        assert more.p_fail is not None
        assert fewer.needs is not None
        assert more.needs is not None
        assert fewer.p_fail < more.p_fail
        assert fewer.needs.more < more.needs.more


def test_undecided_names_the_positives_that_would_decide() -> None:
    comparison, split = scene(5)
    (check,) = check_tags(Budget(max_recall_drop=0.06), comparison, split)["cat"]
    assert check.needs is not None
    assert check.needs.of == "positives"
    assert check.needs.more > 0


def test_pictures_of_one_group_decide_no_margin() -> None:
    generator = np.random.default_rng(2)
    labels = (generator.random((200, 3)) < 0.4).astype(np.int8)
    scores = np.where(labels == 1, 0.9, 0.1).astype(np.float32)
    split = split_over(labels, TAGS, ["one session"] * 200)
    flipped = scores.copy()
    # As many lost as gained: their sum over the group is 0, which hides that they go together.
    for tag in range(3):
        for label in (1, 0):
            some = np.flatnonzero(labels[:, tag] == label)[:4]
            flipped[some, tag] = 1 - flipped[some, tag]
    before, after = (Measured(one, split, THRESHOLDS) for one in (scores, flipped))
    comparison = compare(before, after, after)
    limits = Budget(max_recall_drop=0.5, max_fpr_rise=0.5)
    tags = check_tags(limits, comparison, split)
    assert {check.verdict for checks in tags.values() for check in checks} == {"undecided"}
    assert decide((), tags, comparison) == "undecided"


def test_without_a_scored_tag_nothing_passes() -> None:
    labels = np.zeros((50, 3), dtype=np.int8)
    split = split_over(labels, TAGS, samples=100)
    same = Measured(np.full((50, 3), 0.2, np.float32), split, THRESHOLDS)
    comparison = compare(same, same, same)
    overall = check_overall(Budget(max_map_drop=0.5), comparison, split, 10, 100)
    assert [check.verdict for check in overall] == ["undecided"]
    assert decide(overall, {}, comparison) == "undecided"


def collapsed() -> tuple[Comparison, Split]:
    """Judge a file whose scores belong to other images."""
    comparison, split = scene()
    generator = np.random.default_rng(4)
    right = np.where(split.labels == 1, 0.9, 0.1).astype(np.float32)
    before = Measured(right, split, THRESHOLDS)
    after = Measured(right[generator.permutation(len(right))], split, THRESHOLDS)
    comparison = compare(before, after, after)
    assert comparison.mean_ap is not None
    assert comparison.mean_ap.drop > 0.4
    return comparison, split


@pytest.mark.parametrize("budget", [Budget(), Budget(max_size_bytes=20, max_size_ratio=0.5)])
def test_a_collapse_that_no_limit_on_accuracy_sees_never_passes(budget: Budget) -> None:
    comparison, split = collapsed()
    overall = check_overall(budget, comparison, split, 10, 100)
    assert all(check.verdict == "pass" for check in overall)
    assert decide(overall, check_tags(budget, comparison, split), comparison) == "not judged"


@pytest.mark.parametrize(
    "budget",
    [
        Budget(min_map=0.5),
        Budget(max_map_drop=0.1),
        Budget(max_flip_rate=0.01),
        Budget(max_logit_rmse=0.3),
        Budget(max_recall_drop=0.1),
        Budget(max_fpr_rise=0.05),
        Budget(max_ap_drop=0.1),
        Budget(tags={"dog": TagBudget(max_recall_drop=0.1)}),
    ],
)
def test_any_limit_on_accuracy_sees_a_collapse_and_passes_what_is_unchanged(budget: Budget) -> None:
    for (comparison, split), expected in ((collapsed(), "fail"), (scene(), "pass")):
        overall = check_overall(budget, comparison, split, 10, 100)
        assert decide(overall, check_tags(budget, comparison, split), comparison) == expected


def test_a_broken_size_is_told_before_accuracy_that_nothing_limits() -> None:
    comparison, split = scene()
    overall = check_overall(Budget(max_size_bytes=5), comparison, split, 10, 100)
    assert decide(overall, {}, comparison) == "fail"
    assert worst(["pass", "not judged"]) == "not judged"
    assert worst(["undecided", "not judged", "pass"]) == "undecided"


def test_a_tag_without_margins_is_not_judged_and_a_rare_one_not_scored() -> None:
    assert tag_decision(True, ()) == "not judged"
    assert tag_decision(False, ()) == "not scored"


def failed(kind: str) -> Failure:
    return Failure.model_validate(
        {
            "variant": "int8",
            "runtime": "tflite-runtime",
            "runtime_version": None if kind == "unavailable" else "2.14.0",
            "kind": kind,
            "reason": "for a reason",
        }
    )


@pytest.mark.parametrize(
    ("kind", "alone", "beside"),
    [
        ("unavailable", "undecided", "pass"),
        ("not loadable", "fail", "pass"),
        ("crashed", "fail", "fail"),
        ("timed out", "fail", "fail"),
        ("wrong output", "fail", "fail"),
    ],
)
def test_a_file_that_breaks_one_runtime_fails_and_one_that_is_refused_is_the_others_to_judge(
    kind: str, alone: str, beside: str
) -> None:
    good = (scored("int8", "litert", "test", 0.0), scored("fp32", "litert", "test", 0.0))
    assert decide_file("int8", (), (failed(kind),)) == alone
    assert decide_file("int8", good, (failed(kind),)) == beside
    assert decide_file("int8", good, (failed("unavailable"), failed(kind))) == beside
    assert decide_file("fp32", good, (failed(kind),)) == "pass"
