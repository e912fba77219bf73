"""Other tools beside our own files: really run, in environments that stand for built ones."""

import errno
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from edgetag.arrays import write_array
from edgetag.conversion.calibration.calibrate import scores_of
from edgetag.conversion.calibration.pictures import Pictures
from edgetag.errors import InputError
from edgetag.pixels import Normalization
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.recipe import parse_recipe
from edgetag.study.peers import turns
from edgetag.study.peers.compare import _made, run
from edgetag.study.peers.environments import READY, folder_of, python_of
from edgetag.study.peers.jobs import Job
from edgetag.study.peers.making import Given, Made, made_by, scores_file
from edgetag.study.peers.tools import TOOLS, Tool, find
from edgetag.study.peers.turns import PER_TURN, Entry, take_turns
from edgetag.study.result import PeersStudy
from edgetag.validation import stage
from edgetag.workspace import Workspace
from edgetag.writing import atomic_write
from tests.support.accelerators import RAN
from tests.support.paths import MODELS
from tests.support.run_folders import noisy_pictures, tiny_recipe
from tests.support.tiny_run import make_run_folder

CONTRACT = Preprocessing(input_size=64, mean=127.0, std=128.0)
FLOAT, INT8 = MODELS / "tiny_fp32.tflite", MODELS / "tiny_int8_uint8.tflite"
PYTHON = Path(sys.executable)
(QUANTIZER,) = find(["litert-quantizer"])


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    folder = tmp_path_factory.mktemp("given")
    pixels = noisy_pictures(12, 3)
    for name in ("calibrating", "timed", "test"):
        write_array(folder / f"{name}.npy", pixels)
    return Given(
        FLOAT,
        CONTRACT,
        folder / "calibrating.npy",
        folder / "timed.npy",
        {"test": folder / "test.npy"},
        scores_of(FLOAT.read_bytes(), Pictures(pixels, CONTRACT)),
    )


def built(tool: Tool) -> None:
    """Lay out a tool's environment as if it had been built; its Python is this one."""
    python = folder_of(tool) / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{PYTHON}" "$@"\n')
    python.chmod(0o755)
    (folder_of(tool) / READY).write_text("built")


@pytest.mark.slow
def test_what_is_whole_is_kept_and_what_is_damaged_is_made_again(
    given: Given, tmp_path: Path
) -> None:
    def make() -> Made:
        return made_by(QUANTIZER, PYTHON, tmp_path, given, SilentProgress())

    made = make()
    scores = np.load(scores_file(tmp_path, "int8", "test"))
    assert scores.shape == (12, 3)
    assert 0 < np.abs(scores - given.expected).max() < 0.2
    written = (tmp_path / "int8.tflite").stat().st_mtime_ns
    assert make() == made
    assert (tmp_path / "int8.tflite").stat().st_mtime_ns == written
    for cut_short in ("made.json", "int8.tflite", "int8-test.npy"):
        (tmp_path / cut_short).write_bytes(b"")
        assert make() == made
    assert (tmp_path / "int8.tflite").stat().st_mtime_ns != written


def test_a_float_file_that_gives_other_scores_is_not_compared(given: Given, tmp_path: Path) -> None:
    tool = Tool(
        "other", "Other", (), "litert", {"float": "float.tflite", "int8": "int8.tflite"}, ""
    )

    def make(file: Path) -> None:
        for name in tool.files.values():
            shutil.copy(INT8, file.with_name(name))

    with pytest.raises(InputError, match="Other: its float file gives other scores than ours"):
        made_by(tool, PYTHON, tmp_path, given, SilentProgress(), make)
    assert not (tmp_path / "made.json").exists()


@pytest.mark.parametrize("left", ["", "rubbish"])
def test_a_process_that_ends_well_and_leaves_no_scores_is_told(
    given: Given, tmp_path: Path, left: str
) -> None:
    scores = scores_file(tmp_path, "int8", "test")
    write_array(scores, given.expected)  # of an earlier study
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\n" + (f"echo {left} > '{scores}'\n" if left else ""))
    python.chmod(0o755)

    def make(file: Path) -> None:
        shutil.copy(INT8, file)

    with pytest.raises(InputError, match="litert-quantizer: int8 left no scores"):
        made_by(QUANTIZER, python, tmp_path, given, SilentProgress(), make)


