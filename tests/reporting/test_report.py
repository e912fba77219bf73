"""The report: the verdict first, every number with its unit, nothing made up."""

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from edgetag.benchmarking.result import Ratio
from edgetag.errors import InputError
from edgetag.explaining.result import Blame, Explanation, LayerError
from edgetag.progress import SilentProgress
from edgetag.reporting import results, stage
from edgetag.reporting.sources import Sources
from edgetag.reporting.tables import outcome_tables, variants_table
from edgetag.tables import to_rich
from edgetag.tables.text import escape_markdown
from edgetag.validation.tables import tags_table
from edgetag.workspace import Workspace
from tests.support.drawn_tables import drawn
from tests.support.drawn_tables import words as words_of
from tests.support.made_results import dataset_result, make_sources
from tests.support.written_reports import report_on, shown


@pytest.mark.slow
def test_the_verdict_is_at_the_top(sources: Sources, tmp_path: Path) -> None:
    result, text = report_on(sources, tmp_path)
    assert result.verdict == "pass"
    assert text.splitlines()[2] == "**✓ Accepted: every budget is kept.**"


def test_a_broken_accuracy_budget_rejects_and_says_by_how_much(
    sources: Sources, tmp_path: Path
) -> None:
    result, text = report_on(make_sources(int8_drop=0.0213), tmp_path)
    assert result.verdict == "fail"
    head = text.split("## ")[0]
    assert "✗ Rejected" in head
    assert "int8 on litert: max_map_drop is 2.13 points [1.63, 2.63], limit 1.00 points" in head


def test_a_broken_latency_budget_rejects_although_validation_passed(
    sources: Sources, tmp_path: Path
) -> None:
    result, text = report_on(make_sources(latency_ratio=0.71), tmp_path)
    assert result.verdict == "fail"
    assert "max_latency_ratio is 0.710 [0.710, 0.710], limit 0.600" in text.split("## ")[0]


def test_a_latency_that_decides_nothing_says_why_wherever_budgets_are(
    sources: Sources, tmp_path: Path
) -> None:
    assert sources.bench is not None
    reason = "its interval holds the limit; edgetag bench --full makes it narrower"
    wide = Ratio(p50=0.38, interval=(0.35, 0.65))
    results = tuple(
        figure.replace(ratio=wide) if figure.variant == "int8" else figure
        for figure in sources.bench.results
    )
    bench = sources.bench.replace(results=results)
    result, text = report_on(replace(sources, bench=bench), tmp_path)
    assert result.verdict == "undecided"
    told = "max_latency_ratio is 0.380 [0.350, 0.650], limit 0.600; " + reason
    assert told in text.split("## ")[0]
    assert reason in shown(result)
    assert reason in (tmp_path / "report" / "junit.xml").read_text()
    assert f"I{reason[1:]}." in (tmp_path / "report" / "index.html").read_text()


def test_latencies_of_quick_mode_are_marked_in_every_report(
    sources: Sources, tmp_path: Path
) -> None:
    assert sources.bench is not None
    assert sources.bench.mode == "quick"
    result, text = report_on(sources, tmp_path / "quick")
    assert {speed.mode for row in result.variants for speed in row.speed} == {"quick"}
    page = (tmp_path / "quick" / "report" / "index.html").read_text()
    assert "latency is the median of one image (quick mode)" in text
    assert "quick mode, with 95 % intervals" in text
    assert "quick mode" in shown(result)
    assert page.count("<bdi>stable</bdi><small>quick mode</small>") == len(sources.bench.results)
    longer = tuple(figure.replace(runs=1500) for figure in sources.bench.results)
    full = replace(sources, bench=sources.bench.replace(mode="full", results=longer))
    result, text = report_on(full, tmp_path / "full")
    page = (tmp_path / "full" / "report" / "index.html").read_text()
    assert "quick mode" not in text + shown(result) + page
    assert "at least 1,500 timed runs after a warm-up until medians settled" in text
    assert "at least 1\u202f500 timed runs after a warm-up until medians settled" in page


def test_an_unstable_median_is_nowhere_printed_plain(sources: Sources, tmp_path: Path) -> None:
    assert sources.bench is not None
    shaky = tuple(one.replace(stable=False) for one in sources.bench.results)
    _, text = report_on(replace(sources, bench=sources.bench.replace(results=shaky)), tmp_path)
    lines = [line for line in text.splitlines() if line.startswith("| fp32") and "2.47" in line]
    assert len(lines) == 2
    assert all("unstable" in line for line in lines)


