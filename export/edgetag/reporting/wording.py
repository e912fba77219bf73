"""Sentences about what was judged: the same words in every report."""

from collections.abc import Iterable, Sequence

from edgetag.judging.checks import Bounds, Needs
from edgetag.judging.wording import write_limit, write_measured, write_value
from edgetag.reporting.levels import Level
from edgetag.reporting.result import BudgetRow, Finding
from edgetag.tables.formats import NONE, format_fraction
from edgetag.tables.text import first_few
from edgetag.validation.baseline_result import BaselineChange, BaselineComparison
from edgetag.validation.result import LossMeasure, VariantVerdict

SHOWN_NUMBERS = 5
LOST: dict[LossMeasure, str] = {
    "map": "mAP",
    "recall": "recall",
    "fpr": "false positives",
    "f1": "F1",
    "ap": "average precision",
}
"""Measures in words."""


NO_INTERVAL = (
    "there is no interval, since images that have a tag, or that lack it, are of one group or one "
    "alone; images of others would decide it"
)
"""Why an accuracy decides nothing though it was measured, and what to do."""


def format_needs(needs: Needs | None, tag: str | None = None) -> str:
    """Say what would decide a check: `340 more positives of cat in test (about 3,400 in all)`."""
    if needs is None:
        return NONE
    things = needs.of if needs.more != 1 else needs.of.removesuffix("s")
    of_tag = f" of {tag}" if tag is not None and needs.of != "images" else ""
    where = f" in {needs.split}" if needs.split else ""
    in_all = f" (about {needs.in_all:,} in all)" if needs.in_all is not None else ""
    return f"{needs.more:,} more {things}{of_tag}{where}{in_all}"


def of_tags(scored: int, tags: int) -> str:
    """Say how many tags a mean is over: `12 of 20 tags`."""
    return f"{scored} of {tags} tags"


def check_finding(row: BudgetRow) -> Finding:
    """Tell a limit that is not kept."""
    level: Level = "fail" if row.verdict == "fail" else "undecided"
    return Finding.about(level, describe_check(row), row.variant, row.runtime, row.tag)


def describe_check(row: BudgetRow) -> str:
    """Say what was measured against a limit, and what would decide it where it is undecided."""
    text = f"{row.budget} is {write_measured(row)}, limit {write_limit(row)}"
    if row.reason:
        return f"{text}; {row.reason}"
    if row.verdict != "undecided" or row.measured is None:
        return text
    if row.interval is None:
        return f"{text}; {NO_INTERVAL}"
    if row.needs is None:
        return f"{text}; more images like these would not decide it"
    how = "that it is broken" if row.needs.decides == "fail" else "that it is kept"
    return f"{text}; {format_needs(row.needs, row.tag)} would decide, as it looks {how}"


def describe_loss(
    measure: LossMeasure, tag: str | None, drop: float, interval: Bounds | None
) -> str:
    """Say what got worse: `recall of food fell 13.60 points [3.80, 25.50]`."""
    change = write_value("points", drop, interval)
    of_tag = "" if tag is None else f" of {tag}"
    return f"{LOST[measure]}{of_tag} {'rose' if measure == 'fpr' else 'fell'} {change}"


def listed(texts: Iterable[str]) -> str:
    """Join what belongs to one sentence, at most `SHOWN_NUMBERS`."""
    return first_few(list(texts), SHOWN_NUMBERS)


def describe_not_judged(variant: str, judged: Iterable[VariantVerdict]) -> str:
    """Say why a file is not judged, and what to add to the recipe."""
    given = any(entry.variant == variant and entry.origin == "external" for entry in judged)
    where = "[budgets.default]" if given else f"[budgets.{variant}] or [budgets.default]"
    return (
        "nothing limits its accuracy, so nothing was judged; add to the recipe, in "
        f"{where}: max_map_drop = 0.01, or margins of tags such as max_recall_drop = 0.05"
    )


def describe_changes(changes: Sequence[BaselineChange]) -> str:
    """Say how numbers of one kind differ from the accepted ones, at most `SHOWN_NUMBERS`."""
    kind = changes[0].change
    than = " than accepted" if kind in ("worse", "better") else ""
    shown = listed(
        f"{change.what} {_four(change.accepted)} → {_four(change.measured)}" for change in changes
    )
    return f"{kind}{than}: {shown}"


def describe_baseline(compared: BaselineComparison) -> str:
    """Say in a sentence what became of the numbers since a state was accepted."""
    if compared.same_scores and not compared.changes:
        return "Every score is what it was when the baseline was accepted."
    if not compared.same_reference:
        return (
            "The baseline is about other trained weights, so its differences are told but decide "
            "nothing."
        )
    if not compared.changes:
        return "Scores moved, but no number moved beyond its tolerance."
    kinds = [change.change for change in compared.changes]
    order = ("worse", "gone", "better", "new")
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in order if kind in kinds)
    return f"The weights are the same, yet numbers moved beyond their tolerance: {counts}."


def _four(value: float | None) -> str:
    return "none" if value is None else format_fraction(value, 4)
