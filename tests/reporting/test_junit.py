"""JUnit XML: red exactly where the exit code is not 0, valid whatever names there are."""

from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from edgetag.judging.checks import Value, judge
from edgetag.recipe import parse_recipe
from edgetag.reporting import stage
from edgetag.reporting.findings import find
from edgetag.reporting.junit import write_junit
from edgetag.reporting.sources import Sources
from edgetag.validation.baseline import accept, compare
from edgetag.validation.result import Failure, Verdict
from tests.support.accelerators import RAN, nothing_ran
from tests.support.made_results import (
    NOT_LOADABLE,
    RECIPE,
    RECIPE_FILE,
    make_sources,
    make_verdict,
    scored,
)

SCHEMA = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, ("testsuite",)),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time"},
        ("properties", "testcase"),
    ),
    "properties": (set(), ("property",)),
    "property": ({"name", "value"}, ()),
    "testcase": ({"name", "classname", "time"}, ("failure", "error", "skipped")),
    "failure": ({"message", "type"}, ()),
    "error": ({"message", "type"}, ()),
    "skipped": ({"message", "type"}, ()),
}
"""Element → its attributes and children in their order, a part of Jenkins' junit-10.xsd."""


def written(verdict: Verdict, sources: Sources | None = None) -> bytes:
    """Return the XML of a verdict, perhaps with the benchmark that sources have."""
    recipe = parse_recipe(RECIPE, RECIPE_FILE)
    bench = sources.bench if sources else None
    alone = replace(make_sources(), recipe=recipe, verdict=verdict, exported=None, bench=bench)
    report = stage.join(alone, "summary.md", "junit.xml")
    return write_junit(verdict, report.budgets, verdict.versions, None)


def junit_of(verdict: Verdict, sources: Sources | None = None) -> Element:
    """Return the XML of a verdict after checking it against `SCHEMA`."""
    root = ElementTree.fromstring(written(verdict, sources))  # noqa: S314
    assert root.tag == "testsuites"
    check_schema(root)
    check_counts(root)
    return root


def check_schema(element: Element) -> None:
    attributes, children = SCHEMA[element.tag]
    assert set(element.attrib) == attributes
    order = [children.index(child.tag) for child in element]
    assert order == sorted(order)
    if element.tag == "testcase":
        assert len(element) <= 1
    for child in element:
        check_schema(child)


def check_counts(root: Element) -> None:
    for element in (root, *root.findall("testsuite")):
        assert int(element.attrib["tests"]) == len([*element.iter("testcase")])
        assert int(element.attrib["failures"]) == len([*element.iter("failure")])
        assert int(element.attrib["errors"]) == len([*element.iter("error")])
    for suite in root:
        assert int(suite.attrib["skipped"]) == len([*suite.iter("skipped")])


def case(root: Element, suite: str, name: str) -> Element:
    (found,) = (
        case
        for found in root
        if found.attrib["name"] == suite
        for case in found.iter("testcase")
        if case.attrib["name"] == name
    )
    return found


def outcome(case: Element) -> tuple[str, str] | None:
    return (case[0].tag, case[0].attrib["type"]) if len(case) else None


def red(root: Element) -> bool:
    return int(root.attrib["failures"]) + int(root.attrib["errors"]) > 0


def test_there_is_a_suite_per_variant_and_runtime_and_a_case_per_tag_and_budget(
    sources: Sources,
) -> None:
    root = junit_of(sources.verdict)
    assert [suite.attrib["name"] for suite in root] == [
        "fp32 on litert",
        "fp32 on tflite-runtime",
        "dynamic on litert",
        "int8 on litert",
        "int8 on tflite-runtime",
        "dynamic on tflite-runtime",
    ]
    names = [found.attrib["name"] for found in root[3].iter("testcase")]
    assert names == [
        "budget max_map_drop",
        "budget max_size_ratio",
        "tag cat",
        "tag dog|wolf",
        "tag [bold]food",
        "losses that decide nothing",
    ]


