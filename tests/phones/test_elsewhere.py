"""Figures that others measured are read as they wrote them, and stand beside ours.

The files in `elsewhere/` were written by hand, with made-up figures, after those that others
published: `rows.jsonl` after benchmark/leaderboard/data/measurements.jsonl in google-ai-edge's
litert-samples (September 2026), the rest after a phone's results in mlcommons' mobile_results_v4.0,
`closed/Qualcomm_Innovation_Center/results/SD8G3`: mlperf_log_summary.txt, mlperf_log_detail.txt and
result.json.
"""

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from edgetag.errors import InputError
from edgetag.phones.elsewhere import MeasuredElsewhere
from edgetag.phones.reading import read
from edgetag.phones.result import PhonesResult
from edgetag.phones.tables import phone_tables
from edgetag.recipe import Recipe
from edgetag.tables.html import to_html
from edgetag.tables.markdown import to_markdown
from edgetag.workspace import Workspace
from tests.support.made_phones import make_phones

SAMPLES = Path(__file__).parent / "elsewhere"
PLACE = "Pixel 8/mobilenet_v4/SingleStream/log_performance"
RunFolder = tuple[Recipe, Workspace]


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    """A folder as MLPerf's results are handed in, with both logs."""
    folder = tmp_path / PLACE
    folder.mkdir(parents=True)
    for name in ("summary", "detail"):
        shutil.copy(SAMPLES / f"{name}.txt", folder / f"mlperf_log_{name}.txt")
    return folder


def figures(run_folder: RunFolder, *paths: Path) -> tuple[MeasuredElsewhere, ...]:
    return read(*run_folder, paths, ()).elsewhere


def test_rows_of_phones_are_read_and_later_ones_replace_earlier(run_folder: RunFolder) -> None:
    cpu, gpu, iphone = figures(run_folder, SAMPLES / "rows.jsonl")
    assert (cpu.phone, cpu.file) == ("Pixel 9 Pro, Android 15 (API 35)", "net_int8.tflite")
    assert (cpu.p50_ms, cpu.p90_ms, cpu.p95_ms) == (4.2, None, 4.7)
    assert (cpu.init_ms, cpu.memory_mb, cpu.runs) == (8, 14, 200)
    taken = [(entry.delegations[0].delegate, entry.delegations[0].taken) for entry in (cpu, gpu)]
    assert taken == [("XNNPACK", "all"), ("GPU", "part")]
    assert iphone.delegations[0].taken == "unknown"
    again = figures(run_folder, SAMPLES / "rows.jsonl")
    assert again == (cpu, gpu, iphone)


def test_what_edgetag_exports_comes_back_with_its_accuracy(
    run_folder: RunFolder, tmp_path: Path
) -> None:
    row = json.loads((SAMPLES / "rows.jsonl").read_text().splitlines()[0])
    row["edgetag"] = {
        "sha256": "0" * 64,
        "threads": 2,
        "rounds": [4.1],
        "throttled": True,
        "fixed_performance": None,
        "notes": ["throttled: hot"],
        "map": 0.8125,
        "host_map": 0.8,
        "pictures": 24,
    }
    path = tmp_path / "ours.jsonl"
    path.write_text(json.dumps(row))
    (entry,) = figures(run_folder, path)
    assert (entry.sha256, entry.threads, entry.accuracy) == ("0" * 64, 2, 0.8125)
    assert (entry.accuracy_kind, entry.notes) == ("mAP", ("throttled: hot",))


def test_both_logs_of_a_run_of_mlperf_say_the_same(run_folder: RunFolder, handed_in: Path) -> None:
    (summary,) = figures(run_folder, handed_in / "mlperf_log_summary.txt")
    assert (summary.phone, summary.file, summary.runtime) == ("Pixel 8", "mobilenet_v4", "TFLite")
    assert (summary.p50_ms, summary.p90_ms, summary.p95_ms) == (3.95, 4.125, 4.4)
    assert summary.runs == 15021
    (detail,) = figures(run_folder, handed_in / "mlperf_log_detail.txt")
    assert detail == summary.replace(date="2026-11-20T10:00:00Z")


