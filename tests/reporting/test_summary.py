"""The summary fits a comment on a pull request and says first what matters."""

import re
from dataclasses import replace

import pytest

from edgetag.errors import ExitCode
from edgetag.explaining.result import (
    Blame,
    Explanation,
    LayerError,
    MistakeCost,
    PreprocessingDrift,
)
from edgetag.reporting import stage
from edgetag.reporting.sources import Sources
from edgetag.reporting.summary import LONGEST, SHOWN_TAGS, write_summary
from edgetag.validation.baseline import accept, compare
from tests.support.made_results import NOT_LOADABLE, make_sources, make_verdict, scored, tag
from tests.support.written_reports import summed_up

GITHUB_COMMENT = 65_536


def test_undecided_tags_say_how_many_more_positives_would_decide() -> None:
    _, text = summed_up(make_sources(tag_half_width=0.05))
    head = text.split("## ")[0]
    assert "? Undecided" in head
    assert (
        "int8 on litert, tag cat: max_recall_drop is 0.40 points [−4.60, 5.40], limit 2.00 points; "
        "340 more positives of cat would decide" in head
    )


def test_every_margin_that_is_not_kept_is_in_a_table() -> None:
    result, text = summed_up(make_sources(int8_drop=0.05))
    table = text.split("<summary>Margins of tags that are not kept</summary>")[1]
    table = table.split("</details>")[0]
    assert result.tag_budgets
    for row in result.tag_budgets:
        assert f"| {row.variant} | {row.runtime} | {row.tag} | {row.budget} |" in table


def test_what_no_number_of_images_would_decide_says_so() -> None:
    sources = make_sources(tag_half_width=0.05)
    entry = scored("int8", "litert", "test", 0.004, 0.05)
    check = entry.tags[0].checks[0].replace(needs=None)
    hopeless = entry.tags[0].replace(checks=(check,))
    entry = entry.replace(tags=(hopeless, *entry.tags[1:]))
    _, text = summed_up(replace(sources, verdict=make_verdict((entry,))))
    assert "more images like these would not decide it" in text.split("## ")[0]


@pytest.mark.slow
def test_a_thousand_tags_and_many_variants_fit_a_comment() -> None:
    tags = tuple(
        tag(f"tag number {n} {'é' * 60}", True, 0.03 if n % 2 else 0.0) for n in range(1000)
    )
    entries = tuple(
        scored(f"variant {n}", "litert", "test", 0.004).replace(tags=tags) for n in range(12)
    )
    verdict = make_verdict(entries)
    sources = replace(make_sources(), verdict=verdict)
    text = write_summary(stage.join(sources, "summary.md", "junit.xml"), sources)
    assert len(text) <= LONGEST + 1000 < GITHUB_COMMENT
    assert f"({SHOWN_TAGS} of 1000 shown)" in text
    assert "Left out for its length, see the other reports: " in text
    assert re.search(r"- [✗?] and \d+ more", text)


def test_of_many_tags_the_broken_ones_are_shown_first() -> None:
    tags = (*(tag(f"fine {n}", True, 0.0) for n in range(60)), tag("last and broken", True, 0.05))
    entry = scored("int8", "litert", "test", 0.004).replace(tags=tags)
    _, text = summed_up(replace(make_sources(), verdict=make_verdict((entry,))))
    rows = [line for line in text.splitlines() if line.startswith(("| fine", "| last"))]
    assert rows[0].startswith("| last and broken ")
    assert len(rows) == SHOWN_TAGS


def test_what_is_wrong_with_the_variant_that_ships_is_told_first() -> None:
    entries = tuple(scored(name, "litert", "test", 0.05) for name in ("fp32", "int8", "dynamic"))
    result, _ = summed_up(replace(make_sources(), verdict=make_verdict(entries)))
    failing = [finding.variant for finding in result.findings if finding.level == "fail"]
    assert failing[0] == "int8"
    assert failing == sorted(failing, key=lambda name: name != "int8")


def test_the_baseline_is_told_with_its_reason() -> None:
    sources = make_sources(int8_drop=0.004)
    former = accept(make_sources(int8_drop=0.0).verdict, None, "for @everyone <b>now</b>")
    compared = compare(sources.verdict, former, "baseline.json", 0.002, 0.02, 0.1)
    verdict = sources.verdict.replace(baseline=compared, verdict="fail")
    result, text = summed_up(replace(sources, verdict=verdict))
    assert result.verdict == "fail"
    assert result.baseline == compared
    head = text.split("## ")[0]
    assert "✗ Rejected: no budget is broken, but a number is worse than accepted." in head
    assert "worse than accepted: map 0.8500 → 0.8460" in head
    assert "@everyone" not in text
    assert "<b>" not in text.replace(r"\<b", "")
    assert "4 worse" in head


