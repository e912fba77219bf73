"""What `bench/phones.json` held before stays, unless it is measured anew."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.phones.listing import Listed
from edgetag.phones.reading import read
from edgetag.phones.settings import Options
from edgetag.phones.stage import run
from edgetag.phones.tables import phone_tables
from edgetag.tables.markdown import to_markdown
from tests.phones.measuring import SETTINGS, Run, bench
from tests.phones.street import Street
from tests.support.small_run import Lines

pytestmark = pytest.mark.slow

ROWS = Path(__file__).parent / "elsewhere" / "rows.jsonl"


def id_of(serial: str) -> str:
    return Listed(serial, "device", "").id


def test_scoring_leaves_figures_of_others_and_what_is_known_of_clocks(
    street: Street, run_folder: Run
) -> None:
    street.phone()
    measured = bench(street, run_folder, variants=("int8",))
    others = read(*run_folder, (ROWS,), ()).elsewhere
    scored = bench(
        street,
        run_folder,
        variants=("int8",),
        tool=None,
        app="dev.edgetag.demo",
        time_app=False,
        images=3,
    )
    assert scored.results == measured.results
    assert scored.elsewhere == others
    assert [phone.fixed_performance for phone in scored.phones] == [True]


def test_one_phone_measured_after_the_other_leaves_the_first_ones_figures(
    street: Street, run_folder: Run
) -> None:
    for serial in ("A1", "B2"):
        street.phone(serial)
    options: dict[str, Any] = {"tool": street.tool, "app": "dev.edgetag.demo", "images": 3}
    bench(street, run_folder, serial="A1", variants=("int8",), **options)
    bench(street, run_folder, serial="B2", variants=("int8",), **options)
    result = bench(street, run_folder, serial="B2", variants=("fp32",), **options)
    expected = [(id_of("A1"), "int8"), (id_of("B2"), "int8"), (id_of("B2"), "fp32")]
    for records in (result.results, result.apps, result.scores):
        assert [(record.phone, record.variant) for record in records] == expected
    again = bench(street, run_folder, serial="A1", variants=("int8",), **options)
    assert len(again.results) == len(again.apps) == len(again.scores) == 3


def test_each_figure_keeps_its_own_clocks(street: Street, run_folder: Run) -> None:
    street.phone()
    free = replace(SETTINGS, fixed_performance=False)
    in_app: dict[str, Any] = {"tool": None, "app": "dev.edgetag.demo", "images": 3}
    bench(street, run_folder, variants=("int8",))
    both = bench(street, run_folder, free, variants=("int8",), **in_app)
    assert [figure.fixed_performance for figure in both.results] == [True]
    assert [figure.fixed_performance for figure in both.apps] == [None]
    assert (both.held(both.results[0]), both.held(both.apps[0])) == (True, None)
    of_results, of_apps = (to_markdown(table) for table in phone_tables(both)[1:3])
    assert "held" in of_results
    assert "held" not in of_apps


def test_figures_of_before_have_the_clocks_that_their_phone_had(
    street: Street, run_folder: Run
) -> None:
    street.phone()
    measured = bench(street, run_folder, variants=("int8",))
    older = measured.replace(
        results=tuple(figure.replace(fixed_performance=None) for figure in measured.results)
    )
    older.write(run_folder[1].bench / "phones.json")
    free = replace(SETTINGS, fixed_performance=False)
    in_app: dict[str, Any] = {"tool": None, "app": "dev.edgetag.demo", "images": 3}
    both = bench(street, run_folder, free, variants=("int8",), **in_app)
    assert [figure.fixed_performance for figure in both.results] == [True]


@pytest.mark.parametrize(
    ("serial", "more"),
    [("B2", {"runs": 60}), ("A1", {"fixed_performance": False}), ("A1", {"cores": "f0"})],
)
def test_latencies_with_other_settings_are_left_out_in_words(
    street: Street, run_folder: Run, serial: str, more: dict[str, Any]
) -> None:
    for name in ("A1", "B2"):
        street.phone(name)
    bench(street, run_folder, serial="A1", variants=("int8",))
    lines = Lines()
    options = Options(replace(SETTINGS, **more), serial, tool=street.tool, variants=("fp32",))
    result = run(*run_folder, lines, options)
    assert [(one.phone, one.variant) for one in result.results] == [(id_of(serial), "fp32")]
    assert any("1 figure of before" in line for line in lines.lines)


def test_a_folder_for_a_phone_elsewhere_measures_as_the_recipe_says_of_phones(
    run_folder: Run, tmp_path: Path
) -> None:
    recipe, folder = tmp_path / "recipe.toml", tmp_path / "pack"
    text = "\n[phones]\nthreads = [3]\nruns = 7\nwarmup_runs = 2\n"
    recipe.write_text(recipe.read_text() + text)
    done = CliRunner().invoke(
        app, ["phone", "pack", str(recipe), str(folder), "--out", str(run_folder[1].root)]
    )
    assert done.exit_code == 0, done.output
    job = json.loads((folder / "int8.json").read_text())
    assert (job["threads"], job["warmup_runs"], job["runs"]) == (3, 2, 7)
