"""The report stage: joins what export, validate and bench found, and writes it for people."""

from edgetag import __version__
from edgetag.benchmarking.result import BenchResult
from edgetag.conversion.result import ExportResult
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.reporting.result import ReportResult
from edgetag.reporting.rows import budget_rows, failure_rows, shown_runtime, variant_rows
from edgetag.reporting.summary import Sources, write_summary
from edgetag.validation.result import Verdict, worst
from edgetag.workspace import Workspace, write_text


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> ReportResult:
    """Write `report/summary.md` and its rows as `report/report.json`.

    Raises:
        InputError: An earlier stage's result is missing or damaged.
    """
    run_file = workspace.read_run_file()
    sources = Sources(
        recipe=recipe,
        exported=ExportResult.read(workspace.export / "export.json", "export"),
        verdict=Verdict.read(workspace.validate / "verdict.json", "validate"),
        bench=BenchResult.read(workspace.bench / "bench.json", "bench"),
        versions=run_file.versions if run_file else {"edgetag": __version__},
    )
    rows = variant_rows(sources.exported, sources.verdict, sources.bench)
    path = workspace.report / "summary.md"
    report = ReportResult(
        file=workspace.relative(path),
        verdict=worst([row.verdict for row in rows]),
        split=sources.verdict.split,
        runtime=shown_runtime(recipe, rows),
        variants=rows,
        budgets=budget_rows(recipe, sources.verdict, sources.bench),
        failures=failure_rows(sources.verdict, sources.bench),
    )
    write_text(path, write_summary(report, sources))
    write_text(workspace.report / "report.json", report.to_json())
    progress.say(f"summary: {path}")
    return report
