"""Every record that names an engine says what it was asked for, and what ran."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import edgetag
from edgetag.recipe.base import Section
from edgetag.records import Record

SOURCES = Path(edgetag.__file__).parent

NAMES = ("engine", "runtime", "timed_runtime")
"""What fields are called that name an engine."""

ANSWERS = ("accelerator", "before_accelerator", "after_accelerator", "timed_accelerator")
"""What fields are called that say what ran."""

SAID_ELSEWHERE = {
    "benchmarking.result.Conditions": "the machine's, around figures that say it",
    "bundling.contents.Expected": "apps refuse other keys; its family is one of the CPU's kernels",
    "bundling.result.JudgedLimit": "a limit; the bundle's verdict says what it was judged by",
    "phones.leaderboard.Row": "a row of another project, in its words",
    "phones.answer.AppScores": "its engine is a record, which says it",
    "phones.figures.AppMeasurement": "likewise",
    "phones.figures.PhoneScores": "likewise",
    "phones.elsewhere.MeasuredElsewhere": "figures of others, who say it in their own words",
    "reporting.result.BudgetRow": "a limit; the rows of variants say what it was judged by",
    "reporting.result.Place": "likewise",
    "reporting.result.ReportResult": "says which rows of the variants are shown first",
    "study.result.VariantsStudy": "its rows say it",
    "validation.baseline_result.BaselineChange": "of two figures; verdict and baseline say it",
    "validation.details.VariantDetails": "the verdict beside it says it",
}
"""Records that name an engine to say which other record they belong to."""


def records(kind: type[Record] = Record) -> Iterator[type[Record]]:
    for each in kind.__subclasses__():
        yield each
        yield from records(each)


@pytest.mark.slow
def test_what_ran_is_said_wherever_an_engine_is_named() -> None:
    for path in SOURCES.rglob("*.py"):
        if re.search(r"^class \w+\([\w, ]*(Record|Result)\b", path.read_text(), re.MULTILINE):
            parts = path.relative_to(SOURCES.parent).with_suffix("").parts
            import_module(".".join(parts))
    silent = set()
    for each in records():
        package, _, name = f"{each.__module__}.{each.__name__}".partition(".")
        fields = each.model_fields
        if package != "edgetag" or all(key not in fields for key in NAMES):
            continue
        if issubclass(each, Section):  # a recipe says what is wanted, not what ran
            continue
        # Files of older schemas lack the key, and are read.
        if all(key not in fields or fields[key].is_required() for key in ANSWERS):
            silent.add(name)
    assert silent == set(SAID_ELSEWHERE)
