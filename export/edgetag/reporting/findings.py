"""What a person should know of a verdict, one sentence each, the worst first.

The summary, the annotations and the terminal all tell these.
"""

from collections.abc import Iterator

from edgetag.benchmarking.result import BenchResult
from edgetag.recipe import Recipe, limits_of
from edgetag.reporting.levels import RANK, Level
from edgetag.reporting.losses import loss_findings
from edgetag.reporting.result import Finding
from edgetag.reporting.rows import budget_rows, failure_rows, tag_budget_rows
from edgetag.reporting.targets import score_findings
from edgetag.reporting.wording import check_finding, describe_changes, describe_not_judged
from edgetag.tables.formats import counted
from edgetag.targets.result import TargetsResult
from edgetag.validation.baseline import breaks
from edgetag.validation.baseline_result import BaselineChange, BaselineComparison
from edgetag.validation.result import Verdict

BENCH_BUDGETS = limits_of("latency", "memory")
"""Limits that only the benchmark can judge."""


def find(
    verdict: Verdict,
    bench: BenchResult | None = None,
    first: str | None = None,
    targets: TargetsResult | None = None,
) -> tuple[Finding, ...]:
    """Return what stands between a verdict and its acceptance, then notes.

    Within a level those of `first` come first: the variant that ships.
    """
    rows = [*budget_rows(verdict, bench, targets), *tag_budget_rows(verdict)]
    findings = [
        *(check_finding(row) for row in rows if row.verdict != "pass"),
        *(score_findings(targets) if targets else ()),
        *_without_scores(verdict),
        *_not_scored(verdict),
        *_without_limits(verdict),
        *(_baseline(verdict.baseline, verdict) if verdict.baseline else ()),
        *loss_findings(verdict),
        *_changed_pictures(verdict),
        *_failed_beside_scores(verdict, bench),
        *_tags_without_images(verdict),
    ]
    # What a file breaks decides nothing where another file stands in for it.
    findings = [
        finding.replace(level="note") if finding.variant in verdict.passed_over else finding
        for finding in findings
    ]
    return tuple(
        sorted(findings, key=lambda finding: (RANK[finding.level], finding.variant != first))
    )


def unjudged(
    recipe: Recipe,
    verdict: Verdict,
    bench: BenchResult | None = None,
    targets: TargetsResult | None = None,
) -> tuple[Finding, ...]:
    """Tell the limits that nothing judged because the benchmark or a count has not run."""
    findings = []
    counted = {budget.variant for budget in targets.budgets} if targets else set()
    for variant in (name for name in recipe.export.possible if name in verdict.decisions):
        budget = recipe.budget(variant)
        if budget.max_arm_instructions is not None and variant not in counted:
            text = (
                "max_arm_instructions not judged: nothing was counted; run: edgetag target count "
                "RECIPE --on arm64"
            )
            findings.append(Finding.about("note", text, variant))
        judged = {b.budget for b in bench.budgets if b.variant == variant} if bench else set()
        names = [name for name in BENCH_BUDGETS if name in budget.given() and name not in judged]
        if names:
            lacking = "no benchmark of this file" if bench else "no benchmark"
            text = f"{', '.join(names)} not judged: there is {lacking}; run: edgetag bench"
            findings.append(Finding.about("note", text, variant))
    return tuple(findings)


def _scored(verdict: Verdict) -> set[str]:
    return {entry.variant for entry in verdict.variants if entry.decides}


def _without_scores(verdict: Verdict) -> Iterator[Finding]:
    """Tell the variants that no runtime gave scores for."""
    scored = _scored(verdict)
    for variant, decision in verdict.decisions.items():
        if variant in scored:
            continue
        reasons = [
            f"{failure.runtime} ({failure.kind}: {failure.reason})"
            for failure in verdict.failures
            if failure.variant == variant
        ]
        text = f"no runtime gave scores: {'; '.join(reasons) or 'none was tried'}"
        yield Finding.about("fail" if decision == "fail" else "undecided", text, variant)


def _not_scored(verdict: Verdict) -> Iterator[Finding]:
    """Tell the variants that were run, but over too few images of every tag."""
    for entry in verdict.variants:
        if entry.decides and entry.n_scored_tags == 0:
            least = counted(verdict.min_positives, "positive")
            text = f"no tag is scored: none has {least} in {entry.split}"
            yield Finding.about("undecided", text, entry.variant, entry.runtime)


def _baseline(compared: BaselineComparison, verdict: Verdict) -> Iterator[Finding]:
    if not compared.same_reference:
        yield Finding(
            level="note",
            where=compared.file,
            text=f"accepted {compared.accepted_at} for other trained weights; "
            f"{len(compared.changes)} numbers differ, which decides nothing",
        )
        return
    grouped: dict[tuple[str, str, bool, str], list[BaselineChange]] = {}
    for change in compared.changes:
        broken = breaks(change, compared, verdict)
        place = (change.variant, change.runtime, broken, change.change)
        grouped.setdefault(place, []).append(change)
    for (variant, runtime, broken, _), changes in grouped.items():
        level: Level = "fail" if broken else "note"
        yield Finding.about(level, describe_changes(changes), variant, runtime)


def _changed_pictures(verdict: Verdict) -> Iterator[Finding]:
    """Tell what was allowed to change since the reference was made elsewhere."""
    for line in verdict.pictures.lines() if verdict.pictures else ():
        yield Finding(level="note", where="since the reference was made", text=line)


def _failed_beside_scores(verdict: Verdict, bench: BenchResult | None) -> Iterator[Finding]:
    """Tell what one runtime did not run while another gave scores."""
    scored = _scored(verdict)
    decides = {(each.variant, each.runtime) for each in verdict.failures if each.decides}
    for row in failure_rows(verdict, bench):
        if row.variant in scored:
            fails = row.stage == "validate" and (row.variant, row.runtime) in decides
            text = f"did not run in {row.stage}: {row.reason}"
            yield Finding.about("fail" if fails else "note", text, row.variant, row.runtime)


def _without_limits(verdict: Verdict) -> Iterator[Finding]:
    """Tell the files whose accuracy nothing limits: they can neither pass nor fail by it."""
    deciding = [entry for entry in verdict.variants if entry.decides and entry.n_scored_tags]
    for variant in dict.fromkeys(v.variant for v in deciding if not v.limits_accuracy):
        yield Finding.about("not judged", describe_not_judged(variant, deciding), variant)


def _tags_without_images(verdict: Verdict) -> Iterator[Finding]:
    """Tell once which tags are not scored: the images are the same for every variant."""
    for entry in verdict.variants:
        if not entry.decides or entry.n_scored_tags == 0:
            continue
        names = [tag.tag for tag in entry.tags if not tag.scored]
        if names:
            shown = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
            yield Finding(
                level="note",
                where=f"split {entry.split}",
                text="not scored, for fewer than "
                f"{counted(verdict.min_positives, 'positive')} or no negative: {shown}",
            )
        return