@pytest.mark.parametrize("order", [("summary", "detail"), ("detail", "summary")])
def test_both_logs_of_a_run_of_mlperf_are_one_row_of_the_detailed_one(
    run_folder: RunFolder, handed_in: Path, order: tuple[str, str]
) -> None:
    paths = [handed_in / f"mlperf_log_{name}.txt" for name in order]
    for path in paths:
        path.write_text(path.read_text().replace("TFLite", "TFLite " * 30))
    (entry,) = figures(run_folder, *paths)
    assert entry.date == "2026-11-20T10:00:00Z"
    assert figures(run_folder, handed_in / "mlperf_log_summary.txt")[0].id == entry.id


@pytest.mark.parametrize("place", ["log_accuracy", "accuracy"])
@pytest.mark.parametrize("log", ["summary", "detail"])
def test_a_run_of_mlperf_has_the_accuracy_that_its_submitter_evaluated(
    run_folder: RunFolder, handed_in: Path, place: str, log: str
) -> None:
    (handed_in.parent / place).mkdir()
    evaluated = "loading\naccuracy=76.014%, good=38007, total=50000\nhash=0a1b\n"
    (handed_in.parent / place / "accuracy.txt").write_text(evaluated)
    (entry,) = figures(run_folder, handed_in / f"mlperf_log_{log}.txt")
    assert entry.accuracy == pytest.approx(0.76014)
    assert entry.accuracy_kind == "top-1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\xff\x00",
        "mAP=22.867%",
        "AUC=80.25%, accuracy=90.0%, good=9, total=10, queries=10",
        "accuracy=101.0%, good=101, total=100",
        "accuracy=-1.0%, good=0, total=1",
        "accuracy=nan%, good=0, total=0",
        "accuracy=" + "7" * 4000 + "%, good=1, total=1",
        "accuracy=٧٦%, good=1, total=1",
    ],
)
def test_an_accuracy_that_is_none_of_a_classifier_is_not_told(
    run_folder: RunFolder, handed_in: Path, text: str
) -> None:
    (handed_in.parent / "log_accuracy").mkdir()
    (handed_in.parent / "log_accuracy" / "accuracy.txt").write_text(text)
    (entry,) = figures(run_folder, handed_in / "mlperf_log_summary.txt")
    assert (entry.accuracy, entry.accuracy_kind) == (None, "")


def test_what_is_no_file_in_the_place_of_figures_is_refused_unopened(
    run_folder: RunFolder, handed_in: Path, tmp_path: Path
) -> None:
    (handed_in.parent / "log_accuracy").mkdir()
    os.mkfifo(handed_in.parent / "log_accuracy" / "accuracy.txt")
    os.mkfifo(tmp_path / "rows.jsonl")
    for path in (handed_in / "mlperf_log_summary.txt", tmp_path / "rows.jsonl"):
        with pytest.raises(InputError, match="a named pipe, not a file"):
            figures(run_folder, path)


def test_mlperfs_app_tells_the_accuracy_and_only_classifiers_in_turn_are_read(
    run_folder: RunFolder,
) -> None:
    (entry,) = figures(run_folder, SAMPLES / "mobile.json")
    assert entry.phone == "Google Pixel 8, android AP4A.250205.002 release-keys"
    assert (entry.file, entry.threads) == ("mobilenet_v4.tflite", 4)
    assert (entry.accuracy, entry.accuracy_kind) == (0.815, "top-1")
    assert (entry.p50_ms, entry.p90_ms) == (None, 4.125)


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [("Result is : VALID", "Result is : INVALID", "invalid"), ("", "", "")],
)
def test_a_run_that_mlperf_calls_invalid_is_one_to_doubt(
    run_folder: RunFolder, handed_in: Path, old: str, new: str, note: str
) -> None:
    path = handed_in / "mlperf_log_summary.txt"
    path.write_text(path.read_text().replace(old, new))
    (entry,) = figures(run_folder, path)
    assert note in "".join(entry.notes)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Scenario : SingleStream", "Scenario : Offline"),
        ("Mode     : PerformanceOnly", "Mode     : AccuracyOnly"),
        ("Scenario : SingleStream\n", ""),
    ],
)
def test_a_log_that_times_no_single_pictures_is_refused(
    run_folder: RunFolder, handed_in: Path, old: str, new: str
) -> None:
    path = handed_in / "mlperf_log_summary.txt"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match="times no single pictures"):
        figures(run_folder, path)


