"""The page: hostile text is only text, nothing is loaded, and what is missing is said."""

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from edgetag.reporting.page.write import write_page
from edgetag.reporting.plots import drawing
from edgetag.reporting.sources import Sources
from tests.reporting.page_factory import BREAKOUT, SCRIPT, TAGS, make_report, make_sources
from tests.support.parsed_page import Page
from tests.support.paths import ROOT


def bare(sources: Sources) -> Sources:
    """Return what a CI job has that only validates stored scores."""
    return replace(
        sources,
        details=None,
        exported=None,
        bench=None,
        explanation=None,
        thumbnails=None,
        float_model=None,
        data=None,
        rejected=(),
        attribution=None,
        bundle=None,
        verdict=sources.verdict.replace(baseline=None),
    )


@pytest.fixture(scope="module")
def sources() -> Sources:
    return make_sources()


@pytest.fixture(scope="module")
def html(sources: Sources) -> str:
    return write_page(make_report(sources), sources)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture(scope="module")
def bare_page(sources: Sources) -> Page:
    left = bare(sources)
    return Page(write_page(make_report(left), left))


@pytest.mark.slow
def test_hostile_text_is_shown_and_never_becomes_an_element(page: Page) -> None:
    assert not page.all("script")
    assert all(not name.startswith("on") for one in page.elements for name in one.attributes)
    assert [one for one in page.all("img") if one.attributes["src"] == "x"] == []
    hostile = (f"other{SCRIPT}", f"Because {SCRIPT}", f"block0/{SCRIPT}", f"left out {SCRIPT}")
    for shown in (*TAGS, BREAKOUT, *hostile):
        assert shown in page.text


@pytest.mark.slow
def test_every_element_is_closed_where_it_was_opened(page: Page, bare_page: Page) -> None:
    assert page.open == []
    assert bare_page.open == []


def test_nothing_is_loaded_from_elsewhere(page: Page, html: str) -> None:
    assert not page.all("link")
    for one in page.elements:
        for name in ("src", "href", "srcset", "xlink:href", "action"):
            value = one.attributes.get(name) or "#"
            assert value.startswith(("#", "data:image/webp;base64,")), (one.tag, value)
    assert set(re.findall(r"url\((.)", html)) <= {"#"}
    assert "@import" not in html
    policy = next(one for one in page.all("meta") if "http-equiv" in one.attributes)
    assert (policy.attributes["content"] or "").startswith("default-src 'none'")


def test_names_are_unique_and_references_lead_somewhere(page: Page, html: str) -> None:
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    wanted = set(re.findall(r"url\(#([^)]+)\)", html))
    for one in page.elements:
        wanted |= {value[1:] for key, value in one.attributes.items() if key == "href" and value}
        wanted |= {value for key, value in one.attributes.items() if key == "aria-labelledby"}
    assert wanted <= set(ids)
    assert any(name and name.startswith("forest") for name in wanted)


def test_plots_take_every_colour_from_the_page(page: Page, html: str) -> None:
    styles = [
        one.attributes["style"] or ""
        for one in page.elements
        if one.tag in ("path", "use", "text", "g") and "style" in one.attributes
    ]
    assert len(styles) > 100
    assert [style for style in styles if re.search(r"#[0-9a-f]{6}", style)] == []
    for variable in drawing.VARIABLES.values():
        assert html.count(f"{variable}:") == 2, "one value for light, one for dark"


def test_plots_bring_no_style_sheet_of_their_own(page: Page) -> None:
    assert len(page.all("style")) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("fresh_plots")
def test_the_same_results_give_the_same_bytes(sources: Sources, html: str) -> None:
    assert write_page(make_report(sources), sources) == html


@pytest.mark.slow
def test_another_process_gives_the_same_bytes(html: str) -> None:
    code = (
        "import sys; from tests.reporting.page_factory import *; "
        "from edgetag.reporting.page.write import write_page; "
        "sys.stdout.reconfigure(encoding='utf-8', newline=''); "
        "sources = make_sources(); sys.stdout.write(write_page(make_report(sources), sources))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        timeout=120,
        env={
            "PYTHONPATH": f"{ROOT}:{ROOT / 'export'}",
            "PYTHONHASHSEED": "7",
            "HOME": str(Path.home()),
        },
    )
    assert done.stdout.decode() == html


def test_the_verdict_comes_first_with_its_reasons(page: Page) -> None:
    banner = page.all("section", "banner")[0]
    assert page.text.index("Rejected") < page.text.index("Variants on litert")
    assert "1 of 3 variants breaks a limit: int8." in banner.text
    assert "The app ships int8, which breaks a limit." in banner.text
    assert "Accuracy is worse than in the accepted baseline." in banner.text
    assert (
        f"tag {SCRIPT} : rise of the false-positive rate is 5.00 points [3.00, 7.00] on litert, "
        "and likewise on tflite-runtime; the limit is at most 2.00 points."
    ) in banner.text
    assert "latency against fp32 is 0.469 on litert, 1 thread" in banner.text
    assert (
        "About 1 234 more images that have the tag would decide it, as it looks by keeping it."
        in banner.text
    )


