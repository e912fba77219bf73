"""Answers of the app from a phone elsewhere: read by hand, matched by digest and by name."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from edgetag.cli.app import app
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.phones.accuracy import truth_of
from edgetag.phones.reading import read
from edgetag.phones.result import PhonesResult
from edgetag.phones.stage import files_of
from edgetag.phones.tables import phone_tables
from edgetag.sampling import spread
from edgetag.workspace import digest_file
from tests.phones.measuring import ANSWER, SETTINGS, Run, bench
from tests.phones.street import IMAGES, OUTPUTS, Street, script
from tests.support.commands import refusal_of

pytestmark = pytest.mark.slow  # each scores on this machine too, in a process of its own


def answer(folder: Run, names: list[str], rows: list[int], **more: object) -> dict[str, Any]:
    """Return what an app with this machine's scores would write for the int8 file."""
    recipe, workspace = folder
    dataset = open_dataset(workspace)
    chosen = np.array(rows, dtype=np.int64)
    files = files_of(workspace, ("int8",))
    scores = truth_of(recipe, workspace, dataset, chosen, files).host["int8"]
    return {
        **ANSWER,
        "model_sha256": digest_file(workspace.export / "int8.tflite"),
        "tags": ["cat", "dog", "food"],
        "device": {"manufacturer": "Google", "model": "Pixel 8", "sdk": 35, "soc": "Tensor G3"},
        "latency_ms": {"warmup_runs": 1, "runs": 20, "p50": 3, "p90": 4, "p99": 5},
        "images": [
            {"name": name, "scores": row} for name, row in zip(names, scores.tolist(), strict=True)
        ],
    } | more


def read_one(folder: Run, tmp_path: Path, told: dict[str, Any]) -> PhonesResult:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(told))
    return read(*folder, (path,), files_of(folder[1]))


def test_pictures_are_matched_by_their_names(run_folder: Run, tmp_path: Path) -> None:
    names = ["id7.png", "id3.png", "id11.png"]
    result = read_one(run_folder, tmp_path, answer(run_folder, names, [7, 3, 11]))
    (scores,) = result.scores
    assert (scores.variant, scores.images, scores.max_difference) == ("int8", 3, 0)
    (timed,) = result.apps
    assert (timed.latency_ms.runs, timed.latency_ms.p90) == (20, 4)
    assert any("how hot the phone was is not known" in note for note in timed.notes)
    assert result.phones[0].name == "Pixel 8, Tensor G3"
    swapped = read_one(run_folder, tmp_path, answer(run_folder, names, [3, 7, 11]))
    assert swapped.scores[0].max_difference > 0


@pytest.mark.parametrize(
    ("told", "cpusets", "is_noted"),
    [
        ({}, (), False),
        ({"cpuset": ""}, (), False),
        ({"cpuset": "/top-app"}, ("/top-app",), False),
        ({"cpuset": "/foreground/boost\x1b"}, ("/foreground/boost?",), True),
    ],
)
def test_an_app_that_was_not_in_front_while_it_was_timed_is_noted(
    run_folder: Run, tmp_path: Path, told: dict[str, str], cpusets: tuple[str, ...], is_noted: bool
) -> None:
    times = {"warmup_runs": 1, "runs": 20, "p50": 3, "p90": 4, "p99": 5} | told
    whole = answer(run_folder, ["id7.png"], [7], latency_ms=times)
    result = read_one(run_folder, tmp_path, whole)
    (timed,) = result.apps
    assert timed.cpusets == cpusets
    table = next(shown for shown in phone_tables(result) if shown.title == "Latency in the app")
    cells = dict(zip([column.heading for column in table.columns], table.rows[0], strict=True))
    assert [cells[name].text for name in cells if name == "cpuset"] == list(cpusets)
    notes = [note for note in timed.notes if note.endswith("not in /top-app: unlock the phone")]
    assert len(notes) == is_noted


