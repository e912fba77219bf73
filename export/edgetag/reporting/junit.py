"""`report/junit.xml`: the verdict as CI systems show test results.

A suite is a variant on a runtime over the deciding split; a case is a tag, or a budget over all
tags. What a CI system shows in red is what makes the exit code differ from 0, and nothing else:

- a broken budget is a failure of type `fail`;
- an undecided one is a failure of type `undecided`, because CI systems show a skipped case in
  green and the exit code is 3;
- a variant that no runtime ran is an error, whose type says what happened;
- a runtime that did not run what another one decides is skipped, with the reason; so are tags that
  are not scored or not judged.

The elements and attributes are those of the Jenkins schema (junit-10.xsd), which GitLab and others
read too. There is no time of day in it: the same verdict gives the same bytes.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from edgetag.reporting.losses import loss_findings
from edgetag.reporting.result import BudgetRow, Finding
from edgetag.reporting.targets import describe_difference
from edgetag.reporting.wording import describe_changes, describe_check, describe_not_judged
from edgetag.tables.formats import counted
from edgetag.targets.result import TargetCheck, TargetsResult
from edgetag.validation.baseline import breaks
from edgetag.validation.baseline_result import BaselineComparison
from edgetag.validation.result import Failure, TagVerdict, VariantVerdict, Verdict

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


class _Outcome(NamedTuple):
    """How a case ended: element name, its type and message. None of them for a kept budget."""

    element: str
    kind: str
    message: str


def write_junit(
    verdict: Verdict,
    budgets: Iterable[BudgetRow],
    versions: Mapping[str, str],
    targets: TargetsResult | None = None,
) -> bytes:
    """Return the verdict, the budgets of later stages, and other machines, as UTF-8 JUnit XML."""
    report = _Report(verdict, versions)
    losses = list(loss_findings(verdict))
    for entry in verdict.variants:
        if entry.decides:
            report.add_scored(entry, losses)
    for failure in verdict.failures:
        report.add_failed(failure)
    report.add_later(budgets)
    if targets:
        report.add_targets(targets)
    if verdict.baseline:
        report.add_baseline(verdict.baseline)
    _count(report.root)
    indent(report.root)
    return bytes(tostring(report.root, encoding="utf-8", xml_declaration=True)) + b"\n"


class _Report:
    """The suites of one verdict."""

    def __init__(self, verdict: Verdict, versions: Mapping[str, str]) -> None:
        self.root = Element("testsuites", name=_clean(f"edgetag {verdict.recipe}"))
        self._verdict = verdict
        self._versions = versions

    def add_scored(self, entry: VariantVerdict, losses: Iterable[Finding]) -> None:
        facts = {
            f"runtime {entry.runtime}": entry.runtime_version,
            **_accelerators([entry]),
            "device": entry.device,
            "model sha256": entry.sha256,
            "split": entry.split,
            "images": str(entry.n_images),
            "recipe": self._verdict.recipe,
        }
        name = f"{entry.variant} on {entry.runtime}"
        suite = self._suite(name, facts)
        classname = self._classname(entry.variant, entry.runtime)
        for check in entry.budgets:
            outcome = _of_checks([BudgetRow.of(entry, check)])
            _case(suite, classname, f"budget {check.budget}", outcome)
        if entry.n_scored_tags == 0:
            message = f"no tag has {counted(self._verdict.min_positives, 'positive')}"
            _case(suite, classname, "scored tags", _Outcome("failure", "undecided", message))
        elif not entry.limits_accuracy:
            # A failure, not a skipped case: CI systems show those as green, and this is not
            # accepted.
            message = describe_not_judged(entry.variant, [entry])
            _case(suite, classname, "limit on accuracy", _Outcome("failure", "not judged", message))
        for tag in entry.tags:
            _case(suite, classname, f"tag {tag.tag}", _of_tag(entry, tag))
        _case(suite, classname, "losses that decide nothing", _of_losses(name, losses))
        self._pass_over(suite, entry.variant)

    def add_failed(self, failure: Failure) -> None:
        facts = {
            f"runtime {failure.runtime}": failure.runtime_version or "not installed",
            **_accelerators([failure]),
        }
        suite = self._suite(f"{failure.variant} on {failure.runtime}", facts)
        message = f"{failure.kind}: {failure.reason}"
        entries = self._verdict.variants
        is_scored = any(entry.decides and entry.variant == failure.variant for entry in entries)
        if is_scored and not failure.decides:
            outcome = _Outcome("skipped", failure.kind, f"{message}; another runtime decides")
        elif self._verdict.decisions.get(failure.variant) == "undecided":
            outcome = _Outcome("failure", "undecided", message)
        else:
            outcome = _Outcome("error", failure.kind, message)
        _case(suite, self._classname(failure.variant, failure.runtime), "runs", outcome)
        self._pass_over(suite, failure.variant)

    def add_later(self, budgets: Iterable[BudgetRow]) -> None:
        """Add the budgets that the benchmark and the counts judge."""
        names = {"bench": "benchmark", "targets": "instructions"}
        rows = [row for row in budgets if row.stage in names]
        places = dict.fromkeys((row.variant, row.runtime, names[row.stage]) for row in rows)
        for variant, runtime, name in places:
            suite = self._suite(f"{name} of {variant} on {runtime}", {})
            for row in rows:
                if (row.variant, row.runtime) == (variant, runtime):
                    classname = self._classname(variant, name)
                    _case(suite, classname, f"budget {row.budget}", _of_checks([row]))
            self._pass_over(suite, variant)

    def add_targets(self, targets: TargetsResult) -> None:
        """Add a suite per machine and processor, with a case per file and runtime."""
        for target, cpu in dict.fromkeys((check.target, check.cpu) for check in targets.checks):
            checks = [row for row in targets.checks if (row.target, row.cpu) == (target, cpu)]
            name = f"scores on {target}" + (f", {cpu}" if cpu else "")
            facts = {f"runtime {row.engine}": row.runtime_version for row in checks}
            facts |= _accelerators(
                row for row in checks if row.accelerator and row.accelerator.used is not None
            )
            facts |= {"machine": checks[0].program, "split": checks[0].split}
            suite = self._suite(name, facts)
            for check in checks:
                classname = self._classname(check.variant, target)
                case = f"{check.runtime} agrees with {check.host} here"
                outcome = _of_difference(check)
                if outcome and check.variant in self._verdict.passed_over:
                    outcome = outcome._replace(element="skipped")
                _case(suite, classname, case, outcome)

    def add_baseline(self, compared: BaselineComparison) -> None:
        facts = {
            "file": compared.file,
            "accepted at": compared.accepted_at,
            "reason": compared.reason,
            "same reference": str(compared.same_reference).lower(),
            "same scores": str(compared.same_scores).lower(),
        }
        lines = [
            f"{change.variant} on {change.runtime}: {describe_changes([change])}"
            for change in compared.changes
            if breaks(change, compared, self._verdict)
        ]
        outcome = _Outcome("failure", "fail", "\n".join(lines)) if lines else None
        classname = f"{self._verdict.recipe}.baseline"
        _case(self._suite("baseline", facts), classname, "accepted state", outcome)

    def _suite(self, name: str, facts: Mapping[str, str]) -> Element:
        suite = SubElement(self.root, "testsuite", name=_clean(name))
        properties = SubElement(suite, "properties")
        for key, value in (*facts.items(), *sorted(self._versions.items())):
            SubElement(properties, "property", name=_clean(key), value=_clean(value))
        return suite

    def _classname(self, variant: str, runtime: str) -> str:
        """Return what CI systems group cases by; they split it at the dots."""
        parts = (self._verdict.recipe, variant, runtime)
        return ".".join(part.replace(".", "_") for part in parts)

    def _pass_over(self, suite: Element, variant: str) -> None:
        """Skip what a file breaks that decides nothing, since another stands in for it."""
        if variant in self._verdict.passed_over:
            for element in suite.iterfind("testcase/*"):
                element.tag = "skipped"


def _accelerators(rows: Iterable[VariantVerdict | Failure | TargetCheck]) -> dict[str, str]:
    """Return what ran, by runtime; nothing of rows that do not tell."""
    return {
        f"accelerator of {row.engine if isinstance(row, TargetCheck) else row.runtime}": (
            row.accelerator.sentence
        )
        for row in rows
        if row.accelerator
    }


def _of_losses(place: str, losses: Iterable[Finding]) -> _Outcome | None:
    """Return what got worse without deciding: skipped, since a failure would mean refused."""
    texts = [loss.text for loss in losses if (loss.where, loss.level) == (place, "loss")]
    return _Outcome("skipped", "loss", "\n".join(texts)) if texts else None


def _of_tag(entry: VariantVerdict, tag: TagVerdict) -> _Outcome | None:
    if tag.verdict == "not scored":
        positives, negatives = tag.positives, tag.negatives
        counts = f"{counted(positives, 'positive')} and {counted(negatives, 'negative')}"
        message = f"not scored: {counts}"
        return _Outcome("skipped", "not scored", message)
    if tag.verdict == "not judged":
        return _Outcome("skipped", "not judged", "not judged: the recipe sets no margin for it")
    return _of_checks(BudgetRow.of(entry, check, tag.tag) for check in tag.checks)


def _of_checks(rows: Iterable[BudgetRow]) -> _Outcome | None:
    """Return how a case of these checks ended; None where all are kept."""
    missed = sorted(
        (row for row in rows if row.verdict != "pass"), key=lambda row: row.verdict != "fail"
    )
    if not missed:
        return None
    sentences = [f"{row.verdict}: {_with_chance(row)}" for row in missed]
    return _Outcome("failure", missed[0].verdict, "\n".join(sentences))


def _with_chance(row: BudgetRow) -> str:
    text = describe_check(row)
    return text if row.p_fail is None else f"{text} (p = {row.p_fail:.2g} by Holm)"


def _of_difference(check: TargetCheck) -> _Outcome | None:
    if check.agreement == "not compared":
        return _Outcome("skipped", check.agreement, check.reason)
    if check.acceptable:
        return None
    element = "error" if check.agreement == "fails there" else "failure"
    return _Outcome(element, check.agreement, describe_difference(check))


def _case(suite: Element, classname: str, name: str, outcome: _Outcome | None) -> None:
    case = SubElement(suite, "testcase", classname=_clean(classname), name=_clean(name), time="0")
    if outcome is None:
        return
    element = SubElement(case, outcome.element, message=_clean(outcome.message.split("\n")[0]))
    element.set("type", outcome.kind)
    element.text = _clean(outcome.message)


def _count(root: Element) -> None:
    """Fill in how many cases every suite and the whole file have, by outcome."""
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for suite in root:
        counts = {
            "tests": len(suite.findall("testcase")),
            "failures": len(suite.findall("testcase/failure")),
            "errors": len(suite.findall("testcase/error")),
            "skipped": len(suite.findall("testcase/skipped")),
        }
        for key, count in counts.items():
            suite.set(key, str(count))
            totals[key] += count
        suite.set("time", "0")
    for key in ("tests", "failures", "errors"):
        root.set(key, str(totals[key]))
    root.set("time", "0")


def _clean(text: str) -> str:
    """Return text that an XML file can hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