@pytest.mark.slow
def test_a_run_that_keeps_every_limit_says_so(sources: Sources) -> None:
    kept = sources.verdict.variants[1].tags[0].checks[0].replace(verdict="pass")
    quiet = sources.verdict.variants[0]
    judged = quiet.tags[0].replace(checks=(kept,), verdict="pass")
    judged_variant = quiet.replace(tags=(judged,))
    for decision, variant, title, sentence in (
        ("pass", judged_variant, "Accepted", "Every limit of the recipe is kept on the 1 354 imag"),
        ("not judged", quiet, "Not judged", "The recipe does not limit the accuracy of fp32."),
    ):
        verdict = sources.verdict.replace(
            verdict=decision,
            decisions={"fp32": decision},
            variants=(variant,),
            baseline=None,
            failures=(),
        )
        alone = replace(bare(sources), verdict=verdict)
        text = Page(write_page(make_report(alone), alone)).text
        assert title in text
        assert ("Accepted" in text) == (decision == "pass")
        assert sentence in text
        assert ("[budgets.fp32] or [budgets.default]" in text) == (decision == "not judged")
        assert "The app would ship int8, which was not judged here." in text


def test_no_scored_tag_is_undecided_and_says_why(sources: Sources) -> None:
    variant = sources.verdict.variants[0]
    nothing = {
        name: None
        for name, value in variant
        if name.startswith(("map", "f1", "flip_rate", "calibration", "reference_calibration"))
    }
    unscored = variant.replace(
        **(nothing | {"n_scored_tags": 0, "tags": variant.tags[3:], "verdict": "undecided"})
    )
    verdict = sources.verdict.replace(
        verdict="undecided",
        decisions={"fp32": "undecided"},
        variants=(unscored,),
        failures=(),
        baseline=None,
    )
    alone = replace(sources, verdict=verdict, details=None)
    page = Page(write_page(make_report(alone), alone))
    assert "No limit is broken, but" in page.text
    assert "no tag has enough positives to be scored" in page.text
    assert "cannot be set against cost" in page.text
    assert "not scored" in page.text
    assert "nan" not in page.text.lower()


def rows_of(page: Page, caption: str) -> list[list[str]]:
    """Return the texts of a table's rows; the table is found by its caption."""
    start = next(
        n for n, one in enumerate(page.elements) if (one.tag, one.text) == ("caption", caption)
    )
    rows: list[list[str]] = []
    for one in page.elements[start:]:
        if one.tag == "table":
            break
        if one.tag == "tr":
            rows.append([])
        elif one.tag in ("th", "td"):
            rows[-1].append(one.text)
    return rows


def test_the_table_of_variants_has_every_number_with_its_interval(page: Page) -> None:
    heading, fp32, int8, external = rows_of(page, "Variants on litert, split test")
    assert [cell.split()[0] for cell in heading[:2]] == ["variant", "verdict"]
    assert fp32[0] == "fp32"
    assert int8[0] == "int8 ships"
    assert int8[1] == "✗ fail"
    assert int8[4:7] == ["0.833", "1.70 [1.20, 2.20]", "1.2 %"]
    assert int8[-1] == "1.14 p90 1.25"
    assert external[0] == f"other{SCRIPT} (given)"
    assert external[-1] == "–", "what the benchmark did not measure is no number"


def test_other_runtimes_and_splits_stand_in_a_table_of_their_own(page: Page) -> None:
    rows = rows_of(page, "Accuracy on other runtimes and splits")[1:]
    assert [(row[0], row[1].split()[0], row[2]) for row in rows] == [
        ("int8 ships", "tflite-runtime", "test decides"),
        ("int8 ships", "litert", "test_style for information"),
    ]


def test_decisions_on_tags_are_words_and_missing_numbers_dashes(page: Page) -> None:
    rows = {row[0]: row for row in rows_of(page, "Tags of int8")[1:]}
    assert rows[TAGS[0]][1].startswith("✗ fail")
    assert "1 234 more positives" in rows[TAGS[1]][1]
    assert rows[TAGS[2]][1] == "· not judged"
    assert rows[TAGS[3]][1] == "· not scored"
    assert rows[TAGS[3]][3:11] == ["–"] * 8
    assert rows[TAGS[0]][10] == "< 0.001"


def test_notes_and_what_a_mistake_did_not_touch_are_told(page: Page) -> None:
    banner = page.all("section", "banner")[0]
    assert f"fp32 on tflite-runtime: did not run in validate: unavailable: missing {SCRIPT}" in (
        banner.text
    )
    assert "Changed none of these images, so their cost is not known: stretch." in page.text
    rows = rows_of(page, "Mistakes in preprocessing, int8 on litert")[1:]
    assert [(row[0], row[3], row[4]) for row in rows] == [
        ("bgr", "299", "0.700"),
        ("jpeg", "300", "not scored"),
    ]


