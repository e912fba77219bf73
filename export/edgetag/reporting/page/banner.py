"""The top of the page: the verdict, why, and what would decide what is open."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from edgetag.judging.decisions import RANK, Decision
from edgetag.judging.wording import write_limit, write_measured
from edgetag.recipe import LIMITS
from edgetag.reporting.page import words
from edgetag.reporting.page.view import View
from edgetag.reporting.result import BudgetRow, Finding
from edgetag.reporting.targets import describe_difference
from edgetag.reporting.wording import describe_not_judged
from edgetag.tables.formats import counted

Sign = Decision | Literal["loss"]
TITLES: dict[Sign, str] = {
    "pass": "Accepted",
    "fail": "Rejected",
    "undecided": "Undecided",
    "not judged": "Not judged",
    "loss": "Accepted, with losses",
}


@dataclass(frozen=True)
class Reason:
    """One limit that is not kept, or of which the data cannot tell.

    `decision` is loss for what decides nothing. `tag` is empty where it is about all of them;
    `advice` says what would decide it, and is empty for a failure.
    """

    decision: Sign
    variant: str
    tag: str
    sentence: str
    advice: str


@dataclass(frozen=True)
class Banner:
    """The verdict.

    `decision` is loss where a run is accepted with losses. `shipped` says what ships, or would;
    it is empty where none of our files is judged. `notes` decide nothing.
    """

    decision: Sign
    title: str
    sentence: str
    shipped: str
    reasons: tuple[Reason, ...]
    notes: tuple[str, ...]


def banner(view: View) -> Banner:
    """Sum the run up."""
    report = view.report
    decision: Sign = "loss" if report.accepted_with_losses else report.verdict
    return Banner(
        decision=decision,
        title=TITLES[decision],
        sentence=" ".join(_sentences(view)) or "Nothing was judged.",
        shipped=_shipped(view),
        reasons=tuple(_reasons(view)),
        notes=tuple(
            f"{finding.where}: {finding.text}"
            for finding in report.findings
            if finding.level == "note"
        ),
    )


def _sentences(view: View) -> Iterator[str]:
    verdict = view.sources.verdict
    by = {decision: _named(view, decision) for decision in ("fail", "undecided", "not judged")}
    total = len(view.variants())
    images = max((entry.n_images for entry in verdict.variants if entry.decides), default=0)
    basis = f"{counted(images, 'image')} of split {verdict.split}"
    elsewhere = [name for name in by["fail"] if name in _differing(view)]
    broken = [name for name in by["fail"] if not _only_differs(view, name)]
    if broken:
        breaks = "breaks a limit" if len(broken) == 1 else "break a limit"
        yield f"{_of(broken, total)} {breaks}: {', '.join(broken)}."
    if elsewhere:
        gives = "gives" if len(elsewhere) == 1 else "give"
        yield (
            f"{_of(elsewhere, total)} {gives} other scores, or none, on another machine: "
            f"{', '.join(elsewhere)}."
        )
    if by["undecided"]:
        start = "" if by["fail"] else "No limit is broken, but "
        cannot = f"the {basis} or this machine cannot decide on {', '.join(by['undecided'])}."
        yield start + (cannot if start else cannot[0].upper() + cannot[1:])
    if by["not judged"]:
        yield f"The recipe does not limit the accuracy of {', '.join(by['not judged'])}."
    if not any(by.values()) and view.report.verdict == "pass":
        of_what = "of what ships" if verdict.passed_over else "of the recipe"
        yield f"Every limit {of_what} is kept on the {basis}."
    if lossy := [row.variant for row in view.report.variants if row.with_losses]:
        yield f"Something that no kept limit allows got worse in {', '.join(lossy)}."
    if verdict.baseline and verdict.baseline.verdict == "fail":
        yield "Accuracy is worse than in the accepted baseline."


def _differing(view: View) -> set[str]:
    """Return the variants whose scores another machine does not give."""
    targets = view.sources.targets
    return {check.variant for check in targets.checks if not check.acceptable} if targets else set()


def _only_differs(view: View, name: str) -> bool:
    """Whether a rejected variant breaks no limit, but gives other scores on another machine."""
    rows = (*view.report.budgets, *view.report.tag_budgets)
    limited = any(row.variant == name and row.verdict == "fail" for row in rows)
    return name in _differing(view) and not limited


def _named(view: View, decision: str) -> list[str]:
    over = view.sources.verdict.passed_over
    return [
        name
        for name in view.bundled_first()
        if view.decision(name) == decision and name not in over
    ]


def _of(names: list[str], total: int) -> str:
    return f"{len(names)} of {counted(total, 'variant')}"


def _shipped(view: View) -> str:
    if view.report.shipping:
        return view.report.shipping
    if not view.report.ships:
        return ""
    if view.bundled not in view.variants():
        return f"The app would ship {view.bundled}, which was not judged here."
    what = {
        "pass": "keeps every limit set for it"
        + (" but lost what none of them allows" if view.with_losses(view.bundled) else ""),
        "fail": "gives other scores, or none, on another machine"
        if _only_differs(view, view.bundled)
        else "breaks a limit",
        "undecided": "is undecided",
        "not judged": "is not judged, since nothing limits its accuracy",
    }[view.decision(view.bundled)]
    return f"The app ships {view.bundled}, which {what}."


def _reasons(view: View) -> Iterator[Reason]:
    """Yield each limit once: its worst runtime, and on which others it came out the same."""
    rows_alike: dict[tuple[str, str | None, str], list[BudgetRow]] = {}
    for row in (*view.report.budgets, *view.report.tag_budgets):
        if row.verdict != "pass":
            rows_alike.setdefault((row.variant, row.tag, row.budget), []).append(row)
    shown = view.report.runtime
    reasons = []
    for alike in rows_alike.values():
        alike.sort(key=lambda row: (RANK[row.verdict], row.runtime != shown))
        same = [row.runtime for row in alike[1:] if row.verdict == alike[0].verdict]
        reasons.append(_reason(alike[0], same))
    targets = view.sources.targets
    reasons += [
        Reason("fail", check.variant, "", f"On {check.place}: {describe_difference(check)}.", "")
        for check in (targets.checks if targets else ())
        if not check.acceptable
    ]
    explained = {reason.variant for reason in reasons}
    reasons += [reason for reason in _unexplained(view) if reason.variant not in explained]
    reasons += [
        Reason(
            "loss",
            finding.variant or "",
            "",
            f"{finding.text[0].upper()}{finding.text[1:]}{_on(finding)}.",
            "",
        )
        for finding in view.report.findings
        if finding.level == "loss"
    ]
    yield from sorted(
        reasons,
        key=lambda reason: (_rank(reason), reason.variant != view.bundled, reason.tag != ""),
    )


def _rank(reason: Reason) -> int:
    """Losses come last: they stand beside the decision."""
    return len(RANK) if reason.decision == "loss" else RANK[reason.decision]


def _on(finding: Finding) -> str:
    """Return the runtime of a finding, as its place names it."""
    return finding.where.removeprefix(finding.variant or "")


def _reason(row: BudgetRow, also: list[str]) -> Reason:
    limit = LIMITS[row.budget]
    where = "" if row.runtime == "any" else f" on {row.runtime}"
    where += f", and likewise on {', '.join(also)}" if also else ""
    bound = "at least" if limit.kind == "floor" else "at most"
    allowed = f"the limit is {bound} {write_limit(row)}"
    return Reason(
        decision=row.verdict,
        variant=row.variant,
        tag=row.tag or "",
        sentence=f"{limit.words} is {write_measured(row)}{where}; {allowed}.",
        advice=_advice(row),
    )


def _advice(row: BudgetRow) -> str:
    if row.reason:
        return f"{row.reason[0].upper()}{row.reason[1:].rstrip('.')}."
    if row.verdict != "undecided":
        return ""
    return words.needs(row.measured, row.interval, row.needs)


def _unexplained(view: View) -> Iterator[Reason]:
    """Yield why a variant is not accepted although none of its limits is the cause."""
    for name in view.variants():
        decision = view.decision(name)
        if decision == "pass":
            continue
        if decision == "not judged":
            text = describe_not_judged(name, view.sources.verdict.variants)
            yield Reason("not judged", name, "", f"{text[0].upper()}{text[1:]}.", "")
            continue
        failures = [failure for failure in view.report.failures if failure.variant == name]
        why = "; ".join(f"{failure.runtime}: {failure.reason.rstrip('.')}" for failure in failures)
        unscored = "no tag has enough positives to be scored"
        text = f"did not run. {why}" if why else unscored
        advice = ""
        if decision == "undecided" and not why:
            wanted = view.sources.verdict.min_positives
            advice = f"A tag is scored from {counted(wanted, 'positive')} on."
        yield Reason("fail" if decision == "fail" else "undecided", name, "", f"{text}.", advice)
