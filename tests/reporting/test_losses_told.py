"""Losses that decide nothing are told everywhere a verdict is, and nothing is plainly accepted."""

from pathlib import Path

import pytest

from edgetag.errors import ExitCode
from edgetag.judging.checks import Needs
from edgetag.reporting import results
from edgetag.reporting.findings import find
from edgetag.reporting.page import words
from edgetag.reporting.result import BudgetRow
from edgetag.reporting.tables import budgets_table
from edgetag.reporting.wording import describe_check
from edgetag.validation.result import Loss, VariantVerdict
from tests.support.made_results import check, make_verdict, scored
from tests.support.written_reports import shown, write

RECALL = Loss(
    tag="cat",
    measure="recall",
    drop=0.136,
    interval=(0.038, 0.255),
    p_holm=0.004,
    within_margin=False,
)
TOLD = "recall of cat fell 13.60 points [3.80, 25.50]"


def without_margins(entry: VariantVerdict, losses: tuple[Loss, ...]) -> VariantVerdict:
    tags = tuple(
        tag.replace(checks=(), verdict="not judged") if tag.checks else tag for tag in entry.tags
    )
    return entry.replace(tags=tags, losses=losses)


def failing_style() -> VariantVerdict:
    """Return a split for information that breaks a margin of 5 points."""
    entry = scored("int8", "litert", "test_style", 0.004)
    broken = check("max_recall_drop", 0.05, 0.103, 0.03)
    tag = entry.tags[0].replace(checks=(broken,), verdict="fail")
    return entry.replace(tags=(tag, *entry.tags[1:]), verdict="fail")


INT8 = scored("int8", "litert", "test", 0.004)


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        (
            (INT8, failing_style()),
            "fails on test_style, which does not decide: recall of cat fell 10.30 points "
            "[7.30, 13.30], margin 5.00 points",
        ),
        (
            (without_margins(INT8, (RECALL,)),),
            f"lost beyond chance, and no kept margin allows it: {TOLD}",
        ),
        (
            (INT8, without_margins(scored("int8", "litert", "test_style", 0.0), (RECALL,))),
            "lost beyond chance, and no kept margin allows it on test_style, which does not "
            f"decide: {TOLD}",
        ),
    ],
)
def test_a_loss_that_decides_nothing_is_told_in_every_report(
    entries: tuple[VariantVerdict, ...], sentence: str, tmp_path: Path
) -> None:
    found = write(entries, tmp_path)
    assert found.verdict.exit_code is ExitCode.ACCEPTED
    head = found.summary.split("\n## ")[0]
    assert "**! Accepted, with losses" in head
    assert "✓" not in head
    assert sentence in head.replace("\\", "")
    assert "! pass, with losses" in shown(found.report)
    assert "! pass, with losses" in found.summary
    assert "Accepted, with losses" in found.page
    assert sentence[1:] in found.page
    cases = found.junit.findall(".//testcase[@name='losses that decide nothing']/skipped")
    assert [case.attrib["message"] for case in cases] == [sentence]
    assert found.junit.attrib["failures"] == found.junit.attrib["errors"] == "0"
    command = next(one for one in found.commands if sentence in one)
    assert command.startswith("::warning title=edgetag%3A losses%3A int8 on litert::")
    tables = {table.title: table.texts for table in results.tables_of(found.verdict)}
    assert tables["Losses that decide nothing"] == (("int8 on litert", sentence),)


def test_the_tag_that_lost_without_a_margin_says_so_in_its_row(tmp_path: Path) -> None:
    found = write((without_margins(INT8, (RECALL,)),), tmp_path)
    assert "lost beyond chance: recall" in found.page


def test_a_loss_inside_a_kept_margin_is_a_note_and_the_file_is_accepted(tmp_path: Path) -> None:
    allowed = RECALL.replace(within_margin=True)
    found = write((INT8.replace(losses=(allowed,)),), tmp_path)
    assert "**✓ Accepted: every budget is kept.**" in found.summary
    assert f"· int8 on litert: lost beyond chance, inside its margin: {TOLD}" in (
        found.summary.replace("\\", "")
    )
    assert not found.report.accepted_with_losses
    assert any(one.startswith("::notice") and TOLD in one for one in found.commands)


def test_what_the_decision_tells_is_not_told_again_as_a_loss() -> None:
    broken = check("max_recall_drop", 0.02, 0.136, 0.05)
    tag = INT8.tags[0].replace(checks=(broken,), verdict="fail")
    entry = INT8.replace(tags=(tag, *INT8.tags[1:]), losses=(RECALL,), verdict="fail")
    levels = [one.level for one in find(make_verdict((entry,))) if "cat" in one.where + one.text]
    assert levels == ["fail"]


def test_what_would_decide_says_where_how_many_in_all_and_how() -> None:
    wanted = Needs(more=648, of="images", decides="fail", split="test", in_all=6500)
    row = BudgetRow(
        variant="int8",
        runtime="litert",
        stage="validate",
        budget="max_map_drop",
        limit=0.01,
        measured=0.0176,
        interval=(0.0009, 0.0379),
        verdict="undecided",
        needs=wanted,
    )
    assert describe_check(row).endswith(
        "; 648 more images in test (about 6,500 in all) would decide, as it looks that it is broken"
    )
    assert budgets_table([row]).texts[0][-2] == "648 more images in test (about 6,500 in all): fail"
    assert words.needs(0.0176, (0.0009, 0.0379), wanted) == (
        "About 648 more images in test (about 6\u202f500 in all) would decide it, as it looks by "
        "breaking it."
    )


def test_a_margin_without_an_interval_is_not_said_to_be_out_of_reach_of_more_images() -> None:
    row = BudgetRow(
        variant="int8",
        runtime="litert",
        stage="validate",
        budget="max_map_drop",
        limit=0.3,
        measured=0.0,
        verdict="undecided",
    )
    assert describe_check(row).endswith(
        "of one group or one alone; images of others would decide it"
    )
    assert words.needs(0.0, None, None).startswith("There is no interval, since images that have a")
