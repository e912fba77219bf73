"""What other machines showed decides, and every report says so in its own way."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edgetag.cli.outcome import exit_code
from edgetag.errors import ExitCode
from edgetag.recipe import parse_recipe
from edgetag.reporting.annotations import annotations
from edgetag.reporting.page.write import write_page
from edgetag.reporting.result import ReportResult
from edgetag.reporting.sources import Sources
from edgetag.reporting.targets import target_findings
from edgetag.targets import store
from edgetag.targets.result import CountFailure, InstructionCount, TargetCheck, TargetsResult
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace
from tests.reporting.page_factory import make_report
from tests.reporting.page_factory import make_sources as make_page_sources
from tests.support.accelerators import RAN, nothing_ran
from tests.support.made_results import RECIPE, RECIPE_FILE, make_sources, make_verdict, scored
from tests.support.parsed_page import Page
from tests.support.written_reports import report_on, shown

LIMITED = parse_recipe(
    RECIPE.replace("[budgets.int8]", "[budgets.int8]\nmax_arm_instructions = 12_000_000")
    + '[targets]\non = ["arm64"]\n',
    RECIPE_FILE,
)
EVIL = "<img src=x onerror=alert(1)> ]]> | @all\x1b[2J"


def place(variant: str, cpu: str | None = "cortex-a76", target: str = "arm64") -> dict[str, object]:
    return {
        "variant": variant,
        "sha256": "ab" * 32,
        "target": target,
        "runtime": "litert" if target == "arm64" else target,
        "runtime_version": "2.3.0",
        "cpu": cpu,
        "program": "QEMU 7.2.22",
    }


def check(variant: str, agreement: str, **more: object) -> TargetCheck:
    return TargetCheck.model_validate(
        {
            **place(variant),
            "host": "litert",
            "split": "test",
            "images": 32,
            "tolerance": 0.0,
            "agreement": agreement,
            **more,
        }
    )


def count(variant: str, instructions: int, cpu: str = "cortex-a76") -> InstructionCount:
    return InstructionCount.model_validate({**place(variant, cpu), "instructions": instructions})


DIFFERS = check("int8", "differs", differing_images=3, max_difference=1 / 256)
SENTENCE = "scores of 3 of 32 images differ from litert's here, by up to 0.0039; none is allowed"


def reported(result: TargetsResult, root: Path) -> tuple[ReportResult, str]:
    result.write(store.result_path(Workspace(root)))
    return report_on(replace(make_sources(), recipe=LIMITED), root)


def found(root: Path) -> ElementTree.Element:
    return ElementTree.parse(root / "report" / "junit.xml").getroot()  # noqa: S314


@pytest.mark.slow
def test_scores_that_agree_and_a_count_within_its_limit_change_no_verdict(tmp_path: Path) -> None:
    checks = [check("int8", "identical", differing_images=0, max_difference=0.0)]
    result = store.make(LIMITED, checks, [count("fp32", 30_000_000), count("int8", 12_000_000)])
    report, text = reported(result, tmp_path)
    assert (result.verdict, report.verdict) == ("pass", "pass")
    assert result.exit_code is ExitCode.ACCEPTED
    (int8,) = (row for row in report.variants if row.variant == "int8")
    (counted,) = int8.instructions
    assert (counted.instructions, counted.judged) == (12_000_000, True)
    assert "litert@\N{ZERO WIDTH SPACE}arm64 M instructions, cortex-a76" in text
    assert "max_arm_instructions" in text
    assert "12.00" in shown(report)
    suites = {suite.get("name"): suite for suite in found(tmp_path)}
    assert suites["scores on arm64, cortex-a76"].get("failures") == "0"
    assert suites["instructions of int8 on litert@arm64, cortex-a76"].get("tests") == "1"


def test_integer_scores_that_differ_reject_the_file_and_say_by_how_much(tmp_path: Path) -> None:
    result = store.make(LIMITED, [DIFFERS], [count("int8", 12_000_000)])
    report, text = reported(result, tmp_path)
    assert result.exit_code is ExitCode.BUDGET_BROKEN
    assert report.verdict == "fail"
    assert {row.variant: row.verdict for row in report.variants} == {
        "fp32": "pass",
        "dynamic": "pass",
        "int8": "fail",
    }
    assert "✗ Rejected: no budget is broken, but another machine gives other scores." in text
    where = "int8 on litert@\N{ZERO WIDTH SPACE}arm64, cortex-a76"
    assert f"✗ {where}: {SENTENCE}" in text.split("## ")[0]
    (failure,) = found(tmp_path).iter("failure")
    assert (failure.get("type"), failure.get("message")) == ("differs", SENTENCE)
    (line,) = annotations(target_findings(result))
    assert line.startswith("::error title=edgetag%3A not accepted%3A int8 on litert@arm64%2C")
    assert line.endswith(f"::{SENTENCE}")


def test_too_many_instructions_reject_the_file(tmp_path: Path) -> None:
    result = store.make(LIMITED, counts=[count("int8", 12_000_001)])
    report, text = reported(result, tmp_path)
    assert result.exit_code is ExitCode.BUDGET_BROKEN
    assert report.verdict == "fail"
    assert "max_arm_instructions is 12,000,001, limit 12,000,000" in text.split("## ")[0]
    assert "a budget is broken" in text
    (failure,) = found(tmp_path).iter("failure")
    assert failure.get("message") == "fail: max_arm_instructions is 12,000,001, limit 12,000,000"


def test_a_limit_that_was_counted_elsewhere_only_is_undecided(tmp_path: Path) -> None:
    result = store.make(LIMITED, counts=[count("int8", 1, "cortex-a53")])
    report, _ = reported(result, tmp_path)
    assert report.verdict == "undecided"
    assert result.exit_code is ExitCode.UNDECIDED


def test_a_limit_that_nothing_judged_is_told(tmp_path: Path) -> None:
    report, text = report_on(replace(make_sources(), recipe=LIMITED), tmp_path)
    assert report.verdict == "pass"
    assert "max_arm_instructions not judged: nothing was counted; run: edgetag target count" in text


def test_a_file_that_only_runs_here_is_an_error_and_one_that_runs_nowhere_is_skipped(
    tmp_path: Path,
) -> None:
    checks = [
        check("int8", "fails there", reason="it crashed (SIGILL) while running it"),
        check("dynamic", "not compared", reason="here: no op"),
    ]
    report, _ = reported(store.make(LIMITED, checks), tmp_path)
    assert {row.variant: row.verdict for row in report.variants}["dynamic"] == "pass"
    assert {(row.variant, row.reason) for row in report.failures if row.stage == "targets"} == {
        ("int8", "it crashed (SIGILL) while running it"),
        ("dynamic", "here: no op"),
    }
    (error,) = found(tmp_path).iter("error")
    assert error.get("message") == "does not run there: it crashed (SIGILL) while running it"
    skipped = [one.get("message") for one in found(tmp_path).iter("skipped")]
    assert "here: no op" in skipped


def test_reports_say_what_ran_on_other_machines_and_why_nothing_did(tmp_path: Path) -> None:
    nothing = nothing_ran("it crashed")
    checks = [
        check("fp32", "identical", differing_images=0, max_difference=0.0, accelerator=RAN),
        check("int8", "fails there", reason="it crashed", accelerator=nothing),
    ]
    counted = count("fp32", 30_000_000).replace(accelerator=RAN)
    report, _ = reported(store.make(LIMITED, checks, [counted]), tmp_path)
    (fp32,) = (row for row in report.variants if row.variant == "fp32")
    assert [each.accelerator for each in fp32.instructions] == [RAN]
    assert [row.accelerator for row in report.failures if row.stage == "targets"] == [nothing]
    (suite,) = (each for each in found(tmp_path) if each.get("name", "").startswith("scores on"))
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert properties["accelerator of litert@arm64"] == "cpu"


def test_results_of_files_that_have_changed_since_are_not_shown(tmp_path: Path) -> None:
    old = DIFFERS.replace(sha256="cd" * 32)
    report, text = reported(store.make(LIMITED, [old]), tmp_path)
    assert report.verdict == "pass"
    assert "arm64" not in text.replace("--on arm64", "")


def test_hostile_reasons_stay_text_in_every_report(tmp_path: Path) -> None:
    failure = CountFailure.model_validate({**place("int8"), "reason": EVIL})
    checks = [check("int8", "fails there", reason=EVIL)]
    _, text = reported(store.make(LIMITED, checks, failures=[failure]), tmp_path)
    assert text.count("<img") == text.count("\\<img") > 0, "Markdown is escaped"
    assert "@all" not in text
    assert found(tmp_path).find(".//error") is not None
    html = (tmp_path / "report" / "index.html").read_text()
    assert "<img src=x" not in html


@pytest.fixture
def html() -> str:
    sources = make_page_sources()
    checks = [
        check("int8", "differs", differing_images=3, max_difference=0.25),
        check("fp32", "identical", differing_images=0, max_difference=0.0),
    ]
    targets = store.make(sources.recipe, checks, [count("fp32", 2_000), count("int8", 1_000)])
    sources = replace(sources, targets=targets)
    return write_page(make_report(sources), sources)


def test_the_page_shows_other_machines_and_what_differs(html: str) -> None:
    page = Page(html)
    assert "Scores on other machines" in page.text
    assert "3 of 32 images differ from litert's here, by up to 0.25" in page.text
    assert "QEMU 7.2.22" in page.text
    assert "no time follows from them" in page.text
    assert "0.500" in page.text


def test_the_summary_without_other_machines_is_as_it_was(sources: Sources, tmp_path: Path) -> None:
    _, text = report_on(sources, tmp_path)
    assert "instructions" not in text


def passed_over_int8() -> Verdict:
    """Return a verdict in which int8-qat stands in for an int8 that breaks its margin."""
    drops = {"fp32": 0.0, "int8": 0.05, "int8-qat": 0.0}
    entries = tuple(scored(name, "litert", "test", drop) for name, drop in drops.items())
    return make_verdict(entries).replace(passed_over=("int8",), verdict="pass")


@pytest.mark.slow
def test_other_machines_reject_nothing_for_a_file_that_another_stands_in_for(
    tmp_path: Path,
) -> None:
    verdict = passed_over_int8()
    result = store.make(LIMITED, [DIFFERS], [count("int8", 13_000_000)])
    result.write(store.result_path(Workspace(tmp_path)))
    report, text = report_on(replace(make_sources(), verdict=verdict, bench=None), tmp_path)
    assert (report.verdict, "✓ Accepted" in text) == ("pass", True)
    assert exit_code({"validate": verdict, "targets": result}) is ExitCode.ACCEPTED
    suites = found(tmp_path)
    assert (suites.get("failures"), suites.get("errors")) == ("0", "0")
    assert SENTENCE in [skipped.get("message") for skipped in suites.iter("skipped")]


def test_a_file_that_another_stands_in_for_is_not_why_a_run_is_rejected(tmp_path: Path) -> None:
    verdict = passed_over_int8()
    differs = check("fp32", "differs", differing_images=3, max_difference=0.1)
    store.make(LIMITED, [differs]).write(store.result_path(Workspace(tmp_path)))
    _, text = report_on(replace(make_sources(), verdict=verdict, bench=None), tmp_path)
    assert "✗ Rejected: no budget is broken, but another machine gives other scores." in text
    worse = verdict.replace(baseline=make_page_sources().verdict.baseline, verdict="fail")
    _, text = report_on(replace(make_sources(), verdict=worse, bench=None), tmp_path / "worse")
    assert "✗ Rejected: no budget is broken, but a number is worse than accepted." in text
