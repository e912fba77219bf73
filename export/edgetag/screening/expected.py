"""How often a rule is wrong, and what that comes to in many pictures.

Judged pictures tell two rates: of the pictures for which a rule is true, the share for which it
holds, and the same of those for which it is not. How many pictures are falsely held or missed
follows from these and from how frequent pictures are for which it is true, which nobody knows but
who has the pictures.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgetag.errors import InputError
from edgetag.screening.known import Known, read_known
from edgetag.screening.rules import Rule, Truths, limit_of, tag_of
from edgetag.screening.tagged import Tagged
from edgetag.screening.truth import UnscoredError, truth_of
from edgetag.validation.operating import precision_at
from edgetag.validation.proportions import share_design_effect, share_interval

Bounds = tuple[float, float]


@dataclass(frozen=True)
class Share:
    """A share of judged pictures.

    Attributes:
        hits: Pictures for which the rule holds,
        total: of so many.
        interval: Of the share, Clopper and Pearson's, wider where pictures come in groups.
    """

    hits: int
    total: int
    interval: Bounds

    @property
    def value(self) -> float:
        """The share itself."""
        return self.hits / self.total


@dataclass(frozen=True)
class Rates:
    """How often a rule holds.

    Attributes:
        source: What told it: file, runtime and split.
        recall: Of pictures for which it is true.
        fpr: Of pictures for which it is not.
        confidence: Of intervals.
    """

    source: str
    recall: Share
    fpr: Share
    confidence: float

    def false_alarms(self, prevalence: float, pictures: float) -> tuple[float, Bounds]:
        """Return for how many pictures the rule holds though it is not true."""
        others = (1 - prevalence) * pictures
        low, high = self.fpr.interval
        return others * self.fpr.value, (others * low, others * high)

    def misses(self, prevalence: float, pictures: float) -> tuple[float, Bounds]:
        """Return for how many pictures the rule is true and does not hold."""
        true = prevalence * pictures
        low, high = self.recall.interval
        return true * (1 - self.recall.value), (true * (1 - high), true * (1 - low))

    def holding(self, prevalence: float, pictures: float) -> tuple[float, Bounds]:
        """Return for how many pictures the rule holds; the ends are those of both rates."""

        def number(recall: float, fpr: float) -> float:
            return pictures * (prevalence * recall + (1 - prevalence) * fpr)

        lows, highs = zip(self.recall.interval, self.fpr.interval, strict=True)
        return number(self.recall.value, self.fpr.value), (number(*lows), number(*highs))

    def precision(self, prevalence: float) -> tuple[float | None, Bounds | None]:
        """Return the share of what holds that is true; the ends are those of both rates."""
        (low, high), (least, most) = self.recall.interval, self.fpr.interval
        worst, best = precision_at(low, most, prevalence), precision_at(high, least, prevalence)
        bounds = None if worst is None or best is None else (worst, best)
        return precision_at(self.recall.value, self.fpr.value, prevalence), bounds


def rates_of(rule: Rule, tagged: Tagged, path: Path, variant: str | None = None) -> Rates | str:
    """Return how often a rule holds where it is true and where it is not.

    Args:
        rule: The rule.
        tagged: The table that it sorts; its tags must be set by the thresholds that were judged.
        path: A validated run folder, or a bundle.
        variant: The file that made the table; default: the one that apps take first.

    Returns:
        Why nothing can be said, where that is so.

    Raises:
        InputError: There is no such verdict, or it is about another file than the table.
    """
    known = read_known(path, variant, rule.tags[0])
    _require_same_tags(rule, tagged, known, path)
    try:
        return _rates(rule, known, path)
    except UnscoredError as error:
        return str(error)


def _require_same_tags(rule: Rule, tagged: Tagged, known: Known, path: Path) -> None:
    for tag in _alone(rule):
        if tag in known.thresholds:
            expected = tagged.scores[tag] >= np.float32(known.thresholds[tag])
            if (tagged.is_set[tag] != expected)[tagged.readable].any():
                raise InputError(
                    f"{path}: {known.source} sets {tag} from {known.thresholds[tag]:.4g} on, and "
                    "the table's tags were set otherwise; name the file that made it with "
                    "--variant, or tag again"
                )


def _alone(rule: Rule) -> tuple[str, ...]:
    """Return the tags that a rule names without a limit."""
    in_limits = {
        id(part)
        for node in ast.walk(rule.tree)
        if isinstance(node, ast.Compare)
        for part in ast.walk(node)
    }
    nodes = (node for node in ast.walk(rule.tree) if id(node) not in in_limits)
    names = (tag_of(node) for node in nodes if isinstance(node, ast.expr))
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _rates(rule: Rule, known: Known, path: Path) -> Rates:
    if known.limits is not None and len(rule.tags) > 1:
        raise _uncounted("a rule of several tags", known.limits, path)
    lacking = [tag for tag in rule.tags if tag not in known.labels]
    if lacking:
        raise InputError(f"{path}: the verdict has no tag {lacking[0]!r}; it is of another model")
    truth = truth_of(rule, known.labels)
    holds = rule.holds(known.scores, known.is_set)
    positives, negatives = truth == 1, truth == 0
    n_true, n_false = int(known.counts[positives].sum()), int(known.counts[negatives].sum())
    if n_true < max(1, known.min_positives) or not n_false:
        raise UnscoredError(
            f"it is true for {n_true} of the judged pictures and false for {n_false}; at least "
            f"{max(1, known.min_positives)} and 1 must be"
        )
    if known.limits is not None and (others := sorted(_limits_of(rule) - known.limits)):
        raise _uncounted(f"the limit {others[0]:g}", known.limits, path)
    return Rates(
        source=known.source,
        recall=_share(holds, positives, known),
        fpr=_share(holds, negatives, known),
        confidence=known.confidence,
    )


def _limits_of(rule: Rule) -> set[float]:
    return {
        limit
        for node in ast.walk(rule.tree)
        if isinstance(node, ast.expr) and (limit := limit_of(node)) is not None
    }


def _uncounted(lacking: str, counted: frozenset[float], path: Path) -> UnscoredError:
    """Say that a bundle's counts do not tell of a rule, for what they lack."""
    at = "threshold and at hundredths of a score" if len(counted) > 2 else "threshold"
    return UnscoredError(
        f"{path.name} counts errors by tag at its {at}; {lacking} takes the run folder, which has "
        "the scores of every picture"
    )


def _share(holds: Truths, among: Truths, known: Known) -> Share:
    counts = known.counts[among]
    hits, total = int(counts[holds[among]].sum()), int(counts.sum())
    effect = known.group_size
    if known.group_of is not None:
        effect = share_design_effect(holds[among], known.group_of[among])
    return Share(hits, total, share_interval(hits / effect, total / effect, known.confidence))
