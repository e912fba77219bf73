"""The accepted state: what is told, what fails the gate, what is refused, what is kept."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from edgetag.errors import InputError
from edgetag.judging.decisions import Decision, worst
from edgetag.progress import Progress, SilentProgress
from edgetag.recipe import parse_recipe
from edgetag.tables.markdown import to_markdown
from edgetag.validation.baseline import (
    Baseline,
    accept,
    accept_run,
    baseline_file,
    breaks,
    compare,
    read_baseline,
)
from edgetag.validation.baseline_result import BaselineComparison
from edgetag.validation.baseline_tables import baseline_tables, changes_table
from edgetag.validation.result import (
    Failure,
    RuntimeAgreement,
    TagVerdict,
    VariantVerdict,
    Verdict,
)
from edgetag.workspace import Workspace
from edgetag.writing import write_text
from tests.support.listening import Listening
from tests.support.made_results import NOT_LOADABLE, RECIPE, make_sources, make_verdict, scored

FILE = "models/x/baseline.json"
QUIET = SilentProgress()


def verdict_of(drop: float = 0.004, **changes: object) -> Verdict:
    """Return int8 on one runtime, whose mAP and tag "cat" are lower by `drop`."""
    return make_verdict((scored("int8", "litert", "test", drop),)).replace(**changes)


def accepted(drop: float = 0.004, previous: Baseline | None = None) -> Baseline:
    return accept(verdict_of(drop), previous, "first")


def held(verdict: Verdict, baseline: Baseline) -> BaselineComparison:
    return compare(verdict, baseline, FILE, 0.002, 0.01, 0.1)


def with_tag(verdict: Verdict, **changes: object) -> Verdict:
    """Return the verdict with other numbers of the tag "cat"."""

    def changed(entry: VariantVerdict) -> VariantVerdict:
        tags: tuple[TagVerdict, ...] = tuple(
            tag.replace(**changes) if tag.tag == "cat" else tag for tag in entry.tags
        )
        return entry.replace(tags=tags)

    return verdict.replace(variants=tuple(map(changed, verdict.variants)))


def told(comparison: BaselineComparison) -> list[tuple[str, str]]:
    return [(change.what, change.change) for change in comparison.changes]


def test_numbers_are_accepted_to_six_decimals() -> None:
    entry = scored("int8", "litert", "test", 0.0).replace(map=0.12345678, map_drop=None)
    verdict = with_tag(make_verdict((entry,)), ap=0.9999995, recall=2 / 3, fpr=None)
    (state,) = accept(verdict, None, "first").variants
    assert (state.map, state.map_drop) == (0.123457, None)
    cat = state.tags[0]
    assert (cat.tag, cat.positives, cat.negatives) == ("cat", 40, 53)
    assert (cat.ap, cat.recall, cat.fpr) == (1.0, 0.666667, None)


@pytest.mark.parametrize(("drop", "kinds"), [(0.006001, []), (0.006004, ["worse", "worse"])])
def test_rounding_of_both_sides_is_no_change(drop: float, kinds: list[str]) -> None:
    """A change of 0.002 is none, nor is that of two millionths more."""
    comparison = held(verdict_of(drop), accepted(0.004))
    assert [change.change for change in comparison.changes] == kinds


def test_a_tag_that_is_newly_scored_is_told_once_and_fails_nothing() -> None:
    unscored = with_tag(verdict_of(), scored=False, ap=None, recall=None, fpr=None)
    comparison = held(verdict_of(), accept(unscored, None, "first"))
    assert told(comparison) == [("ap of cat", "new")]
    assert comparison.verdict == "pass"


def test_a_change_names_its_file_runtime_numbers_and_tolerance() -> None:
    (change,) = held(with_tag(verdict_of(), ap=0.85), accepted()).changes
    assert (change.variant, change.runtime, change.what) == ("int8", "litert", "ap of cat")
    assert (change.accepted, change.measured) == (0.896, 0.85)
    assert change.tolerance == 0.01
    (recall,) = held(with_tag(verdict_of(), recall=0.5), accepted()).changes
    assert recall.tolerance == 1 / 40  # of its positives


def test_a_given_file_is_held_against_the_variant_that_it_is_accepted_as() -> None:
    entry = scored("int8", "litert", "test", 0.02).replace(variant="mine")
    verdict = make_verdict((entry,))
    alone = compare(verdict, accepted(), FILE, 0.002, 0.05, 0.1)
    assert [(c.variant, c.change) for c in alone.changes] == [("int8", "gone"), ("mine", "new")]
    named = compare(verdict, accepted(), FILE, 0.002, 0.05, 0.1, accepted_names={"mine": "int8"})
    assert [(c.variant, c.what, c.change) for c in named.changes] == [
        ("mine", "map", "worse"),
        ("mine", "map_drop", "worse"),
    ]


def test_five_tags_that_differ_are_named_and_of_more_that_there_are_more() -> None:
    def said(names: str) -> str:
        with pytest.raises(InputError) as error:
            held(verdict_of(tags=("cat", "dog|wolf", "[bold]food", *names)), accepted())
        return str(error.value)

    assert "vocabulary: only in the recipe: 'a', 'b', 'c', 'd', 'e'; " in said("abcde")
    assert "vocabulary: only in the recipe: 'a', 'b', 'c', 'd', 'e' …; " in said("abcdef")


def test_the_same_verdict_changes_nothing() -> None:
    comparison = held(verdict_of(), accepted())
    assert comparison.changes == ()
    assert comparison.same_scores
    assert comparison.verdict == "pass"


def test_a_runtime_that_decides_alike_on_a_part_is_not_gone() -> None:
    both = (
        scored("int8", "litert", "test", 0.004),
        scored("int8", "tflite-runtime", "test", 0.004),
    )
    baseline = accept(make_verdict(both), None, "first")
    assert ("map", "gone") in told(held(verdict_of(), baseline))
    alike = RuntimeAgreement(
        variant="int8",
        runtime="tflite-runtime",
        runtime_version="2.14.0",
        images=512,
        judged_images=2284,
        differing_images=3,
        most_differing=0.015,
        decisions=5000,
        flips=3,
        largest_score_difference=0.02,
        scores_sha256="0" * 64,
    )
    comparison = held(verdict_of(agreements=(alike,)), baseline)
    assert comparison.changes == ()
    assert comparison.same_scores


@pytest.mark.parametrize(
    ("drop", "kind", "verdict"), [(0.009, "worse", "fail"), (-0.001, "better", "pass")]
)
def test_both_sides_are_told_and_only_the_worse_fails(drop: float, kind: str, verdict: str) -> None:
    comparison = held(verdict_of(drop), accepted(0.004))
    assert told(comparison) == [("map", kind), ("map_drop", kind)]
    assert comparison.verdict == verdict


def test_a_change_within_the_tolerance_is_none() -> None:
    assert held(verdict_of(0.0059), accepted(0.004)).changes == ()
    assert held(verdict_of(0.0063), accepted(0.004)).changes != ()


def at_distance(rmse: float | None) -> Verdict:
    entry = scored("int8", "litert", "test", 0.004).replace(logit_rmse=rmse)
    return make_verdict((entry,))


@pytest.mark.parametrize(
    ("before", "now", "changes"),
    [
        (0.2, 0.22, []),
        (0.2, 0.2201, [("logit_rmse", "worse")]),
        (0.2, 0.18, []),
        (0.2, 0.1799, [("logit_rmse", "better")]),
        (0.00001, 0.01, []),
        (0.05, 0.06, []),
        (0.05, 0.0601, [("logit_rmse", "worse")]),
        (None, 0.5, []),
        (0.5, None, []),
    ],
)
def test_a_file_that_drifts_from_the_float_model_fails_where_its_means_hold(
    before: float | None, now: float | None, changes: list[tuple[str, str]]
) -> None:
    comparison = held(at_distance(now), accept(at_distance(before), None, "first"))
    assert told(comparison) == changes
    worse = ("logit_rmse", "worse") in changes
    assert comparison.verdict == ("fail" if worse else "pass")


def test_the_recipe_says_which_drift_counts() -> None:
    baseline = accept(at_distance(0.2), None, "first")
    assert told(compare(at_distance(0.29), baseline, FILE, 0.002, 0.01, 0.5)) == []
    (change,) = compare(at_distance(0.31), baseline, FILE, 0.002, 0.01, 0.5).changes
    assert (change.what, change.tolerance) == ("logit_rmse", 0.1)
    distant = at_distance(0.4).variants[0].replace(map=0.6, map_drop=0.25)
    means = held(make_verdict((distant,)), baseline).changes
    assert [each.what for each in means] == ["map", "map_drop", "logit_rmse"]


def test_a_tag_that_falls_while_the_mean_holds_fails() -> None:
    comparison = held(with_tag(verdict_of(), ap=0.85), accepted())
    assert told(comparison) == [("ap of cat", "worse")]
    assert comparison.verdict == "fail"


def test_a_higher_false_positive_rate_is_worse_and_a_higher_recall_is_better() -> None:
    comparison = held(with_tag(verdict_of(), fpr=0.15, recall=0.85), accepted())
    assert told(comparison) == [("fpr of cat", "worse"), ("recall of cat", "better")]


def test_one_image_more_or_less_is_no_change_of_recall() -> None:
    one_image = 1 / 40  # the tag has 40 positives
    assert held(with_tag(verdict_of(), recall=0.75 - one_image), accepted()).changes == ()
    two = held(with_tag(verdict_of(), recall=0.75 - 2 * one_image), accepted())
    assert told(two) == [("recall of cat", "worse")]


def test_changes_are_sorted_worse_first_and_means_before_tags() -> None:
    found = told(held(with_tag(verdict_of(0.02), ap=0.99), accepted()))
    assert found == [("map", "worse"), ("map_drop", "worse"), ("ap of cat", "better")]


def test_of_two_tags_the_one_that_moved_more_stands_first() -> None:
    # Their values say nothing: 0.75 fell by 0.15, 0.05 rose by 0.2.
    verdict = with_tag(verdict_of(), recall=0.6, fpr=0.25)
    assert told(held(verdict, accepted())) == [("fpr of cat", "worse"), ("recall of cat", "worse")]


def test_a_tag_of_one_picture_may_lose_and_gain_it() -> None:
    single = {"positives": 1, "negatives": 1}
    before = accept(with_tag(verdict_of(), **single, recall=1.0, fpr=0.0), None, "first")
    assert held(with_tag(verdict_of(), **single, recall=0.0, fpr=1.0), before).changes == ()


@pytest.mark.parametrize("values", [(0.9, 0.3), (0.3, 0.9)])
def test_what_is_gone_or_new_is_sorted_by_its_number(values: tuple[float, float]) -> None:
    def with_ap(*of_tags: float | None) -> Verdict:
        (entry,) = verdict_of().variants
        tags = tuple(
            tag.replace(ap=ap, recall=None, fpr=None)
            for tag, ap in zip(entry.tags, (*of_tags, None), strict=True)
        )
        return make_verdict((entry.replace(tags=tags),))

    scored_both, neither = with_ap(*values), with_ap(None, None)
    for before, after in ((scored_both, neither), (neither, scored_both)):
        changes = held(after, accept(before, None, "first")).changes
        assert [change.accepted or change.measured for change in changes] == [0.9, 0.3]


def test_a_tag_that_fell_to_nothing_stands_before_one_that_fell_by_less() -> None:
    verdict = with_tag(verdict_of(), recall=0.0, fpr=0.5)
    before = accept(with_tag(verdict_of(), recall=0.6, fpr=0.0), None, "first")
    assert told(held(verdict, before)) == [("recall of cat", "worse"), ("fpr of cat", "worse")]


def test_one_image_more_or_less_is_no_change_of_the_false_positives() -> None:
    one_image = 1 / 53  # so many are known not to have the tag
    assert held(with_tag(verdict_of(), fpr=0.05 + one_image), accepted()).changes == ()
    two = held(with_tag(verdict_of(), fpr=0.05 + 2 * one_image), accepted())
    assert told(two) == [("fpr of cat", "worse")]


def test_a_given_file_is_accepted_in_the_place_of_the_variant_that_it_alone_stands_for() -> None:
    def kept(*variants: VariantVerdict) -> list[str]:
        return [state.variant for state in accept(make_verdict(variants), None, "x").variants]

    def given(name: str) -> VariantVerdict:
        entry = scored("int8", "litert", "test", 0.004)
        return entry.replace(variant=name, stands_for="int8")

    own = scored("int8", "litert", "test", 0.004)
    assert kept(given("mine")) == ["int8"]
    assert kept(given("mine"), given("yours")) == ["mine", "yours"]
    assert kept(own, given("mine")) == ["int8", "mine"]


def test_the_table_of_changes_has_four_digits_and_marks_only_what_may_decide() -> None:
    def rows(verdict: Verdict) -> list[str]:
        return to_markdown(changes_table(held(verdict, accepted()))).splitlines()[-2:]

    worse = verdict_of(0.02)
    assert rows(worse) == [
        "| int8 | litert | map_drop | 0.0040 | 0.0200 | 0.0020 | ✗ worse |",
        "| int8 | litert | ap of cat | 0.8960 | 0.8800 | 0.0100 | ✗ worse |",
    ]
    reference = worse.reference.replace(weights_sha256="00" * 32)
    others = rows(worse.replace(reference=reference))
    assert all("✗" not in row for row in others)


def test_the_table_of_the_accepted_state_counts_tags_and_shortens_digests() -> None:
    states, reasons = baseline_tables(accepted())
    assert to_markdown(states).splitlines()[-1] == (
        "| int8 | litert | 0.8460 | 0.40 | 2 | abababababab |"
    )
    assert "first" in to_markdown(reasons)


def test_other_trained_weights_are_told_and_decide_nothing() -> None:
    verdict = verdict_of(0.2)
    reference = verdict.reference.replace(weights_sha256="00" * 32)
    comparison = held(verdict.replace(reference=reference), accepted())
    assert not comparison.same_reference
    assert comparison.changes
    assert comparison.verdict == "pass"


def test_other_scores_with_the_same_numbers_are_told() -> None:
    verdict = verdict_of()
    entry = verdict.variants[0].replace(scores_sha256="00" * 32)
    comparison = held(verdict.replace(variants=(entry,)), accepted())
    assert not comparison.same_scores
    assert comparison.changes == ()


def test_a_variant_that_only_one_side_has_is_new_or_gone_and_fails_nothing() -> None:
    two = make_verdict((scored("fp32", "litert", "test", 0.0), *verdict_of().variants))
    new = held(two, accepted())
    assert told(new) == [("map", "new")]
    gone = held(verdict_of(), accept(two, None, "both"))
    assert told(gone) == [("map", "gone")]
    assert (new.verdict, gone.verdict) == ("pass", "pass")


@pytest.mark.parametrize(
    ("kind", "verdict"), [("unavailable", "pass"), ("not loadable", "fail"), ("crashed", "fail")]
)
def test_a_runtime_that_no_longer_runs_a_variant_fails_unless_the_machine_lacks_it(
    kind: str, verdict: str
) -> None:
    both = make_verdict(
        tuple(scored("int8", runtime, "test", 0.004) for runtime in ("litert", "tflite-runtime"))
    )
    failure = Failure(
        variant="int8",
        runtime="tflite-runtime",
        runtime_version=None,
        kind=kind,
        reason="r",
    )
    comparison = held(verdict_of(failures=(failure,)), accept(both, None, "both"))
    assert told(comparison) == [("map", "gone")]
    assert comparison.verdict == verdict


def test_what_a_new_file_replaces_fails_but_on_runtimes_that_this_machine_lacks() -> None:
    runtimes = ("litert", "tflite-runtime")
    before = make_verdict(tuple(scored("int8", name, "test", 0.004) for name in runtimes))
    lacking, refused = (
        Failure(variant="mine", runtime=runtimes[1], runtime_version=None, kind=kind, reason="r")
        for kind in ("unavailable", "not loadable")
    )
    for failure, broken in ((lacking, [True, False]), (refused, [True, True])):
        now = make_verdict((scored("mine", "litert", "test", 0.004),), (failure,))
        comparison = held(now, accept(before, None, "first"))
        gone = [change for change in comparison.changes if change.change == "gone"]
        assert [(change.variant, change.runtime) for change in gone] == [
            ("int8", name) for name in runtimes
        ]
        assert [breaks(change, comparison, now) for change in gone] == broken
        assert comparison.verdict == "fail"


def test_a_file_without_a_mean_is_gone_or_new_all_the_same() -> None:
    without = scored("fp32", "litert", "test", 0.0).replace(map=None, map_drop=None, tags=())
    two = make_verdict((without, *verdict_of().variants))
    assert told(held(two, accepted())) == [("map", "new")]
    assert told(held(verdict_of(), accept(two, None, "both"))) == [("map", "gone")]


def test_variants_that_were_left_out_on_purpose_are_not_gone() -> None:
    two = make_verdict((scored("fp32", "litert", "test", 0.0), *verdict_of().variants))
    baseline = accept(two, None, "both")
    assert compare(verdict_of(), baseline, FILE, 0.002, 0.01, 0.1, partial=True).changes == ()
    assert told(compare(verdict_of(0.02), baseline, FILE, 0.002, 0.02, 0.1, partial=True)) == [
        ("map", "worse"),
        ("map_drop", "worse"),
    ]


def test_a_tag_that_is_no_longer_scored_is_told_once_and_fails() -> None:
    unscored = with_tag(verdict_of(), scored=False, ap=None, recall=None, fpr=None)
    comparison = held(unscored, accepted())
    assert told(comparison) == [("ap of cat", "gone")]
    assert comparison.verdict == "fail"
    assert breaks(comparison.changes[0], comparison, unscored)


def test_only_the_deciding_split_is_kept() -> None:
    baseline = accept(make_sources().verdict, None, "all")
    assert {(s.variant, s.runtime) for s in baseline.variants} == {
        ("fp32", "litert"),
        ("fp32", "tflite-runtime"),
        ("dynamic", "litert"),
        ("int8", "litert"),
        ("int8", "tflite-runtime"),
    }
    assert len(baseline.variants) == 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tags": ("cat", "fox")}, "only accepted: 'dog|wolf', '[bold]food'; only in the recipe"),
        ({"tags": ("dog|wolf", "cat", "[bold]food")}, "the same tags in another order"),
        ({"images_sha256": "99" * 32}, "121212121212… there and 999999999999… now"),
        ({"split": "validation"}, "over the split 'test', but 'validation' decides now"),
        ({"recipe": "other"}, "for the recipe 'report-test', but this one is 'other'"),
    ],
)
def test_a_baseline_about_something_else_is_refused_naming_both_sides(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError) as error:
        held(verdict_of(**changes), accepted())
    assert str(error.value).startswith(f"{FILE}: ")
    assert said in str(error.value)
    if "recipe" not in changes:
        assert "edgetag validate RECIPE --no-baseline" in str(error.value)
        assert "edgetag baseline accept RECIPE --reason" in str(error.value)


def test_accepting_again_keeps_every_reason_and_its_numbers() -> None:
    first = accept(verdict_of(0.004), None, "first")
    second = accept(verdict_of(0.001), first, " new\n training ")
    third = accept(verdict_of(0.002), second, "third")
    assert third.reason == "third"
    assert [entry.reason for entry in third.history] == ["first", "new training"]
    assert third.history[0].map == {"int8": {"litert": first.variants[0].map}}
    assert held(verdict_of(0.002), third).changes == ()


def test_the_time_of_acceptance_is_utc() -> None:
    moment = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert accept(verdict_of(), None, "r", moment).accepted_at == "2026-02-28T23:30:00+00:00"
    clock = datetime.fromisoformat(accepted().accepted_at)
    assert abs(datetime.now(UTC) - clock) < timedelta(minutes=1)


def test_accepting_needs_a_reason_and_scores() -> None:
    with pytest.raises(InputError, match="--reason is empty"):
        accept(verdict_of(), None, " \n")
    with pytest.raises(InputError, match="nothing to accept"):
        accept(make_verdict((), (NOT_LOADABLE,), {"dynamic": "fail"}), None, "r")


@pytest.fixture
def accepting(tmp_path: Path) -> Callable[..., tuple[Path, Baseline]]:
    """Return a function that writes a verdict into a run folder and accepts it."""
    recipe_file = tmp_path / "model" / "recipe.toml"
    write_text(recipe_file, RECIPE)

    def run(verdict: Verdict, progress: Progress = QUIET, **options: bool) -> tuple[Path, Baseline]:
        workspace = Workspace(tmp_path / "run")
        verdict.write(workspace.validate / "verdict.json")
        recipe = parse_recipe(recipe_file.read_text(), recipe_file)
        return accept_run(recipe, recipe_file, workspace, progress, "because", **options)

    return run


def test_what_the_former_state_had_and_this_one_has_not_is_said(
    accepting: Callable[..., tuple[Path, Baseline]],
) -> None:
    progress = Listening()
    accepting(make_sources().verdict)
    accepting(verdict_of(), progress=progress)  # int8 on litert; the other variants are kept
    assert progress.said == [
        "note: int8 on tflite-runtime was in the former state and is not in this one"
    ]
    accepting(verdict_of(), progress=progress)
    assert len(progress.said) == 1


def test_the_file_lies_beside_the_recipe_and_reads_back(
    accepting: Callable[..., tuple[Path, Baseline]], tmp_path: Path
) -> None:
    path, baseline = accepting(verdict_of())
    assert path == tmp_path / "model" / "baseline.json"
    assert path == baseline_file(tmp_path / "model" / "recipe.toml")
    assert read_baseline(path) == baseline
    assert len(accepting(verdict_of())[1].history) == 1
    assert [file.name for file in path.parent.iterdir() if file.suffix == ".tmp"] == []


def test_accepting_some_variants_keeps_the_others_unless_what_they_are_about_has_changed(
    accepting: Callable[..., tuple[Path, Baseline]],
) -> None:
    accepting(make_sources().verdict)
    _, baseline = accepting(verdict_of(0.002))
    assert sorted({state.variant for state in baseline.variants}) == ["dynamic", "fp32", "int8"]
    assert next(s for s in baseline.variants if s.variant == "int8").map_drop == 0.002
    _, other = accepting(verdict_of(images_sha256="99" * 32))
    assert {state.variant for state in other.variants} == {"int8"}


def test_a_verdict_that_fails_its_budgets_needs_permission(
    accepting: Callable[..., tuple[Path, Baseline]], tmp_path: Path
) -> None:
    failing = verdict_of(0.05)
    assert failing.verdict == "fail"
    with pytest.raises(InputError, match=r"int8 fail their budgets.*--accept-failing"):
        accepting(failing)
    assert not (tmp_path / "model" / "baseline.json").exists()
    assert accepting(failing, accept_failing=True)[1].verdict == "fail"


def test_a_file_that_decides_nothing_needs_no_permission(
    accepting: Callable[..., tuple[Path, Baseline]],
) -> None:
    judged = make_sources().verdict
    decisions: dict[str, Decision] = {**judged.decisions, "int8": "fail", "int8-qat": "pass"}
    counting = [decision for name, decision in decisions.items() if name != "int8"]
    standing_in = judged.replace(
        decisions=decisions, passed_over=("int8",), verdict=worst(counting)
    )
    assert standing_in.verdict == "pass"
    assert accepting(standing_in)[1].verdict == "pass"


def test_a_verdict_that_only_the_former_baseline_made_fail_is_accepted(
    accepting: Callable[..., tuple[Path, Baseline]],
) -> None:
    _, former = accepting(verdict_of(-0.01))
    comparison = held(verdict_of(0.004), former)
    assert comparison.verdict == "fail"
    now = verdict_of(0.004, baseline=comparison, verdict="fail")
    _, baseline = accepting(now)
    assert held(now, baseline).verdict == "pass"


@pytest.mark.parametrize("tags", [("cat", "fox"), ("cat", "dog", "fox")])
def test_a_verdict_about_another_vocabulary_is_not_accepted(
    accepting: Callable[..., tuple[Path, Baseline]], tags: tuple[str, ...]
) -> None:
    with pytest.raises(InputError, match="says something else in tags; run: edgetag validate"):
        accepting(verdict_of(tags=tags))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no accepted state yet; run: edgetag validate"),
        (b"\xff\xfe", "not UTF-8"),
        (b"{", "restore it from version control"),
        (b'{"schema": "edgetag.baseline/9.0"}', "restore it from version control"),
    ],
)
def test_a_missing_or_damaged_baseline_says_what_to_do(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "baseline.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_baseline(path)
    assert str(path) in str(error.value)
    assert said in str(error.value)
