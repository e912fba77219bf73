"""Scores from a phone by the user's runner: the file protocol, and what a runner may do wrong."""

import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from edgetag.arrays import read_arrays
from edgetag.phones.problems import PhoneError, Problem
from edgetag.phones.result import PhonesResult
from edgetag.phones.runner import read_scores
from edgetag.phones.settings import Options, Settings
from edgetag.phones.stage import run
from edgetag.progress import SilentProgress
from tests.phones.street import IMAGES, Street, make_run, script

REAL = f"""#!{sys.executable}
# A runner as the README describes it, on this machine's LiteRT.
import json, os, sys
from pathlib import Path

import numpy as np

from edgetag.preprocess import Preprocessing
from edgetag.runtimes import engines
from edgetag.runtimes.encoding import decode, encode, encoding_table
from edgetag.runtimes.inference import run_once

def local(path):
    return Path(os.environ["PHONE"]) / "root" / path.lstrip("/")

job = json.loads(Path(sys.argv[1]).read_text())
images = np.load(local(job["images"]))
session = engines.loader("litert").load(local(job["model"]), job["threads"])
table = encoding_table(Preprocessing(**job["contract"]), session.input)
raw = np.stack([run_once(session, encode(image[None], table)) for image in images])
scores = decode(raw, session.output)
np.save(local(job["scores"]).with_suffix(".npy"), scores)
local(job["scores"]).with_suffix(".npy").rename(local(job["scores"]))
"""
FAKE = """#!/bin/sh
scores=$(sed -n 's/.*"scores": "\\(.*\\)".*/\\1/p' "$1")
%s
"""


def score(street: Street, folder: Path, runner: str, **more: object) -> PhonesResult:
    recipe, workspace = make_run(folder)
    settings = Settings(threads=(1,), warmup_runs=1, runs=10, rounds=1)
    options = Options(settings, runner=script(folder / "runner", runner), **more)  # type: ignore[arg-type]
    return run(recipe, workspace, SilentProgress(), options)


@pytest.mark.slow
def test_a_runner_on_the_same_engine_gives_the_same_scores(street: Street, tmp_path: Path) -> None:
    device = street.phone()
    result = score(street, tmp_path, REAL, images=10)
    assert result.failures == ()
    assert result.results == ()
    assert [entry.variant for entry in result.scores] == ["fp32", "int8"]
    for entry in result.scores:
        assert (entry.images, entry.asked_for, entry.by) == (10, "cpu", "runner, CPU")
        assert entry.max_difference == 0
        assert entry.map == entry.host_map
        assert entry.map is not None
        kept = read_arrays(tmp_path / "run" / entry.file)
        assert kept["scores"].shape == (10, 3)
        assert kept["identities"][[0, -1]].tolist() == ["id0", f"id{IMAGES - 1}"]
    # Images and runner went over once, and jobs and scores did not stay.
    suffixes = sorted(name.rsplit(".", 1)[1] for name in street.pushes())
    assert suffixes == ["json", "json", "npy", "run", "tflite", "tflite"]
    assert sorted(name.rsplit(".", 1)[1] for name in device.files) == [
        "npy",
        "run",
        "tflite",
        "tflite",
    ]


@pytest.mark.slow
def test_other_scores_than_the_hosts_are_measured_as_different(
    street: Street, tmp_path: Path
) -> None:
    street.phone()
    shifted = REAL.replace("np.save(", "scores = scores * 0.5; np.save(")
    result = score(street, tmp_path, shifted, images=10)
    for entry in result.scores:
        kept = read_arrays(tmp_path / "run" / entry.file)["scores"]
        assert entry.max_difference == pytest.approx(kept.max())
        assert entry.map == entry.host_map  # the order is the same


@pytest.mark.slow
@pytest.mark.parametrize(
    ("does", "problem", "said"),
    [
        ("echo out of memory; exit 3", Problem.FAILED, "exit code 3: out of memory"),
        ("exit 0", Problem.WRONG_OUTPUT, "left no file"),
        ('echo "[[0.5, 0.5]]" > "$PHONE/root$scores"', Problem.WRONG_OUTPUT, r"expected \[24, 3\]"),
        ('mkdir "$PHONE/root$scores"', Problem.WRONG_OUTPUT, "left no file"),
        (
            'dd if=/dev/zero of="$PHONE/root$scores" bs=100000 count=1',
            Problem.WRONG_OUTPUT,
            "make sense",
        ),
    ],
)
def test_a_runner_that_fails_says_why(
    street: Street, tmp_path: Path, does: str, problem: Problem, said: str
) -> None:
    device = street.phone()
    for program in ("sed", "dd"):
        script(
            device.root / "bin" / program, f'#!/bin/sh\nexec /usr/bin/env -i /bin/{program} "$@"\n'
        )
    result = score(street, tmp_path, FAKE % does)
    assert result.scores == ()
    assert [f.problem for f in result.failures] == [problem, problem]
    assert all(re.search(said, f.reason) for f in result.failures)


def npy(values: object) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(values))
    return buffer.getvalue()


def test_scores_are_read_from_npy_and_json() -> None:
    scores = np.array([[0.25, 1.0], [0.0, 0.5]], dtype=np.float32)
    assert (read_scores(npy(scores), (2, 2)) == scores).all()
    assert (read_scores(json.dumps(scores.tolist()).encode(), (2, 2)) == scores).all()
    assert read_scores(npy([[1.0001, -0.0001]]), (1, 2)).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read"),
        (b"\x93NUMPY\x01\x00", "cannot be read"),
        (b"\x93NUMPY\x01\x00\x10\x00{'shape': (1,1),", "cannot be read"),
        (npy([[1.0, 2.0]])[:-4], "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b"[[0.1, 0.2], [0.3]]", "cannot be read"),
        (b'{"a": 1}', r"expected \[1, 2\]"),
        (b'[["a", "b"]]', r"expected \[1, 2\]"),
        (b"[[true, false]]", r"expected \[1, 2\]"),
        (npy([[0.1, 0.2, 0.3]]), r"expected \[1, 2\]"),
        (npy([[0.1, np.nan]]), "not numbers"),
        (b"[[0.1, NaN]]", "not numbers"),
        (npy([[0.1, 1e300]]), "not numbers"),
        (npy([[3, 200]]), "leave 0..1, such as 200"),
    ],
)
def test_anything_else_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(PhoneError, match=said) as refused:
        read_scores(content, (1, 2))
    assert refused.value.problem is Problem.WRONG_OUTPUT


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.mkdir, (tmp_path / "sprung",)  # type: ignore[return-value]

    buffer = io.BytesIO()
    np.save(buffer, np.array([[Trap(), Trap()]], dtype=object), allow_pickle=True)
    with pytest.raises(PhoneError, match="cannot be read"):
        read_scores(buffer.getvalue(), (1, 2))
    assert not (tmp_path / "sprung").exists()
