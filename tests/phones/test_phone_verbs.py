"""Phones as a person or a script meets them: `edgetag phone list`, `edgetag phone bench`."""

import json

import pytest
from typer.testing import CliRunner, Result

from edgetag.cli.app import app
from edgetag.phones.leaderboard import rows_of
from edgetag.phones.result import PhonesResult
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace
from tests.phones.street import OUTPUTS, Street, thermal
from tests.support.commands import refusal_of
from tests.support.made_phones import make_phones


@pytest.fixture
def workspace(run_folder: tuple[Recipe, Workspace]) -> Workspace:
    return run_folder[1]


def edgetag(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def phone(*arguments: object) -> Result:
    return edgetag("phone", *arguments)


def bench(street: Street, workspace: Workspace, *more: object) -> Result:
    recipe = workspace.root.parent / "recipe.toml"
    tool = ("--benchmark-model", street.tool)
    return phone("bench", recipe, "--out", workspace.root, *tool, *more)


def write_phones_section(workspace: Workspace, **keys: object) -> None:
    """Write into the recipe how phones are to measure."""
    lines = [f"{key} = {value}" for key, value in keys.items()]
    recipe = workspace.root.parent / "recipe.toml"
    recipe.write_text("\n".join([recipe.read_text(), "[phones]", *lines, ""]))


def test_list_shows_serials_to_choose_from_and_what_to_do(street: Street) -> None:
    street.phone("A1")
    street.phone("B2").describe("unauthorized")
    told = phone("list")
    assert told.exit_code == 0
    assert "Pixel 8, Google Tensor G3, Android 15" in told.stdout
    assert "accept the dialog" in told.stdout
    found = json.loads(phone("list", "--json").stdout)["phones"]
    assert [(p["serial"], p["ready"]) for p in found] == [("A1", True), ("B2", False)]


def test_list_without_a_usable_phone_ends_in_2(street: Street) -> None:
    nobody = phone("list")
    assert "adb sees no phone" in refusal_of(nobody)
    street.phone().describe("offline")
    assert phone("list").exit_code == 2


@pytest.mark.slow
def test_bench_tells_a_person_and_a_program_the_same(street: Street, workspace: Workspace) -> None:
    street.phone()
    told = bench(street, workspace, "--profile")
    assert told.exit_code == 0, told.output
    row = next(line for line in told.stdout.splitlines() if " int8 " in line)
    assert {"2.94", "2.78", "3.17", "1011"} <= set(row.split())  # three rounds of 337
    assert "XNNPACK 62/64" in told.stdout
    assert "QUANTIZE" in told.stdout
    done = bench(street, workspace, "--json")
    values = json.loads(done.stdout)
    averages = [entry["latency_ms"]["avg"] for entry in values["results"]]
    assert averages == pytest.approx([2.94227, 2.94227])
    assert values == json.loads((workspace.bench / "phones.json").read_text())


@pytest.mark.slow
def test_the_recipe_says_how_phones_measure(street: Street, workspace: Workspace) -> None:
    phone = street.phone()
    write_phones_section(workspace, rounds=2, images=3, runs=10)
    done = bench(street, workspace, "--app", "dev.edgetag.demo", "--variant", "int8")
    assert done.exit_code == 0, done.output
    assert "over 2 rounds" in done.stdout
    assert "Latency in the app" in done.stdout
    assert "LiteRT 2.3.0, CPU" in done.stdout
    assert len(phone.runs) == 2
    kept = json.loads((workspace.bench / "phones.json").read_text())
    assert (kept["rounds"], kept["runs"], kept["min_s"], kept["max_s"]) == (2, 10, 1.0, 150.0)
    assert [entry["images"] for entry in kept["scores"]] == [3]


@pytest.mark.slow
def test_an_app_is_measured_on_an_npu_and_benchmark_model_is_not(
    street: Street, workspace: Workspace
) -> None:
    street.phone()
    options = ("--app", "dev.edgetag.demo", "--variant", "int8", "--delegate", "npu")
    refused = bench(street, workspace, *options)
    assert "benchmark_model is not asked for NPUs" in refusal_of(refused)
    recipe = workspace.root.parent / "recipe.toml"
    measured = phone("bench", recipe, "--out", workspace.root, *options)
    assert measured.exit_code == 0, measured.output
    assert "LiteRT 2.3.0, NPU" in measured.stdout
    checked = phone("check", recipe, "--out", workspace.root, *options)
    assert checked.exit_code == 0, checked.output


@pytest.mark.slow
def test_a_delegate_that_takes_less_than_was_asked_for_ends_in_2(
    street: Street, workspace: Workspace
) -> None:
    street.phone().benchmark(OUTPUTS / "2021_profile.txt")
    options = ("--delegate", "gpu", "--variant", "int8")
    kept = bench(street, workspace, *options)
    assert kept.exit_code == 0, kept.output
    assert "97 %" in kept.stdout
    write_phones_section(workspace, min_delegated=0.99)
    told = bench(street, workspace, *options, "--json")
    assert told.exit_code == 2
    assert "at least 99% are wanted" in json.loads(told.stdout)["failures"][0]["reason"]


LEADERBOARD = """row_id model file task model_size_mb platform device_id device os accelerator
delegate nodes_delegated nodes_total partitions latency_ms memory_mb runs warmup_runs
throughput_mb_s source runtime runtime_version binary runner session job status date""".split()
"""Keys of litert-samples, benchmark/leaderboard/data/measurements.jsonl, September 2026."""
NOTHING = dict.fromkeys(
    ("benchmark_model_sha256", "warmup_runs", "runs", "min_s", "max_s"), None
) | {"measured_at": "2026-11-27", "versions": {}, "phones": (), "results": ()}
LATENCY = "median avg p5 p95 min max stddev init first_inference warm_up_avg".split()


@pytest.mark.slow
def test_figures_are_exported_as_rows_of_the_public_leaderboard(
    street: Street, workspace: Workspace
) -> None:
    street.phone()
    asked = bench(street, workspace, "--app", "dev.edgetag.demo", "--variant", "int8", "--json")
    (measured,) = json.loads(asked.stdout)["results"]
    table = workspace.root / "rows.jsonl"
    recipe = (workspace.root.parent / "recipe.toml", "--out", workspace.root)
    done = phone("export", *recipe, table, "--runtime-version", "2.3.0", "--model", "me/it")
    assert done.exit_code == 0, done.output
    (row,) = map(json.loads, table.read_text().splitlines())
    assert list(row) == [*LEADERBOARD, "edgetag"]
    assert list(row["latency_ms"]) == LATENCY
    assert row["row_id"] == "me/it:int8.tflite@2.3.0/android/shiba-35/cpu"
    assert (row["device"], row["os"]) == ("Pixel 8", "Android 15 (API 35)")
    assert row["latency_ms"]["median"] == measured["latency_ms"]["p50"]
    assert (row["delegate"], row["nodes_delegated"], row["nodes_total"]) == ("XNNPACK", 62, 64)
    assert row["edgetag"]["sha256"] == measured["sha256"]
    assert row["edgetag"]["pictures"] == 24


@pytest.mark.slow
def test_rows_of_phones_of_one_kind_and_of_several_threads_have_names_of_their_own(
    street: Street, workspace: Workspace
) -> None:
    for serial in ("A1", "B2"):
        street.phone(serial)
    asked = bench(street, workspace, "--variant", "int8", "--json")
    measured = PhonesResult.from_json(asked.stdout, "stdout")
    assert len(measured.results) == 2
    on_more = [each.replace(threads=each.threads + 3) for each in measured.results]
    rows = rows_of(measured.replace(results=(*measured.results, *on_more)), "m", "2")
    assert len({row.row_id for row in rows}) == 4
    assert rows[0].row_id == "m:int8.tflite@2/android/shiba-35/cpu"


def test_nothing_is_exported_where_nothing_was_timed(street: Street, workspace: Workspace) -> None:
    PhonesResult(**NOTHING).write(workspace.bench / "phones.json")
    recipe = (workspace.root.parent / "recipe.toml", "--out", workspace.root)
    done = phone("export", *recipe, workspace.root / "x.jsonl", "--runtime-version", "2.3.0")
    assert "nothing was measured by benchmark_model" in str(done.exception)
    assert not (workspace.root / "x.jsonl").exists()


def test_figures_of_files_that_are_others_now_are_not_exported(workspace: Workspace) -> None:
    make_phones("f" * 64).write(workspace.bench / "phones.json")
    recipe = (workspace.root.parent / "recipe.toml", "--out", workspace.root)
    done = phone("export", *recipe, workspace.root / "x.jsonl", "--runtime-version", "2.3.0")
    assert "nothing was measured by benchmark_model" in str(done.exception)


@pytest.mark.parametrize("by_runner", [False, True])
def test_a_row_has_the_accuracy_of_the_processor_that_was_timed_alone(by_runner: bool) -> None:
    phones = make_phones("a" * 64)  # timed and scored on the GPU
    if by_runner:
        runner = {"runner_sha256": "b" * 64, "engine": None, "asked_for": "gpu"}
        phones = phones.replace(scores=tuple(each.replace(**runner) for each in phones.scores))
    (on_cpu,) = (timed.replace(requested="cpu") for timed in phones.results)
    rows = rows_of(phones.replace(results=(*phones.results, on_cpu)), "m", "2")
    assert [(row.edgetag.map, row.edgetag.pictures) for row in rows] == [(0.75, 98), (None, 0)]


def test_a_row_has_the_day_on_which_it_was_measured() -> None:
    phones = make_phones("a" * 64)
    (timed,) = phones.results
    earlier = timed.replace(threads=4, measured_at="2026-11-01T04:00:00+00:00")
    rows = rows_of(phones.replace(results=(timed, earlier)), "m", "2")
    assert [row.date for row in rows] == ["2026-11-22", "2026-11-01"]
    assert [row.session for row in rows] == [
        "edgetag-2026-11-22T04:00:00+00:00",
        "edgetag-2026-11-01T04:00:00+00:00",
    ]


@pytest.mark.slow
def test_one_phone_is_picked_by_its_serial(street: Street, workspace: Workspace) -> None:
    for serial in ("A1", "B2"):
        street.phone(serial)
    done = bench(street, workspace, "--serial", "B2", "--variant", "int8", "--json")
    assert len(json.loads(done.stdout)["results"]) == 1
    assert {line[0] for line in street.log} == {"B2"}


@pytest.mark.slow
def test_failures_are_shown_and_end_in_2_with_the_rest_kept(
    street: Street, workspace: Workspace
) -> None:
    street.phone("A1")
    street.phone("B2").describe(kind="unplugged", verb="shell", containing="--graph")
    told = bench(street, workspace)
    assert told.exit_code == 2
    assert "Latency on phones" in told.stdout
    assert "check the cable" in told.stdout
    kept = json.loads((workspace.bench / "phones.json").read_text())
    assert (len(kept["results"]), len(kept["failures"])) == (2, 1)


@pytest.mark.slow
def test_a_throttled_phone_is_shown_as_one_to_doubt(street: Street, workspace: Workspace) -> None:
    street.phone("A1").answer("thermalservice", thermal(3, 66))
    told = bench(street, workspace)
    assert told.exit_code == 0
    assert "3 (66 °C) → 3 (66 °C)" in told.stdout
    assert "Figures to doubt" in told.stdout
    assert "throttled: its thermal status" in told.stdout


@pytest.mark.slow
def test_a_fallback_is_a_failure_of_the_verb(street: Street, workspace: Workspace) -> None:
    street.phone().benchmark(OUTPUTS / "gpu_not_executed.txt")
    told = bench(street, workspace, "--delegate", "gpu")
    assert told.exit_code == 2
    assert "fell back to the CPU" in told.stdout


@pytest.mark.slow
def test_hostile_answers_do_not_reach_the_terminal(street: Street, workspace: Workspace) -> None:
    device = street.phone()
    device.answer("getprop", "[ro.product.model]: [\x1b[2J\x1b]0;owned\x07[bold]red]\n")
    device.benchmark("ERROR: \x1b[2J::error::\x07[red]boo\n", 1)
    told = bench(street, workspace)
    assert told.exit_code == 2
    assert "[bold]red" in told.stdout
    assert all(c.isprintable() or c == "\n" for c in told.stdout)


def test_no_adb_and_no_phone_are_one_line(
    street: Street, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = bench(street, workspace)
    assert "adb sees no phone" in refusal_of(nobody)
    monkeypatch.setenv("PATH", "/nowhere")
    nothing = bench(street, workspace)
    assert "adb is not on the PATH" in str(nothing.exception)


def test_scores_alone_are_asked_of_an_app_or_a_program(
    street: Street, workspace: Workspace
) -> None:
    street.phone()
    recipe = workspace.root.parent / "recipe.toml"
    neither = phone("check", recipe, "--out", workspace.root)
    assert refusal_of(neither).startswith("give --app, the demo app")
    told = phone("bench", recipe, "--out", workspace.root)
    assert str(told.exception).startswith("give --benchmark-model")


def test_nothing_is_measured_where_what_is_known_cannot_be_read(
    street: Street, workspace: Workspace
) -> None:
    phone, kept = street.phone(), workspace.bench / "phones.json"
    newer = PhonesResult(**NOTHING).to_json().replace(PhonesResult.SCHEMA, "edgetag.phones/9.0")
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(newer)
    assert "edgetag.phones/9.0" in refusal_of(bench(street, workspace))
    assert kept.read_text() == newer
    assert not phone.runs
