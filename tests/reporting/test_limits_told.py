"""A limit is told in the words and the unit of the one table, and by no list of a report's own."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import cast

import pytest

from edgetag.judging.checks import Value, judge
from edgetag.recipe import LIMITS, Limit
from tests.support.made_results import scored
from tests.support.written_reports import shown, write

WONDER = Limit("wonder of the beholder", "ms", "cap", "latency", key="max_wonder")


def test_a_limit_that_is_new_to_the_table_is_told_by_every_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(cast("MutableMapping[str, Limit]", LIMITS), WONDER.key, WONDER)
    broken = judge(WONDER.key, 5.0, Value(7.0, (6.5, 7.5)))
    entry = scored("int8", "litert", "test", 0.004)
    found = write((entry.replace(budgets=(broken,), verdict="fail"),), tmp_path)
    sentence = "max_wonder is 7.00 ms [6.50, 7.50], limit 5.00 ms"
    assert sentence in found.summary.split("\n## ")[0]
    assert f"fail: {sentence}" in [case.text for case in found.junit.iter("failure")]
    assert any(sentence in command for command in found.commands)
    assert "7.00 ms [6.50, 7.50]" in shown(found.report)
    assert (
        "wonder of the beholder is 7.00 ms [6.50, 7.50] on litert; the limit is at most 5.00 ms."
        in found.page
    )


@pytest.mark.parametrize("limit", LIMITS.values(), ids=[*LIMITS])
def test_every_report_writes_a_limit_in_the_same_words(limit: Limit, tmp_path: Path) -> None:
    broken = judge(limit.key, 0.5, Value(0.00001, (-0.00001, 0.00002), doubt="no clock"))
    entry = scored("int8", "litert", "test", 0.004)
    found = write((entry.replace(budgets=(broken,), verdict="undecided"),), tmp_path)
    (finding,) = [one for one in found.report.findings if one.text.startswith(f"{limit.key} is ")]
    number = finding.text.removeprefix(f"{limit.key} is ").split(", limit ")[0]
    assert "−0.00 " not in f"{number} ".replace("]", " ").replace(",", " ")
    assert number in found.page
    assert number in shown(found.report)
    assert f"{limit.words} is {number}" in found.page
