"""Reports of results, written by the stage."""

import io
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from rich.console import Console

from edgetag.progress import SilentProgress
from edgetag.reporting import stage
from edgetag.reporting.annotations import annotations
from edgetag.reporting.result import ReportResult
from edgetag.reporting.sources import Sources
from edgetag.reporting.summary import write_summary
from edgetag.reporting.tables import outcome_tables
from edgetag.tables import to_rich
from edgetag.validation.result import VariantVerdict, Verdict
from edgetag.workspace import Workspace
from tests.support.made_results import make_sources, make_verdict
from tests.support.parsed_page import Page


def report_on(sources: Sources, root: Path) -> tuple[ReportResult, str]:
    """Run the stage on results that lie in a run folder; return the report and the summary."""
    workspace = Workspace(root)
    sources.verdict.write(workspace.validate / "verdict.json")
    if sources.exported:
        sources.exported.write(workspace.export / "export.json")
    if sources.bench:
        sources.bench.write(workspace.bench / "bench.json")
    if sources.explanation:
        sources.explanation.write(workspace.root / "explain" / "explain.json")
    result = stage.run(sources.recipe, workspace, SilentProgress())
    assert ReportResult.read(workspace.report / "report.json", "report") == result
    return result, (root / result.file).read_text()


def summed_up(sources: Sources) -> tuple[ReportResult, str]:
    """Return a report and its summary without the page, whose plots are most of the work."""
    report = stage.join(sources, "report/summary.md", "report/junit.xml")
    return report, write_summary(report, sources)


def shown(result: ReportResult) -> str:
    console = Console(width=240, file=io.StringIO(), record=True)
    for table in outcome_tables(result):
        console.print(to_rich(table))
    return console.export_text()


class Written(NamedTuple):
    """All reports of one verdict."""

    verdict: Verdict
    report: ReportResult
    summary: str
    page: str
    junit: ElementTree.Element
    commands: tuple[str, ...]


def write(entries: tuple[VariantVerdict, ...], root: Path) -> Written:
    verdict = make_verdict(entries)
    report, summary = report_on(replace(make_sources(), verdict=verdict, bench=None), root)
    page = Page((root / "report" / "index.html").read_text(encoding="utf-8")).text
    junit = ElementTree.parse(root / report.junit).getroot()  # noqa: S314 - our own
    return Written(verdict, report, summary, page, junit, annotations(report.findings))