def test_a_new_training_since_the_accepted_state_rejects_nothing() -> None:
    sources = make_sources(int8_drop=0.004)
    former = accept(make_sources(int8_drop=0.0).verdict, None, "r")
    other = former.replace(weights_sha256="00" * 32)
    compared = compare(sources.verdict, other, "baseline.json", 0.002, 0.02, 0.1)
    verdict = sources.verdict.replace(baseline=compared)
    result, text = summed_up(replace(sources, verdict=verdict))
    assert result.verdict == "pass"
    assert "for other trained weights" in text.split("## ")[0]


def test_a_file_that_another_tool_made_stands_beside_ours() -> None:
    sources = make_sources()
    verdict = make_verdict(
        (*sources.verdict.variants, scored("their_model", "litert", "test", 0.0)), (NOT_LOADABLE,)
    )
    result, text = summed_up(replace(sources, verdict=verdict))
    assert [(row.variant, row.origin) for row in result.variants] == [
        ("fp32", "export"),
        ("dynamic", "export"),
        ("int8", "export"),
        ("their_model", "external"),
    ]
    assert "| their_model (given) | 2.50 MB | 2.25 MB |" in text


def test_a_job_that_only_validates_has_a_report() -> None:
    sources = make_sources()
    verdict = make_verdict((scored("their_model", "litert", "test", 0.0),))
    alone = replace(sources, verdict=verdict, exported=None, bench=None)
    result, text = summed_up(alone)
    assert result.verdict == "pass"
    assert result.variants[0].speed == ()
    assert "There is no benchmark, so speed and memory are not shown." in text
    assert "## Tags of their_model on test, litert" in text


def test_a_given_file_that_nothing_limits_is_not_called_accepted() -> None:
    entry = scored("their_model", "litert", "test", 0.0)
    tags = tuple(tag.replace(checks=()) for tag in entry.tags)
    unlimited = entry.replace(tags=tags, verdict="not judged")
    verdict = make_verdict((unlimited,))
    assert verdict.exit_code is ExitCode.UNDECIDED
    result, text = summed_up(replace(make_sources(), verdict=verdict, bench=None))
    assert result.verdict == "not judged"
    assert "**? Not judged" in text
    assert r"- ? their_model: nothing limits its accuracy" in text
    assert r"\[budgets.default]" in text


def test_limits_that_nothing_judged_are_told() -> None:
    _, text = summed_up(replace(make_sources(), bench=None))
    assert "int8: max_latency_ratio not judged: there is no benchmark" in text


def test_what_explain_found_is_folded_in() -> None:
    layer = LayerError(index=3, name="stem/conv", operator="CONV_2D", error=0.4, added=0.3)
    mistake = MistakeCost(
        mistake="bgr",
        what="Swaps red and blue.",
        sign="Red things are not found.",
        map=0.6,
        map_drop=0.25,
        map_drop_interval=(0.2, 0.3),
        flip_rate=0.12,
        mean_score_difference=0.1,
        tags_hurt=("cat",),
        images_changed=240,
    )
    explanation = Explanation(
        blame=(Blame(variant="int8", runtime="litert", images=32, layers=(layer,)),),
        preprocessing=(
            PreprocessingDrift(
                variant="int8",
                runtime="litert",
                split="test",
                images=90,
                map=0.85,
                mistakes=(mistake,),
                n_scored_tags=2,
            ),
        ),
    )
    _, text = summed_up(replace(make_sources(), explanation=explanation))
    assert "| stem/conv | CONV_2D | 0.400 | 0.300 |" in text
    assert "| bgr | Swaps red and blue. | 0.600 | 25.00 [20.00, 30.00] | 12.0 % | cat |" in text


@pytest.mark.parametrize("name", ["</summary><script>", "@team", "a|b", "![x](http://y)"])
def test_names_of_files_cannot_break_out(name: str) -> None:
    sources: Sources = make_sources()
    verdict = make_verdict(
        (*sources.verdict.variants, scored(name, "litert", "test", 0.0)), (NOT_LOADABLE,)
    )
    _, text = summed_up(replace(sources, verdict=verdict))
    folds = [line for line in text.splitlines() if line.startswith("<details>")]
    markdown = "\n".join(line for line in text.splitlines() if line not in folds)
    assert name not in re.sub(r"\\.", "", markdown)
    # Within the line of a fold GitHub reads HTML, not Markdown.
    assert all(
        re.fullmatch(r"<details><summary>[^<>@]*</summary>", fold.replace("@\u200b", ""))
        for fold in folds
    )
    assert text.count("</details>") == len(folds)
