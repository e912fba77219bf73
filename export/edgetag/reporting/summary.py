"""`report/summary.md`: what was decided and why, for a pull request or a person."""

from collections.abc import Iterator
from dataclasses import dataclass

from edgetag.benchmarking.result import BenchResult
from edgetag.conversion.result import ExportResult
from edgetag.recipe import Recipe
from edgetag.reporting import tables
from edgetag.reporting.result import Decision, ReportResult
from edgetag.reporting.tables import Sheet, escape_markdown
from edgetag.validation.result import VariantVerdict, Verdict

HEADLINES: dict[Decision, str] = {
    "pass": "✓ Accepted: every budget is kept.",
    "fail": "✗ Rejected: a budget is broken.",
    "undecided": "? Undecided: the data or this machine cannot decide.",
}


@dataclass(frozen=True)
class Sources:
    """What a summary is written from.

    Attributes:
        recipe: What was built.
        exported: The files.
        verdict: Of validation.
        bench: Of the benchmark.
        versions: Package → version of the run.
    """

    recipe: Recipe
    exported: ExportResult
    verdict: Verdict
    bench: BenchResult
    versions: dict[str, str]


def write_summary(report: ReportResult, sources: Sources) -> str:
    """Return the summary as Markdown, the verdict at the top."""
    parts = [
        f"# {escape_markdown(sources.recipe.name)}\n",
        f"**{HEADLINES[report.verdict]}**\n",
        *_reasons(report),
        *_section(tables.variants_sheet(report)),
        _how_to_read(report, sources.verdict),
        *_tags(report, sources),
        *_section(tables.budgets_sheet(report.budgets), "The recipe sets none."),
        *_section(tables.failures_sheet(report.failures), "Every variant ran everywhere."),
        *_section(tables.accuracy_sheet(report.variants)),
        *_section(tables.speed_sheet(report.variants)),
        _how_measured(sources.bench, sources.recipe),
        *_section(tables.files_sheet(sources.exported)),
        *(f"- {escape_markdown(warning)}\n" for warning in sources.exported.warnings),
        "## Environment\n",
        "".join(f"- {name}: {escape_markdown(value)}\n" for name, value in _environment(sources)),
    ]
    return "\n".join(parts)


def _section(sheet: Sheet, if_empty: str = "") -> Iterator[str]:
    if sheet.rows or if_empty:
        yield f"## {escape_markdown(sheet.title)}\n"
        yield tables.to_markdown(sheet) if sheet.rows else f"{if_empty}\n"


def _reasons(report: ReportResult) -> Iterator[str]:
    """List what stands between the run and its acceptance."""
    lines = [
        f"{row.variant} on {row.runtime}: {row.budget} is "
        f"{tables.format_budget(row.budget, row.measured)}, limit "
        f"{tables.format_budget(row.budget, row.limit)}"
        for row in report.budgets
        if row.verdict != "pass"
    ]
    explained = {row.variant for row in report.budgets if row.verdict != "pass"}
    for row in report.variants:
        if row.verdict != "pass" and row.variant not in explained:
            ran = any(entry.decides for entry in row.accuracy)
            why = "no tag is scored" if ran else "no runtime gave scores"
            lines.append(f"{row.variant}: {why}")
    if lines:
        yield "".join(f"- {escape_markdown(line)}\n" for line in lines)


def _how_to_read(report: ReportResult, verdict: Verdict) -> str:
    return (
        f"mAP is the mean average precision over the scored tags. A drop is the reference's minus "
        f"the variant's, in points (0.01 of mAP is one point), with its "
        f"{verdict.confidence:.0%} interval by {verdict.bootstrap_samples} paired bootstrap "
        f"samples. Flips are decisions that differ from the reference's. A tag with fewer than "
        f"{verdict.min_positives} positives in a split is not scored there. Split "
        f"{escape_markdown(report.split)} decides.\n"
    )


def _how_measured(bench: BenchResult, recipe: Recipe) -> str:
    section = recipe.benchmark
    return (
        f"Measured on {escape_markdown(bench.machine.cpu)}: batch 1, {section.runs} timed runs "
        f"after {section.warmup_runs}, variants taking turns in one process per runtime. Load "
        f"time is the median of five loads from the page cache. Peak memory is what loading and "
        f"running added to a fresh process.\n"
    )


def _tags(report: ReportResult, sources: Sources) -> Iterator[str]:
    """Show the bundled variant's tags, and the others' folded away."""
    bundled = sources.recipe.bundle.variant
    shown = [
        scored
        for scored in sources.verdict.variants
        if scored.split == report.split and scored.runtime == report.runtime
    ]
    for scored in sorted(shown, key=lambda scored: scored.variant != bundled):
        sheet = tables.tags_sheet(_tags_title(scored), scored.tags)
        if scored.variant == bundled:
            yield from _section(sheet)
        else:
            summary = f"<details><summary>{sheet.title}</summary>\n"
            yield f"{summary}\n{tables.to_markdown(sheet)}\n</details>\n"


def _tags_title(scored: VariantVerdict) -> str:
    return f"Tags of {scored.variant} on {scored.split}, {scored.runtime}"


def _environment(sources: Sources) -> Iterator[tuple[str, str]]:
    machine, reference = sources.bench.machine, sources.verdict.reference
    features = f" ({', '.join(machine.cpu_features)})" if machine.cpu_features else ""
    yield "device", f"{machine.cpu}{features}, {machine.cores} cores, {machine.system}"
    yield "reference", f"{reference.engine} on {reference.device}; {_listed(reference.versions)}"
    for split, value in reference.map.items():
        yield f"reference mAP on {split}", "not scored" if value is None else f"{value:.4f}"
    for missing in sources.bench.missing_runtimes:
        yield f"left out: {missing.runtime}", missing.reason
    yield "versions", _listed(sources.versions)
    yield "seed", str(sources.recipe.seed)
    yield "recipe SHA-256", sources.recipe.digest()


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