@pytest.mark.parametrize("drop", [0.004, 0.008, 0.0213])
@pytest.mark.parametrize("half_width", [0.01, 0.05])
def test_it_is_red_exactly_where_the_verdict_is_not_pass(drop: float, half_width: float) -> None:
    verdict = make_sources(int8_drop=drop, tag_half_width=half_width).verdict
    assert red(junit_of(verdict)) == (verdict.verdict != "pass")


def test_a_broken_budget_is_a_failure_that_says_by_how_much() -> None:
    root = junit_of(make_sources(int8_drop=0.0213).verdict)
    found = case(root, "int8 on litert", "budget max_map_drop")
    assert outcome(found) == ("failure", "fail")
    assert found[0].text == "fail: max_map_drop is 2.13 points [1.63, 2.63], limit 1.00 points"


def test_an_undecided_tag_is_a_failure_of_its_own_type_that_says_what_would_decide() -> None:
    root = junit_of(make_sources(tag_half_width=0.05).verdict)
    found = case(root, "int8 on litert", "tag cat")
    assert outcome(found) == ("failure", "undecided")
    assert (
        "340 more positives of cat would decide, as it looks that it is kept (p = 0.25 by Holm)"
        in str(found[0].text)
    )


def test_a_margin_for_an_unscored_tag_by_name_is_red_and_says_why() -> None:
    entry = scored("int8", "litert", "test", 0.004)
    check = judge("max_ap_drop", 0.05, Value(None))
    food = entry.tags[2].replace(checks=(check,), verdict=check.verdict)
    entry = entry.replace(tags=(*entry.tags[:2], food), verdict="undecided")
    root = junit_of(make_verdict((entry,)))
    open_tag = case(root, "int8 on litert", "tag [bold]food")
    assert outcome(open_tag) == ("failure", "undecided")
    assert open_tag[0].text == (
        "undecided: max_ap_drop is not measured, limit 5.00 points; the tag is not scored: too few "
        "images with it, or none without; add labelled images"
    )


def test_tags_that_are_not_scored_or_not_judged_are_skipped_with_the_reason() -> None:
    entry = scored("int8", "litert", "test", 0.004)
    unjudged = entry.tags[0].replace(checks=(), verdict="not judged")
    entry = entry.replace(tags=(unjudged, *entry.tags[1:]))
    root = junit_of(make_verdict((entry,)))
    assert outcome(case(root, "int8 on litert", "tag cat")) == ("skipped", "not judged")
    skipped = case(root, "int8 on litert", "tag [bold]food")
    assert outcome(skipped) == ("skipped", "not scored")
    assert skipped[0].attrib["message"] == "not scored: 3 positives and 90 negatives"


def test_a_suite_says_what_ran_its_file_or_why_nothing_did(sources: Sources) -> None:
    first, *others = sources.verdict.variants
    failed = NOT_LOADABLE.replace(accelerator=nothing_ran("a newer operator"))
    ran = first.replace(accelerator=RAN)
    changes = {"variants": (ran, *others), "failures": (failed,)}
    root = junit_of(sources.verdict.replace(**changes))

    def said(suite: Element) -> str | None:
        properties = {each.attrib["name"]: each.attrib["value"] for each in suite.iter("property")}
        return properties.get(f"accelerator of {suite.attrib['name'].partition(' on ')[2]}")

    assert said(root[0]) == "cpu"
    assert said(root[1]) is None, "an older verdict does not tell"
    assert said(root[5]) == "cpu was asked for, nothing ran: a newer operator"


def test_a_variant_that_no_runtime_ran_is_an_error_that_says_why() -> None:
    verdict = make_verdict(
        (scored("fp32", "litert", "test", 0.0),), (NOT_LOADABLE,), {"dynamic": "fail"}
    )
    found = case(junit_of(verdict), "dynamic on tflite-runtime", "runs")
    assert outcome(found) == ("error", "not loadable")
    assert "builtin opcode" in found[0].attrib["message"]


def test_a_runtime_that_another_one_stands_in_for_is_skipped(sources: Sources) -> None:
    root = junit_of(sources.verdict)
    assert outcome(case(root, "dynamic on tflite-runtime", "runs")) == ("skipped", "not loadable")
    assert not red(root)