def test_errors_of_the_float_model_are_counted_the_worst_tag_first(page: Page) -> None:
    rows = rows_of(page, "Errors of the float model by tag")[1:]
    assert [row[:5] for row in rows] == [
        [TAGS[0], "4 / 7", "2 50.0 %", "0 0.0 %", "0.667"],
        [TAGS[1], "4 / 7", "0 0.0 %", "2 28.6 %", "0.800"],
        [TAGS[2], "6 / 5", "0 0.0 %", "0 0.0 %", "1.000"],
    ]


def test_tags_that_exclude_each_other_are_shown_as_they_are_confused(page: Page) -> None:
    heading, *rows = rows_of(page, "Confusion between tags that exclude each other")
    assert [cell.removesuffix(" found") for cell in heading[2:]] == [*TAGS[:3], "nothing"]
    assert rows == [
        [TAGS[0], "4", "2 50.0 %", "1 25.0 %", "–", "0 0.0 %"],
        [TAGS[1], "4", "0 0.0 %", "4 100.0 %", "0 0.0 %", "0 0.0 %"],
        [TAGS[2], "6", "–", "1 16.7 %", "6 100.0 %", "0 0.0 %"],
    ]


def test_the_page_tells_where_file_and_bundle_lie_and_how_the_input_is_made(page: Page) -> None:
    facts = [one.text.strip() for one in page.all("section")][2]
    for told in (
        "export/int8.tflite, 3.97 MB",
        "ab" * 32,
        "bundle/page-test-0.1.0.zip, 4.10 MB",
        "cd" * 32,
        "until the longer side is 224 pixels",
        "filter bilinear",
        "the pixels as they are",
        "divided by 256",
    ):
        assert told in facts


def test_the_data_are_counted_with_what_was_left_out_and_whose_they_are(page: Page) -> None:
    rows = rows_of(page, "Images that have each tag, by split")
    assert rows[0][1:] == ["train (11)", "test (11)"]
    assert rows[1] == [TAGS[0], "4 6 do not, 1 unknown", "4 6 do not, 1 unknown"]
    for told in (
        "98 duplicate, 2 truncated; all are in dataset/rejected.csv",
        "table.csv, read as wide",
        "1 200 of 1 300 rows",
        "The first 20; all are in",
        f"1, such as a{BREAKOUT}.png (test) and b.png (train)",
        "10 more lines in the file",
    ):
        assert told in page.text
    assert len(rows_of(page, "Rows that were left out")) == 1 + 20
    assert "/somewhere" not in page.text, "a report names no folder of one machine"


def test_every_mean_average_precision_says_over_how_many_tags(page: Page) -> None:
    for told in ("mAP test 3 of 4 tags", "mAP over 3 tags", "0.8500 over 3 of 4 tags"):
        assert told in page.text
    assert "mAP over 3 tags" in [one.text for one in page.all("dt")]


def test_all_curves_show_one_frame_that_stands_before_them(page: Page) -> None:
    uses = [use for use in page.all("use") if use.attributes["href"] == "#curves-frame"]
    (frame,) = page.all("symbol")
    assert frame.attributes["id"] == "curves-frame"
    assert len(uses) == 6
    assert page.elements.index(frame) < page.elements.index(uses[0])


def test_no_decision_is_told_by_colour_alone(page: Page) -> None:
    marks = page.all("span", "mark")
    words_seen = {re.sub(r"[✓✗?·]", "", mark.text).strip() for mark in marks}
    assert {"pass", "fail", "undecided", "not scored", "not judged", "made right"} <= words_seen
    assert "" not in words_seen


def test_the_page_can_be_read_without_seeing_it(page: Page) -> None:
    assert all(one.attributes.get("alt") for one in page.all("img"))
    for svg in page.all("svg"):
        hidden = svg.attributes.get("aria-hidden") == "true"
        assert hidden or (svg.attributes["role"] == "img" and svg.attributes["aria-label"])
    assert {one.attributes.get("scope") for one in page.all("th")} == {"col", "row"}
    assert len(page.all("table")) == len(page.all("caption"))
    levels = [int(one.tag[1]) for one in page.elements if one.tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.all("html")[0].attributes["lang"] == "en"


def test_parts_without_results_are_left_out_and_the_page_says_why(bare_page: Page) -> None:
    for reason in (
        "Latency and memory were not measured in this run",
        "Validation left no curves",
        "Validation left no changed decisions",
        "Layers were not compared in this run",
        "Mistakes in preprocessing were not tried in this run",
        "No picture was attacked in this run",
        "No baseline is accepted yet",
        "Nothing was exported in this run",
        "The labels or the float model's scores are not in this run folder",
        "The data were not built in this run folder",
        "none of this file when this page was written",
        "int8 was not exported in this run",
    ):
        assert reason in bare_page.text
    assert "Accuracy and latency" not in bare_page.text
    assert "Accuracy and file size" in bare_page.text
    assert not bare_page.all("img")
