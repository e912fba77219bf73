"""What an earlier benchmark says of the files of now."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgetag.recipe import parse_recipe
from tests.support.made_results import RECIPE, RECIPE_FILE, make_sources
from tests.support.written_reports import report_on

pytestmark = pytest.mark.slow


def test_figures_of_a_former_file_stand_beside_no_other_one(tmp_path: Path) -> None:
    sources = make_sources(latency_ratio=0.9)  # too slow, as the file was
    assert sources.exported is not None
    again = tuple(
        file.model_copy(update={"sha256": "ee" * 32}) if file.variant == "int8" else file
        for file in sources.exported.variants
    )
    exported = sources.exported.model_copy(update={"variants": again})
    result, text = report_on(replace(sources, exported=exported), tmp_path)
    timed = {row.variant for row in result.variants if row.speed}
    assert timed == {"fp32", "dynamic"}
    assert result.verdict == "pass"
    assert "int8: max_latency_ratio not judged: there is no benchmark of this file" in text


def test_a_benchmark_is_held_to_the_limits_of_now(tmp_path: Path) -> None:
    sources = make_sources(latency_ratio=0.5)
    assert report_on(sources, tmp_path / "before")[0].verdict == "pass"
    strict = RECIPE.replace("max_latency_ratio = 0.6", "max_latency_ratio = 0.4")
    result, text = report_on(
        replace(sources, recipe=parse_recipe(strict, RECIPE_FILE)), tmp_path / "now"
    )
    assert result.verdict == "fail"
    assert "max_latency_ratio is 0.500 [0.500, 0.500], limit 0.400" in text


def test_where_every_file_is_another_one_there_is_no_benchmark(tmp_path: Path) -> None:
    sources = make_sources()
    assert sources.exported is not None
    again = tuple(
        file.model_copy(update={"sha256": "ee" * 32}) for file in sources.exported.variants
    )
    exported = sources.exported.model_copy(update={"variants": again})
    _, text = report_on(replace(sources, exported=exported), tmp_path)
    assert "There is no benchmark, so speed and memory are not shown." in text
