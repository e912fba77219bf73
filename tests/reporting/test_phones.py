"""Phones in the report: every figure with its phone, percentiles and marks; hostile names tamed."""

from dataclasses import replace
from pathlib import Path

from edgetag.phones.figures import (
    AppEngineRecord,
    AppMeasurement,
    AppPercentiles,
    Condition,
    Delegation,
    PhoneLatency,
    PhoneMeasurement,
    PhoneRound,
    PhoneScores,
)
from edgetag.phones.problems import Problem
from edgetag.phones.result import PhoneFailure, PhoneRecord, PhonesResult
from edgetag.reporting.page.write import write_page
from tests.reporting.page_factory import BREAKOUT, SCRIPT, make_report
from tests.reporting.page_factory import make_sources as make_page_sources
from tests.support.made_results import make_sources
from tests.support.parsed_page import Page
from tests.support.written_reports import report_on

MODEL = f"Pixel {SCRIPT}"


def felt(status: int) -> Condition:
    return Condition(
        thermal_status=status,
        hottest_sensor_status=None,
        temperatures_c={"CPU0": 40.0 + status},
        battery_percent=80,
        battery_temperature_c=30,
        powered=True,
        battery_saver=False,
        screen="awake",
        locked=False,
    )


def make_phones(sha256: str) -> PhonesResult:
    """Return a phone that grew hot: one figure of benchmark_model, one of the app, scores."""
    latency = PhoneLatency(
        runs=150,
        avg=3.25,
        std=0.5,
        min=3,
        max=9,
        p5=3.1,
        p50=3.2,
        p95=4.4,
    )
    engine = AppEngineRecord(
        name="LiteRT",
        version="2.3.0",
        threads=4,
        delegate="gpu",
        self_test_family="litert",
        self_test_max_difference=0.001,
    )
    percentiles = AppPercentiles(runs=60, p50=5.5, p90=6.6, p99=7.7)
    return PhonesResult(
        measured_at="2026-11-22T04:00:00+00:00",
        versions={"adb": "1"},
        benchmark_model_sha256="b" * 64,
        warmup_runs=5,
        runs=150,
        min_s=1,
        max_s=10,
        rounds=3,
        phones=(
            PhoneRecord(
                id="abc",
                manufacturer="",
                model=MODEL,
                android="15",
                api=35,
                build="",
                soc="",
                abis=(),
            ),
        ),
        results=(
            PhoneMeasurement(
                phone="abc",
                variant="int8",
                sha256=sha256,
                size_bytes=9,
                threads=1,
                requested="gpu",
                latency_ms=latency,
                rounds=(PhoneRound(latency_ms=latency, thermal_status=3),),
                warmup_avg_ms=None,
                first_ms=None,
                init_ms=8.8,
                memory_init_mb=None,
                memory_overall_mb=None,
                delegations=(
                    Delegation(
                        delegate="GPU",
                        taken="part",
                        nodes=30,
                        of_nodes=40,
                        operators={"CONV_2D": 30},
                        share_of_time=0.9,
                    ),
                ),
                operators=(),
                before=felt(0),
                after=felt(3),
                throttled=True,
                notes=(
                    "throttled: its thermal status reached moderate or worse",
                    "unstable: twice",
                ),
                command="x",
            ),
        ),
        apps=(
            AppMeasurement(
                phone="abc",
                variant="int8",
                sha256=sha256,
                engine=engine,
                latency_ms=percentiles,
                rounds=(percentiles,),
                load_ms=11,
                before=None,
                after=None,
                throttled=False,
                notes=(),
            ),
        ),
        scores=(
            PhoneScores(
                phone="abc",
                variant="int8",
                sha256=sha256,
                runner_sha256=None,
                file="f",
                images=98,
                lacking=2,
                seconds=None,
                map=0.75,
                host_map=0.875,
                max_difference=0.25,
                mean_difference=0.125,
                engine=engine,
            ),
        ),
        failures=(
            PhoneFailure(
                phone="def",
                name="Nokia",
                variant=None,
                problem=Problem.UNAUTHORIZED,
                reason=f"unlock it {BREAKOUT}",
            ),
        ),
    )


def page_with_phones() -> tuple[Page, str]:
    sources = replace(make_page_sources(), phones=make_phones("a" * 64))
    html = write_page(make_report(sources), sources)
    return Page(html), html


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
        make_phones(digest).write(path)
        _, text = report_on(sources, tmp_path / digest)
        assert ("Latency in the app" in text) is there
        assert ("throttled, unstable" in text) is there
        assert "<script>" not in text
        assert "unauthorized" in text
