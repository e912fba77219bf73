"""Phones in the report: every figure with its phone, percentiles and marks; hostile names tamed."""

from dataclasses import replace
from pathlib import Path

from edgetag.phones.figures import OperatorTime
from edgetag.phones.tables import phone_tables
from edgetag.reporting.page.write import write_page
from tests.reporting.page_factory import BREAKOUT, SCRIPT, make_report
from tests.reporting.page_factory import make_sources as make_page_sources
from tests.support.made_phones import make_phones
from tests.support.made_results import make_sources
from tests.support.parsed_page import Page
from tests.support.written_reports import report_on

MODEL = f"Pixel {SCRIPT}"


def page_with_phones() -> tuple[Page, str]:
    sources = replace(
        make_page_sources(), phones=make_phones("a" * 64, MODEL, f"unlock it {BREAKOUT}")
    )
    html = write_page(make_report(sources), sources)
    return Page(html), html


def test_profiles_of_one_file_by_other_numbers_of_threads_are_told_apart() -> None:
    phones = make_phones("a" * 64)
    (figure,) = phones.results
    profile = (OperatorTime(operator="CONV_2D", within_delegate=False, count=1, avg_ms=1.0),)
    figures = (figure.replace(operators=profile, threads=threads) for threads in (1, 4))
    titles = [table.title for table in phone_tables(phones.replace(results=tuple(figures)))]
    assert len(set(titles)) == len(titles)


def test_the_page_shows_figures_with_percentiles_and_marks() -> None:
    page, html = page_with_phones()
    for shown in (
        "Latency on phones, as benchmark_model gives it, over 3 rounds",
        "3.20",
        "4.40",
        "throttled, unstable",
        "0 (40 °C) → 3 (43 °C)",
        "Latency in the app",
        "LiteRT 2.3.0, GPU",
        "5.50",
        "6.60",
        "7.70",
        "What delegates took",
        "75 %",
        "90 %",
        "30 CONV_2D",
        "98 (2 lack)",
        "0.750",
        "unauthorized",
    ):
        assert shown in page.text, shown
    assert page.open == []
    assert html.count("Measured over adb") == 1


def test_what_phones_tell_never_becomes_an_element() -> None:
    page, _ = page_with_phones()
    assert not page.all("script")
    assert [one for one in page.all("img") if one.attributes["src"] == "x"] == []
    assert MODEL in page.text
    assert f"unlock it {BREAKOUT}" in page.text


def test_the_page_without_phones_says_nothing_of_them() -> None:
    sources = make_page_sources()
    assert "Phones:" not in write_page(make_report(sources), sources)


def test_the_summary_shows_phones_and_only_of_files_as_they_are_now(tmp_path: Path) -> None:
    sources = make_sources()
    assert sources.exported is not None
    current = sources.exported.variants[0].sha256
    for digest, there in ((current, True), ("f" * 64, False)):
        path = tmp_path / digest / "bench" / "phones.json"
        make_phones(digest, MODEL).write(path)
        _, text = report_on(sources, tmp_path / digest)
        assert ("Latency in the app" in text) is there
        assert ("throttled, unstable" in text) is there
        assert "<script>" not in text
        assert "unauthorized" in text
