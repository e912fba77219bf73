"""Which file ships, and why, is one sentence that every report has."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edgetag.recipe import parse_recipe, passed_over
from edgetag.reporting.sources import Sources
from edgetag.validation.result import Verdict
from tests.support.made_results import RECIPE, RECIPE_FILE, make_sources, make_verdict, scored
from tests.support.written_reports import report_on, summed_up

BEST = RECIPE.replace('[bundle]\nvariant = "int8"\n', "")


def sources(verdict: Verdict) -> Sources:
    """Return results of a recipe whose best file ships, judged so."""
    recipe = parse_recipe(BEST, RECIPE_FILE)
    over = passed_over(recipe, verdict.decisions)
    decided = verdict.replace(passed_over=over, verdict="pass" if over else verdict.verdict)
    return replace(make_sources(), recipe=recipe, verdict=decided, bench=None)


def entries(int8_drop: float, qat_drop: float | None = None) -> Verdict:
    found = [("fp32", 0.0), ("dynamic", 0.0), ("int8", int8_drop)]
    found += [] if qat_drop is None else [("int8-qat", qat_drop)]
    return make_verdict(tuple(scored(name, "litert", "test", drop) for name, drop in found))


@pytest.mark.slow
def test_a_file_that_passes_ships_and_no_other_was_needed(tmp_path: Path) -> None:
    result, text = report_on(sources(entries(0.0)), tmp_path)
    told = "int8 passes and ships; int8-qat was not needed."
    assert (result.ships, result.shipping, result.verdict) == (("int8",), told, "pass")
    assert told in text
    assert told in (tmp_path / "report" / "index.html").read_text()


@pytest.mark.slow
def test_where_int8_fails_what_was_made_instead_ships_and_nothing_is_rejected(
    tmp_path: Path,
) -> None:
    result, text = report_on(sources(entries(0.05, 0.0)), tmp_path)
    assert (result.ships, result.verdict) == (("int8-qat",), "pass")
    assert result.shipping.startswith("int8 fails: max_map_drop is 5.00 points [4.50, 5.50]")
    assert result.shipping.endswith("; int8-qat passes and ships.")
    assert "Accepted: what ships keeps every budget." in text
    assert {finding.level for finding in result.findings if finding.variant == "int8"} == {"note"}
    suites = ElementTree.fromstring((tmp_path / "report" / "junit.xml").read_bytes())  # noqa: S314 - our own
    assert suites.get("failures") == suites.get("errors") == "0"
    assert any("max_map_drop" in told.get("message", "") for told in suites.iter("skipped"))


def test_where_nothing_passes_every_file_is_told_with_its_first_limit() -> None:
    verdict = make_verdict(
        (scored("int8", "litert", "test", 0.05),), (), {"fp32": "undecided", "int8-qat": "fail"}
    )
    result, _ = summed_up(sources(verdict))
    assert (result.ships, result.verdict) == ((), "fail")
    assert result.shipping.startswith(
        "No file passes, so none ships and there is no bundle: int8 fails: max_map_drop is 5.00 "
        "points"
    )
    assert "fp32 is undecided" in result.shipping
    assert "int8-qat fails" in result.shipping


def test_a_recipe_that_names_what_ships_needs_no_reason() -> None:
    result, _ = summed_up(make_sources())
    assert (result.ships, result.leading, result.shipping) == (("int8",), "int8", "")


def test_files_of_others_alone_say_nothing_of_what_ships() -> None:
    verdict = make_verdict((scored("their_model", "litert", "test", 0.0),))
    alone = replace(sources(verdict), exported=None, bench=None)
    result, text = summed_up(alone)
    assert (result.ships, result.leading, result.shipping) == ((), "their_model", "")
    assert "ships" not in text.split("## ")[0]
