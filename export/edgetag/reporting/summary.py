"""`report/summary.md`: what was decided and why, short enough for a comment on a pull request."""

from collections.abc import Collection, Iterable, Iterator

from edgetag.benchmarking.tables import latency_table
from edgetag.conversion.tables import files_table
from edgetag.explaining.result import Explanation
from edgetag.explaining.tables import layers_table, mistakes_table
from edgetag.judging.decisions import Decision
from edgetag.phones.tables import phone_tables
from edgetag.reporting.environment import environment, how_measured, how_to_read
from edgetag.reporting.levels import LEVELS
from edgetag.reporting.result import Finding, ReportResult
from edgetag.reporting.rows import shown_entry
from edgetag.reporting.sources import Sources
from edgetag.reporting.tables import budgets_table, failures_table, variants_table
from edgetag.reporting.wording import describe_baseline
from edgetag.tables import Table
from edgetag.tables.markdown import to_markdown
from edgetag.tables.text import escape_html, escape_markdown, shorten
from edgetag.targets.result import TargetsResult
from edgetag.targets.tables import target_tables
from edgetag.validation.baseline_result import BaselineComparison
from edgetag.validation.baseline_tables import changes_table
from edgetag.validation.result import VariantVerdict
from edgetag.validation.tables import (
    agreements_table,
    scores_table,
    tags_table,
    thresholds_table,
    worst_first,
)

HEADLINES: dict[Decision, str] = {
    "pass": "✓ Accepted: every budget is kept.",
    "fail": "✗ Rejected: a budget is broken.",
    "undecided": "? Undecided: the data or this machine cannot decide.",
    "not judged": "? Not judged: the recipe does not limit the accuracy of every file.",
}
LOSSES_HEADLINE = "! Accepted, with losses: every budget is kept, but something got worse."
SHIPPED_HEADLINE = "✓ Accepted: what ships keeps every budget."
TARGETS_HEADLINE = "✗ Rejected: no budget is broken, but another machine gives other scores."
BASELINE_HEADLINE = "✗ Rejected: no budget is broken, but a number is worse than accepted."

LONGEST = 30_000
"""Characters. GitHub takes 65,536 in a comment, and a comment that long is not read."""

SHOWN_VARIANTS = 30
SHOWN_TAGS = 40
SHOWN_CHANGES = 30
LONGEST_SENTENCE = 400


def write_summary(report: ReportResult, sources: Sources) -> str:
    """Return the summary as Markdown, the verdict at the top, at most `LONGEST` characters.

    What is folded away goes in as long as there is room; the last lines name what had none.
    """
    text = "\n".join(_head(report, sources))
    omitted = []
    for title, body in _folded(report, sources):
        section = (
            f"\n<details><summary>{escape_html(shorten(title))}</summary>\n\n{body}\n</details>\n"
        )
        if len(text) + len(section) <= LONGEST:
            text += section
        else:
            omitted.append(title)
    if omitted:
        names = shorten(", ".join(omitted), LONGEST_SENTENCE)
        text += f"\nLeft out for its length, see the other reports: {escape_markdown(names)}.\n"
    return text


def _head(report: ReportResult, sources: Sources) -> Iterator[str]:
    verdict = sources.verdict
    headline = HEADLINES[report.verdict]
    if report.accepted_with_losses:
        headline = LOSSES_HEADLINE
    elif report.verdict == "pass" and verdict.passed_over:
        headline = SHIPPED_HEADLINE
    counting = {row.variant for row in report.variants} - {*verdict.passed_over}
    failing = {row.variant for row in report.variants if row.verdict == "fail"} & counting
    if report.verdict == "fail" and not failing:
        headline = BASELINE_HEADLINE
    elif report.verdict == "fail" and _only_elsewhere(report, sources.targets, failing):
        headline = TARGETS_HEADLINE
    yield f"# {escape_markdown(sources.recipe.name)}\n"
    yield f"**{headline}**\n"
    if report.shipping:
        yield f"{escape_markdown(report.shipping)}\n"
    yield from _findings(report.findings)
    if report.baseline:
        yield _accepted(report.baseline)
    yield _section(variants_table(report).first(SHOWN_VARIANTS))
    if sources.bench is None:
        yield "There is no benchmark, so speed and memory are not shown.\n"
    yield how_to_read(verdict)
    main = _main_variant(report)
    entry = shown_entry(verdict, main, report.runtime)
    if entry is not None:
        yield _section(_tags(entry))