def test_numbered_images_are_those_that_a_job_over_as_many_has(
    run_folder: Run, tmp_path: Path
) -> None:
    rows = spread(np.arange(IMAGES), 10).tolist()
    told = answer(run_folder, [str(n) for n in range(10)], rows)
    assert read_one(run_folder, tmp_path, told).scores[0].max_difference == 0


def test_an_answer_replaces_its_phones_earlier_one_and_leaves_the_rest(
    street: Street, run_folder: Run, tmp_path: Path
) -> None:
    street.phone()
    measured = bench(street, run_folder)
    told = answer(run_folder, ["id1.png"], [1])
    read_one(run_folder, tmp_path, told)
    told["latency_ms"]["p99"] = 9
    result = read_one(run_folder, tmp_path, told)
    assert result.results == measured.results
    assert [entry.latency_ms.p99 for entry in result.apps] == [9]
    assert len(result.scores) == 1
    # Measuring the phone at hand again leaves what was read alone.
    again = bench(street, run_folder, SETTINGS)
    assert (again.apps, again.scores) == (result.apps, result.scores)
    assert len(again.phones) == 2


@pytest.mark.parametrize(
    ("names", "more", "said"),
    [
        (["holiday.png"], {}, "no picture of the split"),
        (["../id1.png"], {}, "no picture of the split"),
        (["id1.png"], {"model_sha256": "0" * 64}, "none of this run: fp32, int8"),
        (["id1.png"], {"tags": ["cat", "food", "dog"]}, "another order"),
        (
            ["id1.png"],
            {"self_test": {"passed": False, "family": None, "max_difference": 1}},
            "golden scores",
        ),
        (
            ["id1.png"],
            {
                "engine": {
                    "name": "LiteRT",
                    "version": "2",
                    "threads": 1,
                    "delegate": "cpu",
                    "requested_delegate": "gpu",
                    "fell_back": "",
                }
            },
            "the GPU was asked for and the app ran on the CPU",
        ),
        (["id1.png"], {"load_ms": "soon"}, "load_ms"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(
    run_folder: Run, tmp_path: Path, names: list[str], more: dict[str, object], said: str
) -> None:
    told = answer(run_folder, names, [1], **more)
    with pytest.raises(InputError, match=said):
        read_one(run_folder, tmp_path, told)
    assert not (run_folder[1].bench / "phones.json").exists()


def test_an_image_that_is_told_twice_is_refused(run_folder: Run, tmp_path: Path) -> None:
    told = answer(run_folder, ["id1.png", "id2.png", "id1.png"], [1, 2, 1])
    with pytest.raises(InputError, match="the app tells some image twice"):
        read_one(run_folder, tmp_path, told)


def test_where_one_of_several_answers_is_refused_none_is_kept(
    run_folder: Run, tmp_path: Path
) -> None:
    good = answer(run_folder, ["id1.png"], [1])
    paths = tmp_path / "good.json", tmp_path / "bad.json"
    for path, told in zip(paths, (good, good | {"tags": ["a", "b", "c"]}), strict=True):
        path.write_text(json.dumps(told))
    with pytest.raises(InputError, match=r"bad\.json: .* other tags"):
        read(*run_folder, paths, files_of(run_folder[1]))
    assert not run_folder[1].bench.exists()


def test_of_two_answers_for_one_place_none_is_passed_over(run_folder: Run, tmp_path: Path) -> None:
    told = answer(run_folder, ["id1.png"], [1])
    paths = tmp_path / "ann.json", tmp_path / "bob.json"
    for path in paths:
        path.write_text(json.dumps(told))
    with pytest.raises(InputError, match=r"ann\.json and .*bob\.json .* int8 on Pixel 8"):
        read(*run_folder, paths, files_of(run_folder[1]))


def test_more_numbers_than_images_are_refused(run_folder: Run, tmp_path: Path) -> None:
    many = [str(n) for n in range(IMAGES + 1)]
    told = answer(run_folder, many, [*range(IMAGES), 0])
    with pytest.raises(InputError, match="25 numbered images, but the split has 24"):
        read_one(run_folder, tmp_path, told)


def test_images_without_scores_are_told(run_folder: Run, tmp_path: Path) -> None:
    told = answer(run_folder, ["id1.png", "id2.png"], [1, 2])
    told["images"][0] = {"name": "id1.png", "error": "a broken PNG"}
    result = read_one(run_folder, tmp_path, told)
    assert (result.scores[0].images, result.scores[0].lacking) == (1, 1)
    assert "1 of 2 images have no scores" in result.failures[0].reason


def run_verb(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["phone", *map(str, arguments)])


def test_the_verb_shows_what_was_read(run_folder: Run, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(answer(run_folder, ["id1.png"], [1])))
    recipe, out = tmp_path / "recipe.toml", run_folder[1].root
    told = run_verb("read", recipe, path, "--out", out)
    assert told.exit_code == 0, told.output
    assert "Latency in the app" in told.stdout
    assert "LiteRT 2, CPU" in told.stdout
    missing = run_verb("read", recipe, tmp_path / "no.json", "--out", out)
    assert "no.json: No such file" in refusal_of(missing)


def test_the_verb_prints_the_schemas() -> None:
    for name in ("job", "scores"):
        assert json.loads(run_verb("schema", name).stdout)["properties"]["schema"]


def test_scoring_on_phones_leaves_latencies_of_before_alone(
    street: Street, run_folder: Run, tmp_path: Path
) -> None:
    street.phone().benchmark(OUTPUTS / "litert_xnnpack.txt")
    measured = bench(street, run_folder)
    done = CliRunner().invoke(
        app,
        [
            "phone",
            "check",
            str(tmp_path / "recipe.toml"),
            "--out",
            str(run_folder[1].root),
            "--app",
            "dev.edgetag.demo",
            "--images",
            "5",
            "--variant",
            "int8",
            "--json",
        ],
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [one["latency_ms"]["avg"] for one in told["results"]] == [
        one.latency_ms.avg for one in measured.results
    ]
    assert [one["images"] for one in told["scores"]] == [5]
    assert told["apps"] == []


def test_a_folder_for_a_phone_elsewhere_gives_answers_that_are_read_here(
    street: Street, run_folder: Run, tmp_path: Path
) -> None:
    recipe, out, folder = tmp_path / "recipe.toml", run_folder[1].root, tmp_path / "pack"
    packed = run_verb("pack", recipe, folder, "--out", out, "--images", 7)
    assert packed.exit_code == 0, packed.output
    assert sorted(path.name for path in folder.iterdir()) == [
        "fp32.json",
        "fp32.tflite",
        "images.npy",
        "int8.json",
        "int8.tflite",
        "run.sh",
    ]
    # Where the phone is: adb alone, which here needs the serial that a single phone goes without.
    street.phone()
    script(tmp_path / "adb", f'#!/bin/sh\nexec {street.bin}/adb -s SERIAL1 "$@"\n')
    path = f"{tmp_path}:{os.environ['PATH']}"

    def run_script() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", folder / "run.sh"],
            env=os.environ | {"PATH": path},
            text=True,
            capture_output=True,
        )

    whole = (folder / "fp32.tflite").read_bytes()
    (folder / "fp32.tflite").write_bytes(b"damaged")
    without = run_script()
    assert without.returncode == 1
    assert without.stderr.endswith("no scores of: fp32\n")
    assert [answer.name for answer in folder.glob("*.scores.json")] == ["int8.scores.json"]
    (folder / "fp32.tflite").write_bytes(whole)
    assert run_script().returncode == 0
    answers = sorted(folder.glob("*.scores.json"))
    assert len(answers) == 2
    told = run_verb("read", recipe, *answers, "--out", out, "--json")
    assert told.exit_code == 0, told.output
    result = json.loads(told.stdout)
    assert [one["images"] for one in result["scores"]] == [7, 7]
    assert all(one["max_difference"] < 1e-6 for one in result["scores"])
    assert [one["latency_ms"]["runs"] for one in result["apps"]] == [50, 50]
    again = run_verb("pack", recipe, folder, "--out", out)
    assert "not an empty folder" in refusal_of(again)
