"""What a model may run on: the same words in Kotlin and Python, and LiteRT without an NPU.

No machine of CI has an NPU. What LiteRT 2.x does where there is none, its Python package shows: the
same runtime as on phones, which `tagger-litert2` asks in the same way.
"""

import json
import re
import subprocess
import sys
import zipfile
from typing import get_args

import pytest
from ai_edge_litert import schema_py_generated as schema

from edgetag.phones.answer import AppScores, Wanted, check_answer, read_answer
from edgetag.phones.job import RunnerJob, RunsOn
from edgetag.phones.problems import PhoneError
from edgetag.preprocess import Preprocessing
from tests.support.paths import ROOT
from tests.support.programs import captured

ENGINE = ROOT / "android-demo/tagger/src/main/kotlin/dev/edgetag/tagger/Engine.kt"
README = (ROOT / "android-demo/README.md").read_text(encoding="utf-8")
MODEL = ROOT / "tests/models/tiny_int8_int8.tflite"
ASK = """
import sys
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.hardware_accelerator import HardwareAccelerator as On

asked = {"npu": On.NPU, "npu and cpu": On.NPU | On.CPU}[sys.argv[2]]
model = CompiledModel.from_file(sys.argv[1], hardware_accel=asked)
print("fully accelerated:", model.is_fully_accelerated())
"""
PICTURE = "the only picture"


def open_on(asked: str) -> subprocess.CompletedProcess[str]:
    """Open a model in a process of its own, whose native code prints much."""
    return captured(
        [sys.executable, "-c", ASK, str(MODEL), asked], stdin=subprocess.DEVNULL, timeout=120
    )


def answer(delegate: str, requested: str, fell_back: str = "") -> AppScores:
    told = {
        "schema": "edgetag.phone-scores/1.1",
        "model_sha256": "a" * 64,
        "tags": ["cat"],
        "device": {"manufacturer": "m", "model": "phone", "sdk": 36, "soc": "s"},
        "engine": {
            "name": "litert-compiled",
            "version": "2.3.2",
            "threads": 1,
            "delegate": delegate,
            "requested_delegate": requested,
            "fell_back": fell_back,
        },
        "self_test": None,
        "load_ms": 812.5,
        "latency_ms": None,
        "images": [{"name": PICTURE, "scores": [0.5]}],
    }
    return read_answer(json.dumps(told).encode())


WANTED = Wanted(model_sha256="a" * 64, tags=("cat",), names=(PICTURE,), delegate="npu")


def test_kotlin_and_python_know_the_same_delegates() -> None:
    declared = re.search(r"enum class Delegate \{ (.+) \}", ENGINE.read_text(encoding="utf-8"))
    assert declared is not None
    assert tuple(declared[1].lower().split(", ")) == get_args(RunsOn)


def test_a_job_for_an_npu_is_written_and_its_answer_read() -> None:
    job = RunnerJob(
        variant="int8",
        images="/i.npy",
        scores="/s",
        threads=1,
        delegate="npu",
        contract=Preprocessing(input_size=64),
    )
    assert '"delegate": "npu"' in job.to_json()
    check_answer(answer("npu", "npu"), WANTED)


def test_an_answer_of_the_cpu_where_the_npu_was_asked_for_is_refused_with_the_reason() -> None:
    for got in (answer("cpu", "npu", "no library"), answer("npu", "npu", "no library")):
        with pytest.raises(PhoneError, match=r"the NPU was asked for .*: no library"):
            check_answer(got, WANTED)


def test_the_operators_that_the_readme_names_are_those_of_the_demo_s_model() -> None:
    """LiteRT's lists of what makers' compilers take were read for these."""
    (bundle,) = (ROOT / "models/demo").glob("demo-*.zip")
    with zipfile.ZipFile(bundle) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".tflite"))
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(archive.read(name)))
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}
    used = {
        names[model.operatorCodes[operator.opcodeIndex].builtinCode]
        for graph in model.subgraphs
        for operator in graph.operators
    }
    (line,) = (line for line in README.splitlines() if line.startswith("- **The operators**"))
    assert used == set(re.findall(r"`([A-Z0-9_]+)`", line))


@pytest.mark.slow
def test_litert_refuses_what_an_npu_does_not_take_only_where_the_cpu_is_not_asked_for() -> None:
    """So `tagger-litert2` never asks for both, nor believes what LiteRT calls fully accelerated."""
    alone = open_on("npu")
    assert alone.returncode != 0
    assert "Some ops are not accelerated" in alone.stderr
    both = open_on("npu and cpu")
    assert both.returncode == 0, both.stderr
    assert both.stdout.endswith("fully accelerated: True\n")
