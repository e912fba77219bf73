"""What a screening comes to, for programs."""

from collections.abc import Sequence
from typing import ClassVar, Self

from edgetag.records import Record, Result
from edgetag.screening.expected import Bounds, Rates
from edgetag.screening.plan import Plan
from edgetag.screening.tagged import Tagged

Left = tuple[tuple[str, str], ...]
"""Path and reason of pictures to which nothing was done."""


class Carried(Result):
    """What was done with pictures, or taken back.

    Attributes:
        done: Steps.
        failed: Path and reason of pictures that stayed.
    """

    SCHEMA: ClassVar[str] = "edgetag.carried/1.0"
    done: int
    failed: Left

    def with_more(self, failed: Sequence[tuple[str, str]]) -> Self:
        """Return it with more pictures that stayed."""
        return self.replace(failed=(*self.failed, *failed))


class Estimate(Record):
    """A number and its interval; both are null where it does not exist."""

    value: float | None
    interval: Bounds | None


class ExpectedErrors(Record):
    """How often a rule is expected to be wrong.

    Attributes:
        source: What tells: file, runtime and split.
        confidence: Of intervals.
        prevalence: Share of the pictures for which the rule is true, as it was stated.
        pictures: How many there are.
        judged_true: Judged pictures for which it is true.
        judged_false: Judged pictures for which it is not.
        recall: Share of the former for which it holds.
        fpr: Share of the latter for which it holds.
        precision: Share of what holds that is true.
        false_alarms: Pictures for which it holds and is not true.
        misses: Pictures for which it is true and does not hold.
        holding: Pictures for which it holds.
    """

    source: str
    confidence: float
    prevalence: float
    pictures: int
    judged_true: int
    judged_false: int
    recall: Estimate
    fpr: Estimate
    precision: Estimate
    false_alarms: Estimate
    misses: Estimate
    holding: Estimate

    @classmethod
    def of(cls, rates: Rates, prevalence: float, pictures: int) -> Self:
        """Return what rates come to in so many pictures."""

        def estimate(value: float | None, interval: Bounds | None) -> Estimate:
            return Estimate(value=value, interval=interval)

        return cls(
            source=rates.source,
            confidence=rates.confidence,
            prevalence=prevalence,
            pictures=pictures,
            judged_true=rates.recall.total,
            judged_false=rates.fpr.total,
            recall=estimate(rates.recall.value, rates.recall.interval),
            fpr=estimate(rates.fpr.value, rates.fpr.interval),
            precision=estimate(*rates.precision(prevalence)),
            false_alarms=estimate(*rates.false_alarms(prevalence, pictures)),
            misses=estimate(*rates.misses(prevalence, pictures)),
            holding=estimate(*rates.holding(prevalence, pictures)),
        )


class ScreenResult(Result):
    """What a rule makes of a table.

    Attributes:
        rule: The rule.
        holding: Pictures for which it holds.
        others: Pictures for which it does not.
        without_scores: Pictures that could not be read when they were tagged.
        expected: How often it is expected to be wrong; null where it was not asked, or nothing
            tells.
        not_scored: Why nothing tells; empty where it was not asked.
        passed_over: Pictures that have no place to go.
        carried: What was done; null where nothing was to be.
    """

    SCHEMA: ClassVar[str] = "edgetag.screened/1.0"
    rule: str
    holding: int
    others: int
    without_scores: int
    expected: ExpectedErrors | None = None
    not_scored: str = ""
    passed_over: Left = ()
    carried: Carried | None = None

    @classmethod
    def of(cls, tagged: Tagged, plan: Plan) -> Self:
        """Return what a plan is, before anything is done."""
        held = int((plan.holds & tagged.readable).sum())
        readable = int(tagged.readable.sum())
        return cls(
            rule=plan.rule.text.strip(),
            holding=held,
            others=readable - held,
            without_scores=len(tagged.paths) - readable,
            passed_over=plan.passed_over,
        )

    @property
    def readable(self) -> int:
        """Pictures that have scores."""
        return self.holding + self.others