def test_a_log_outside_of_its_folders_names_no_phone(run_folder: RunFolder) -> None:
    with pytest.raises(InputError, match="PHONE/MODEL/SingleStream"):
        figures(run_folder, SAMPLES / "summary.txt")


@pytest.mark.parametrize("text", ["9" * 400, "-1", "NaN", "٣"])
def test_a_percentile_that_is_no_number_is_not_told(
    run_folder: RunFolder, handed_in: Path, text: str
) -> None:
    path = handed_in / "mlperf_log_summary.txt"
    path.write_text(path.read_text().replace(" 3950000", f" {text}"))
    (entry,) = figures(run_folder, path)
    assert (entry.p50_ms, entry.p90_ms) == (None, 4.125)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"row_id": "x"}', r"rows\.jsonl:1: model: Field required"),
        ('{"row_id": 1}', "row_id"),
        ('{"row_id": "x", ', "no row of LiteRT's leaderboard"),
    ],
)
def test_a_line_that_is_no_row_is_named(
    run_folder: RunFolder, tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(line)
    with pytest.raises(InputError, match=said):
        figures(run_folder, path)
    assert not (run_folder[1].bench / "phones.json").exists()


def test_rows_of_computers_alone_are_refused(run_folder: RunFolder, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text((SAMPLES / "rows.jsonl").read_text().splitlines()[3])
    with pytest.raises(InputError, match="none of 1 rows is of a phone"):
        figures(run_folder, path)


@pytest.mark.parametrize("name", ["rows.jsonl", "detail.txt", "summary.txt", "mobile.json"])
def test_damaged_files_of_others_end_in_one_line_or_are_read(
    run_folder: RunFolder, handed_in: Path, name: str
) -> None:
    chance = random.Random(3)
    whole = (SAMPLES / name).read_bytes()
    for _ in range(60):
        changed = bytearray(whole)
        for _ in range(3):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        path = handed_in / "damaged"
        path.write_bytes(changed[: chance.choice([None, chance.randrange(len(changed))])])
        try:
            figures(run_folder, path)
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017 -- either is right


def test_one_table_has_a_row_for_every_phone_and_file(
    run_folder: RunFolder, handed_in: Path
) -> None:
    paths = (
        SAMPLES / "rows.jsonl",
        SAMPLES / "mobile.json",
        handed_in / "mlperf_log_summary.txt",
    )
    result = read(*run_folder, paths, ())
    assert PhonesResult.from_json(result.to_json(), "phones.json") == result
    (table,) = phone_tables(result)
    assert len(table.rows) == 5
    assert {"accuracy", "p50 ms", "p90 ms", "init ms", "memory MB", "delegates"} <= set(
        table.headings
    )
    gpu = next(row for row in table.texts if "gpu" in row[2] and "Pixel" in row[0])
    assert "GPU 53/70" in gpu
    for drawn in (to_markdown(table), to_html(table)):
        assert "GPU 53/70" in drawn
        assert "0.815 top-1" in drawn


def test_reading_shows_no_figure_of_a_file_that_is_another_one_now(run_folder: RunFolder) -> None:
    kept = run_folder[1].bench / "phones.json"
    make_phones("f" * 64).write(kept)
    result = read(*run_folder, (SAMPLES / "mobile.json",), ())
    assert (result.results, result.apps, result.scores) == ((), (), ())
    assert PhonesResult.read(kept, "phone bench RECIPE") == result


def test_an_accuracy_stands_beside_the_times_of_its_own_processor_alone() -> None:
    phones = make_phones("a" * 64)  # timed and scored on the GPU
    on_cpu = phones.apps[0].engine.replace(delegate="cpu")
    also = (*phones.apps, phones.apps[0].replace(engine=on_cpu))
    side_by_side, *_ = phone_tables(phones.replace(apps=also))
    column = side_by_side.headings.index("accuracy")
    accuracies = {row[2]: row[column] for row in side_by_side.texts}
    assert accuracies["LiteRT 2.3.0, GPU"] == accuracies["benchmark_model"] == "0.750 mAP"
    assert accuracies["LiteRT 2.3.0, CPU"] == "–"
