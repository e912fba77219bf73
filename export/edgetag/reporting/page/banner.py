"""The top of the page: the verdict, why, and what would decide what is open."""

from collections.abc import Iterator
from dataclasses import dataclass

from edgetag.reporting.page import words
from edgetag.reporting.page.sources import View
from edgetag.validation.result import BudgetCheck, Decision

TITLES: dict[Decision, str] = {
    "pass": "Accepted",
    "fail": "Rejected",
    "undecided": "Undecided",
}
RANK: dict[str, int] = {"fail": 0, "undecided": 1, "pass": 2}


@dataclass(frozen=True)
class Reason:
    """One limit that is not kept, or of which the data cannot tell.

    Attributes:
        decision: fail or undecided.
        variant: Whose.
        tag: Empty where it is about all of them.
        sentence: What was measured and what was wanted.
        advice: What would decide it; empty for a failure.
    """

    decision: Decision
    variant: str
    tag: str
    sentence: str
    advice: str


@dataclass(frozen=True)
class Banner:
    """The verdict.

    Attributes:
        decision: Of the whole run.
        title: In a word.
        sentence: Why.
        shipped: What that means for the file that the app ships.
        reasons: Limits that are not kept, failures first.
    """

    decision: Decision
    title: str
    sentence: str
    shipped: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class _Judged:
    variant: str
    tag: str
    where: str
    check: BudgetCheck


def banner(view: View) -> Banner:
    """Sum the run up."""
    decision = view.report.verdict
    return Banner(
        decision=decision,
        title=TITLES[decision],
        sentence=" ".join(_sentences(view)) or "Nothing was judged.",
        shipped=_shipped(view),
        reasons=tuple(_reasons(view)),
    )


def _sentences(view: View) -> Iterator[str]:
    verdict = view.sources.verdict
    by = {decision: _named(view, decision) for decision in ("fail", "undecided")}
    total = len(view.variants())
    images = max((found.n_images for found in verdict.variants if found.decides), default=0)
    basis = f"{words.plural(images, 'image')} of split {verdict.split}"
    if by["fail"]:
        breaks = "breaks a limit" if len(by["fail"]) == 1 else "break a limit"
        yield f"{_of(by['fail'], total)} {breaks}: {', '.join(by['fail'])}."
    if by["undecided"]:
        start = "" if by["fail"] else "No limit is broken, but "
        cannot = f"the {basis} or this machine cannot decide on {', '.join(by['undecided'])}."
        yield start + (cannot if start else cannot[0].upper() + cannot[1:])
    if not any(by.values()) and view.report.verdict == "pass":
        judged = any(True for _ in _checks(view))
        kept = f"Every limit of the recipe is kept on the {basis}."
        yield kept if judged else "The recipe sets no limits, so nothing was judged."
    if verdict.baseline and verdict.baseline.verdict == "fail":
        yield "Accuracy is worse than in the accepted baseline."


def _named(view: View, decision: str) -> list[str]:
    return [name for name in view.bundled_first() if view.decision(name) == decision]


def _of(names: list[str], total: int) -> str:
    return f"{len(names)} of {words.plural(total, 'variant')}"


def _shipped(view: View) -> str:
    if view.bundled not in view.variants():
        return f"The app would ship {view.bundled}, which was not judged here."
    what = {
        "pass": "keeps every limit set for it",
        "fail": "breaks a limit",
        "undecided": "is undecided",
    }[view.decision(view.bundled)]
    return f"The app ships {view.bundled}, which {what}."


def _checks(view: View) -> Iterator[_Judged]:
    for found in view.sources.verdict.variants:
        if not found.decides:
            continue
        for check in found.budgets:
            where = "" if check.budget.startswith("max_size") else found.runtime
            yield _Judged(found.variant, "", where, check)
        for tag in found.tags:
            for check in tag.checks:
                yield _Judged(found.variant, tag.tag, found.runtime, check)
    if bench := view.sources.bench:
        where = f"{bench.budget_runtime}, {words.plural(bench.budget_threads, 'thread')}"
        for timed in bench.budgets:
            of_file = timed.budget.startswith("max_size")
            check = BudgetCheck(
                budget=timed.budget, limit=timed.limit, measured=timed.measured,
                verdict=timed.verdict,
            )  # fmt: skip
            yield _Judged(timed.variant, "", "" if of_file else where, check)


def _reasons(view: View) -> Iterator[Reason]:
    """Yield each limit once: its worst runtime, and on which others it came out the same."""
    found: dict[tuple[str, str, str], list[_Judged]] = {}
    for judged in _checks(view):
        if judged.check.verdict != "pass":
            key = (judged.variant, judged.tag, judged.check.budget)
            found.setdefault(key, []).append(judged)
    shown = view.report.runtime
    reasons = []
    for alike in found.values():
        alike.sort(key=lambda one: (RANK[one.check.verdict], one.where != shown))
        worst = alike[0]
        same = [one.where for one in alike[1:] if one.check.verdict == worst.check.verdict]
        reasons.append(_reason(worst, [where for where in same if where != worst.where]))
    explained = {reason.variant for reason in reasons}
    reasons += [reason for reason in _unexplained(view) if reason.variant not in explained]
    yield from sorted(
        reasons, key=lambda one: (RANK[one.decision], one.variant != view.bundled, one.tag != "")
    )


def _reason(judged: _Judged, also: list[str]) -> Reason:
    check = judged.check
    what = words.BUDGETS.get(check.budget, check.budget)
    seen = words.measured(check.budget, check.measured, check.interval)
    where = f" on {judged.where}" if judged.where else ""
    where += f", and likewise on {', '.join(also)}" if also else ""
    bound = "at least" if check.budget.startswith("min_") else "at most"
    allowed = f"the limit is {bound} {words.limit(check.budget, check.limit)}"
    return Reason(
        decision=check.verdict,
        variant=judged.variant,
        tag=judged.tag,
        sentence=f"{what} is {seen}{where}; {allowed}.",
        advice=words.needs(check) if check.verdict == "undecided" else "",
    )


def _unexplained(view: View) -> Iterator[Reason]:
    """Yield why a variant is not accepted although none of its limits is the cause."""
    for name in view.variants():
        decision = view.decision(name)
        if decision == "pass":
            continue
        failures = [one for one in view.report.failures if one.variant == name]
        why = "; ".join(f"{one.runtime}: {one.reason.rstrip('.')}" for one in failures)
        unscored = "no tag has enough positives to be scored"
        text = f"did not run. {why}" if why else unscored
        advice = ""
        if decision == "undecided" and not why:
            wanted = view.sources.verdict.min_positives
            advice = f"A tag is scored from {words.plural(wanted, 'positive')} on."
        yield Reason("fail" if decision == "fail" else "undecided", name, "", f"{text}.", advice)