def test_a_runtime_that_a_file_breaks_is_an_error_though_another_one_ran_it() -> None:
    crashed = NOT_LOADABLE.replace(variant="int8", kind="crashed")
    entries = (scored("fp32", "litert", "test", 0.0), scored("int8", "litert", "test", 0.0))
    verdict = make_verdict(entries, (crashed,), {"int8": "fail"})
    root = junit_of(verdict)
    assert outcome(case(root, "int8 on tflite-runtime", "runs")) == ("error", "crashed")
    assert red(root)
    (told,) = [finding for finding in find(verdict) if finding.level == "fail"]
    assert told.where == "int8 on tflite-runtime"
    assert told.text.startswith("did not run in validate: crashed: ")


def test_a_variant_whose_runtimes_are_all_missing_here_is_undecided() -> None:
    missing = Failure(
        variant="int8", runtime="litert", runtime_version=None, kind="unavailable", reason="none"
    )
    verdict = make_verdict(
        (scored("fp32", "litert", "test", 0.0),), (missing,), {"int8": "undecided"}
    )
    found = case(junit_of(verdict), "int8 on litert", "runs")
    assert outcome(found) == ("failure", "undecided")


def test_a_variant_without_a_scored_tag_is_undecided() -> None:
    entry = scored("fp32", "litert", "test", 0.0)
    entry = entry.replace(tags=entry.tags[2:], n_scored_tags=0, verdict="undecided")
    root = junit_of(make_verdict((entry,)))
    assert outcome(case(root, "fp32 on litert", "scored tags")) == ("failure", "undecided")


def test_a_file_whose_accuracy_nothing_limits_is_red() -> None:
    entry = scored("int8", "litert", "test", 0.0)
    tags = tuple(tag.replace(checks=()) for tag in entry.tags)
    for budgets, expected in ((entry.budgets, None), (entry.budgets[1:], "not judged")):
        verdict = make_verdict((entry.replace(tags=tags, budgets=budgets),))
        root = junit_of(verdict)
        assert red(root) == (expected is not None)
        if expected:
            found = case(root, "int8 on litert", "limit on accuracy")
            assert outcome(found) == ("failure", expected)
            assert "[budgets.int8] or [budgets.default]" in found[0].attrib["message"]


def test_what_is_worse_than_accepted_is_a_failure() -> None:
    verdict = make_sources(int8_drop=0.004).verdict
    for former, expected in ((0.0, ("failure", "fail")), (0.004, None)):
        baseline = accept(make_sources(int8_drop=former).verdict, None, "r")
        compared = compare(verdict, baseline, "baseline.json", 0.002, 0.01, 0.1)
        root = junit_of(verdict.replace(baseline=compared))
        assert outcome(case(root, "baseline", "accepted state")) == expected


def test_budgets_of_the_benchmark_are_cases_too() -> None:
    sources = make_sources(latency_ratio=0.71)
    root = junit_of(sources.verdict, sources)
    found = case(root, "benchmark of int8 on litert, 1 thread", "budget max_latency_ratio")
    assert outcome(found) == ("failure", "fail")


def test_the_same_verdict_gives_the_same_bytes(sources: Sources) -> None:
    assert written(sources.verdict) == written(sources.verdict)


@pytest.mark.parametrize(
    "name", ['<a href="x">&amp;', "]]>", "a\x00b\x1b[31m\ud800", "ᚠ😀", "line\nbreak\r\ttab"]
)
def test_hostile_names_give_valid_xml_that_says_the_same(name: str) -> None:
    entry = scored("int8", "litert", "test", 0.0213, 0.05)
    tag = entry.tags[0].replace(tag=name)
    verdict = make_verdict((entry.replace(tags=(tag,), device=name),))
    root = ElementTree.fromstring(write_junit(verdict, (), {name: name}))  # noqa: S314
    check_schema(root)
    expected = name.replace("\x00", "�").replace("\x1b", "�").replace("\ud800", "�")
    assert f"tag {expected}" in {found.attrib["name"] for found in root.iter("testcase")}