def _only_elsewhere(
    report: ReportResult, targets: TargetsResult | None, failing: Collection[str]
) -> bool:
    """Whether nothing but scores on other machines is why files are rejected."""
    limits = (*report.budgets, *report.tag_budgets)
    if targets is None or any(row.verdict == "fail" and row.variant in failing for row in limits):
        return False
    differs = {check.variant for check in targets.checks if not check.acceptable}
    return differs.issuperset(failing)


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    """List what stands between the run and its acceptance, then notes."""
    all_findings = tuple(findings)
    lines = []
    for level, (mark, shown, *_) in LEVELS.items():
        texts = [
            f"{finding.where}: {finding.text}" for finding in all_findings if finding.level == level
        ]
        lines += [
            f"- {mark} {escape_markdown(shorten(text, LONGEST_SENTENCE))}" for text in texts[:shown]
        ]
        if len(texts) > shown:
            lines.append(f"- {mark} and {len(texts) - shown} more")
    if lines:
        yield "\n".join(lines) + "\n"


def _accepted(compared: BaselineComparison) -> str:
    reason = escape_markdown(shorten(compared.reason, LONGEST_SENTENCE))
    when = compared.accepted_at[:10]
    return f"A state was accepted on {when} ({reason}). {describe_baseline(compared)}\n"


def _main_variant(report: ReportResult) -> str:
    """Return the variant whose tags are shown: a given file, else the bundled one."""
    names = [row.variant for row in report.variants]
    given = [row.variant for row in report.variants if row.origin == "external"]
    if report.leading in names:
        return report.leading
    return next(iter((*given, *names)))


def _tags(entry: VariantVerdict) -> Table:
    """Return the tags of a file, those first that matter most where not all can be shown."""
    title = f"Tags of {entry.variant} on {entry.split}, {entry.runtime}"
    return tags_table(title, entry, worst_first(entry.tags, SHOWN_TAGS)).first(SHOWN_TAGS)


def _section(table: Table) -> str:
    return f"## {escape_markdown(shorten(table.title))}\n\n{to_markdown(table)}"


def _folded(report: ReportResult, sources: Sources) -> Iterator[tuple[str, str]]:
    """Yield title and Markdown of what is folded away, the most wanted first."""
    verdict = sources.verdict
    if report.baseline and report.baseline.changes:
        yield _fold(changes_table(report.baseline).first(SHOWN_CHANGES))
    if report.tag_budgets:
        title = "Margins of tags that are not kept"
        yield _fold(budgets_table(report.tag_budgets, title).first(SHOWN_TAGS))
    yield _fold(budgets_table(report.budgets), "The recipe sets no limit over all tags.\n")
    if report.failures:
        yield _fold(failures_table(report.failures))
    yield from map(_fold, _explained(sources.explanation))
    fitted = thresholds_table(verdict)
    if fitted.rows:
        yield _fold(fitted.first(SHOWN_TAGS))
    yield _fold(scores_table("Accuracy by runtime", verdict.variants))
    if verdict.agreements:
        yield _fold(agreements_table(verdict.agreements, verdict.confidence))
    if sources.bench is not None:
        title, body = _fold(latency_table(sources.bench))
        yield title, f"{body}\n{how_measured(sources.bench)}"
    for table in target_tables(sources.targets) if sources.targets else ():
        yield _fold(table.first(SHOWN_TAGS))
    for table in phone_tables(sources.phones) if sources.phones else ():
        yield _fold(table.first(SHOWN_TAGS))
    if sources.exported is not None:
        title, body = _fold(files_table(sources.exported.variants))
        warnings = "".join(
            f"- {escape_markdown(warning)}\n" for warning in sources.exported.warnings
        )
        yield title, f"{body}\n{warnings}"
    lines = environment(sources.recipe, verdict, sources.bench, sources.versions)
    yield (
        "Environment",
        "".join(f"- {escape_markdown(name)}: {escape_markdown(text)}\n" for name, text in lines),
    )
    main = _main_variant(report)
    for row in report.variants:
        entry = shown_entry(verdict, row.variant, report.runtime)
        if row.variant != main and entry is not None:
            yield _fold(_tags(entry))


def _fold(table: Table, if_empty: str = "") -> tuple[str, str]:
    return table.title, to_markdown(table) if table.rows else if_empty


def _explained(explanation: Explanation | None) -> Iterator[Table]:
    if explanation is not None:
        yield from map(layers_table, explanation.blame)
        yield from map(mistakes_table, explanation.preprocessing)