@pytest.mark.slow
def test_a_variant_without_scores_is_never_accepted(sources: Sources, tmp_path: Path) -> None:
    verdict = sources.verdict.replace(
        variants=tuple(v for v in sources.verdict.variants if v.variant != "int8"),
        decisions={**sources.verdict.decisions, "int8": "undecided"},
    )
    result, text = report_on(replace(sources, verdict=verdict), tmp_path)
    assert result.verdict == "undecided"
    assert "int8: no runtime gave scores" in text


def test_the_table_of_variants_shows_size_drop_interval_flips_and_latency(
    sources: Sources, tmp_path: Path
) -> None:
    result, text = report_on(sources, tmp_path)
    row = next(line for line in text.splitlines() if line.startswith("| int8 | 3.99 MB"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "int8",
        "3.99 MB",
        "3.59 MB",
        "0.846",
        "0.40 [−0.10, 0.90]",
        "0.846",
        "0.40 [−0.10, 0.90]",
        "1.2 %",
        "0.210",
        "0.939",
        "18.0",
        "✓ pass",
    ]
    assert "0.40 [−0.10, 0.90]" in shown(result)


def test_markdown_and_terminal_show_the_same_cells(sources: Sources, tmp_path: Path) -> None:
    result, _ = report_on(sources, tmp_path)
    text = shown(result)
    for row in variants_table(result).texts:
        for cell in row:
            assert cell in text


def test_a_tag_with_too_few_images_says_not_scored(sources: Sources, tmp_path: Path) -> None:
    _, text = report_on(sources, tmp_path)
    row = next(line for line in text.splitlines() if "food" in line)
    assert "not scored" in row
    assert " 0.000 " not in row


def test_names_of_tags_cannot_break_a_table(sources: Sources, tmp_path: Path) -> None:
    _, text = report_on(sources, tmp_path)
    rows = [line for line in text.splitlines() if "wolf" in line]
    assert rows
    assert all("dog\\|wolf" in row for row in rows)
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(to_rich(tags_table("tags", sources.verdict.variants[0])))
    assert "[bold]food" in console.export_text()


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<script>\n`x`", r"\<script\> \`x\`"),
        ("[cat](http://x)", r"\[cat](http://x)"),
        ("__cat__ school_uniform", r"\_\_cat\_\_ school_uniform"),
        ("[−0.10, 0.90]", "[−0.10, 0.90]"),
        ("a &lt; b", r"a \&lt; b"),
        ("@all, a@b", "@\u200ball, a@\u200bb"),
    ],
)
def test_markup_in_a_name_is_shown_as_text(text: str, escaped: str) -> None:
    assert escape_markdown(text) == escaped


def test_a_narrow_terminal_loses_nothing(sources: Sources, tmp_path: Path) -> None:
    result, _ = report_on(sources, tmp_path)
    console = Console(width=118, file=io.StringIO(), record=True)
    table = variants_table(result)
    console.print(to_rich(table))
    words = set(console.export_text().split())
    assert {word for row in table.texts for cell in row for word in cell.split()} <= words


@pytest.mark.parametrize("width", [60, 100, 200])
def test_what_a_run_ends_with_is_whole_at_any_width(width: int, tmp_path: Path) -> None:
    result, _ = report_on(make_sources(0.0213, 0.71, 0.03), tmp_path)
    for table in outcome_tables(result):
        lines = drawn(table, width)
        assert words_of(table) <= {word for line in lines for word in line.split()}
        assert max(map(cell_len, lines)) <= width


def test_what_did_not_load_is_listed_once_with_its_reason(sources: Sources, tmp_path: Path) -> None:
    result, text = report_on(sources, tmp_path)
    (failure,) = result.failures
    assert (failure.variant, failure.runtime, failure.stage) == (
        "dynamic",
        "tflite-runtime",
        "validate",
    )
    assert "builtin opcode" in text
    assert "builtin opcode" in shown(result)


def test_a_budget_is_listed_once_though_two_stages_judge_it(
    sources: Sources, tmp_path: Path
) -> None:
    result, _ = report_on(sources, tmp_path)
    assert [row.budget for row in result.budgets].count("max_size_ratio") == 1


def test_the_environment_names_device_versions_seed_and_recipe(
    sources: Sources, tmp_path: Path
) -> None:
    _, text = report_on(sources, tmp_path)
    environment = text.split("<summary>Environment</summary>")[1].split("</details>")[0]
    for wanted in ("A CPU", "edgetag 0.1.0", "seed 1", sources.recipe.digest(), "tensorflow"):
        assert wanted in environment


def test_the_summary_does_not_depend_on_where_the_run_lies(
    sources: Sources, tmp_path: Path
) -> None:
    assert report_on(sources, tmp_path / "a")[1] == report_on(sources, tmp_path / "b")[1]


def test_a_missing_verdict_says_what_to_run(sources: Sources, tmp_path: Path) -> None:
    report_on(sources, tmp_path)
    (tmp_path / "validate" / "verdict.json").unlink()
    with pytest.raises(InputError, match="run: edgetag validate"):
        stage.run(sources.recipe, Workspace(tmp_path), SilentProgress())


def test_a_damaged_benchmark_is_an_error_though_a_missing_one_is_none(
    sources: Sources, tmp_path: Path
) -> None:
    report_on(sources, tmp_path)
    (tmp_path / "bench" / "bench.json").write_text("{")
    with pytest.raises(InputError, match=r"bench\.json"):
        stage.run(sources.recipe, Workspace(tmp_path), SilentProgress())


def test_the_page_tells_the_digest_of_the_bundle_if_it_holds_these_files(
    sources: Sources, tmp_path: Path
) -> None:
    assert sources.exported
    model = b"a model"
    packed = Workspace(tmp_path).bundle_file("report-test", "0.1.0")
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w") as bundle:
        bundle.writestr("int8.tflite", model)
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()

    def page(of: Sources) -> str:
        report_on(of, tmp_path)
        return (tmp_path / "report" / "index.html").read_text()

    assert digest not in page(sources), "it holds a file of an earlier training"
    *others, int8 = sources.exported.variants
    ours = int8.replace(sha256=hashlib.sha256(model).hexdigest())
    exported = sources.exported.replace(variants=(*others, ours))
    now = replace(sources, exported=exported)
    assert digest in page(now)
    section = now.recipe.bundle.replace(variants=("dynamic",))
    assert digest not in page(replace(now, recipe=now.recipe.replace(bundle=section))), (
        "another file of this training ships by now"
    )
    packed.write_bytes(packed.read_bytes()[:40])
    with pytest.raises(InputError, match=r"report-test-0\.1\.0\.zip: damaged .* edgetag bundle"):
        page(sources)


def test_what_explained_files_of_an_earlier_export_is_not_shown(
    sources: Sources, tmp_path: Path
) -> None:
    assert sources.exported
    now = sources.exported.variants[-1]
    layer = LayerError(index=0, name="a/b", operator="CONV_2D", error=0.1, added=0.1)
    of_file = Blame(variant="int8", sha256=now.sha256, runtime="litert", images=9, layers=(layer,))
    explained = Explanation(blame=(of_file,), preprocessing=())

    def is_shown(explanation: Explanation) -> bool:
        report_on(replace(sources, explanation=explanation), tmp_path)
        page = (tmp_path / "report" / "index.html").read_text()
        return "Layers were not compared in this run" not in page

    assert is_shown(explained)
    assert is_shown(explained.replace(blame=(of_file.replace(sha256=""),))), "older ones tell none"
    assert not is_shown(explained.replace(blame=(of_file.replace(sha256="0" * 64),)))


def test_every_mean_says_over_how_many_of_the_tags(sources: Sources, tmp_path: Path) -> None:
    result, text = report_on(sources, tmp_path)
    verdict = sources.verdict
    (found, *_) = (one for one in verdict.variants if one.decides)
    said = f"{found.n_scored_tags} of {len(found.tags)} tags"
    assert f"mAP {found.split}, {said}" in variants_table(result).headings
    assert f"mAP {found.split}, {said}" in text
    (judged, *_) = results.tables_of(verdict)
    assert f"mAP over {said} of {found.split}" in judged.title
    assert f"over {found.n_scored_tags} of {len(verdict.tags)} tags" in text


def test_a_text_about_the_images_that_is_not_here_is_no_reason_for_no_report(
    sources: Sources, tmp_path: Path
) -> None:
    bundle = sources.recipe.bundle.replace(attribution=tmp_path / "makers.md")
    given = replace(sources, recipe=sources.recipe.replace(bundle=bundle))
    dataset_result().write(tmp_path / "dataset" / "summary.json")
    report_on(given, tmp_path)
    page = tmp_path / "report" / "index.html"
    assert "not at hand; ATTRIBUTION.md" in page.read_text()
    (tmp_path / "makers.md").write_text("Drawn by <nobody>")
    report_on(given, tmp_path)
    assert "Drawn by &lt;nobody&gt;" in page.read_text()