@pytest.mark.slow
def test_files_take_turns_and_one_that_cannot_takes_no_other_with_it(
    given: Given, tmp_path: Path
) -> None:
    babbler = tmp_path / "babbler"
    babbler.write_text("#!/bin/sh\necho '{\"ready\": true}'\necho rubbish\nread line\nexit 7\n")
    babbler.chmod(0o755)

    def entry(file: Path, python: Path = PYTHON) -> Entry:
        return Entry(
            python,
            Job(
                do="time",
                file=str(file),
                pictures=str(given.timed),
                contract=Normalization.of(CONTRACT),
            ),
        )

    entries = {
        "float": entry(FLOAT),
        "int8": entry(INT8),
        "missing": entry(tmp_path / "missing.tflite"),
        "babbler": entry(FLOAT, babbler),
    }
    times = take_turns(entries, 4, 1, SilentProgress())
    assert {name: len(each) for name, each in times.items() if not isinstance(each, str)} == {
        "float": 4 * PER_TURN,
        "int8": 4 * PER_TURN,
    }
    assert "it ended with exit code 1: ValueError" in times["missing"]
    assert times["babbler"] == "it ended with exit code 7"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exec yes '{}'", "no answer for 0.5 s"),
        ("exec sleep 60 >&-", "it closed its output and did not end"),
    ],
)
def test_a_process_that_never_answers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    monkeypatch.setattr(turns, "SILENCE_S", 0.5)
    monkeypatch.setattr(turns, "ENDING_S", 0.2)
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    entry = Entry(python, Job(do="time", pictures="", contract=Normalization(0, 1)))
    assert take_turns({"hung": entry}, 1, 1, SilentProgress()) == {"hung": reason}


@pytest.mark.slow
def test_an_environment_that_cannot_be_built_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    nowhere = Tool("no", "Nowhere", ("edgetag-is-no-package==1",), "litert", {}, "")
    with pytest.raises(InputError, match=r"its environment: .*edgetag-is-no-package"):
        python_of(nowhere)
    assert not (folder_of(nowhere) / READY).exists()


def test_a_full_disk_leaves_no_tool_out(
    given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_room(_tool: Tool) -> Path:
        with atomic_write(tmp_path / READY):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("edgetag.study.peers.compare.python_of", without_room)
    here = Workspace(tmp_path)
    with pytest.raises(InputError, match="no space left"):
        _made(
            parse_recipe(tiny_recipe("tiny"), tmp_path),
            here,
            here,
            given,
            [QUANTIZER],
            SilentProgress(),
        )


@pytest.mark.slow
def test_tools_stand_beside_our_files_and_one_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = make_run_folder(tmp_path / "run")
    recipe = made.with_recipe("[benchmark]\nruns = 30\n")
    stage.run(recipe, made.workspace, SilentProgress(), made.reference_file())
    for tool in TOOLS:
        if tool.requirements:
            built(tool)
    place = Workspace(tmp_path / "peers")
    wanted = ("litert-quantizer", "openvino")
    study = run(recipe, made.workspace, place, SilentProgress(), wanted, ["int8:size_bytes=1"])
    assert PeersStudy.read(place.root / "study.json", "study peers") == study
    assert [row.name for row in study.rows] == ["fp32", "int8", "litert-quantizer int8"]
    assert all(row.latency_ratio for row in study.rows)
    assert {(row.runtime, row.accelerator) for row in study.rows} == {("litert", RAN)}
    quantizer, openvino = study.tools
    assert quantizer.reason == ""
    assert "No module named 'openvino'" in openvino.reason
    assert [(goal.row, goal.reached) for goal in study.goals if goal.goal == "size_bytes"] == [
        ("int8", "missed")
    ]
    page = (place.root / "study.md").read_text(encoding="utf-8")
    assert "litert-quantizer==" in page
    with pytest.raises(InputError, match="--tool no: there is none; there are: tflite-converter"):
        find(["no"])
