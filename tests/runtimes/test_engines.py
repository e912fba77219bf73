from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.catalogue.engines import ENGINES
from edgetag.errors import InputError
from edgetag.machine import Acceleration
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.runtimes import FailureKind, LoadFailure, ScoreRun, engines, litert_compiled
from edgetag.runtimes.encoding import encode, encoding_table
from edgetag.runtimes.protocol import Loader, ModelLoadError
from edgetag.runtimes.tflite_runtime import why_not
from tests.support.inference import scores_of
from tests.support.paths import MODELS

HERE = [e.name for e in engines.ENGINES if e.available() is None]


def scores(engine: Loader, file: str, pixels: Pixels, contract: Preprocessing) -> npt.NDArray[Any]:
    session = engine.load(MODELS / file, threads=1)
    table = encoding_table(contract, session.input)
    return np.stack(
        [scores_of(session, encode(pixels[i : i + 1], table)) for i in range(len(pixels))]
    )


def test_an_unknown_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="'onnx' is not one of: litert, tflite-runtime"):
        engines.get("onnx")


def test_an_emulated_engine_may_be_silent_for_longer() -> None:
    here = {engines.get(name).silence_limit_s for name in (*engines.names(), "wasm")}
    assert here == {300.0}
    assert engines.get("litert@arm64").silence_limit_s == 600.0


def test_an_available_engine_names_its_version() -> None:
    assert "litert" in HERE
    for name in HERE:
        assert engines.get(name).version().count(".") >= 2


@pytest.mark.parametrize("name", [*engines.names(), "litert@arm64"])
def test_what_ran_is_what_was_asked_for_or_nothing_with_the_reason(name: str) -> None:
    ran, failed = engines.acceleration(name), engines.acceleration(name, "it is damaged")
    assert ran == Acceleration(requested="cpu", used="cpu")
    assert failed == Acceleration(requested="cpu", used=None, reason="it is damaged")
    crash = LoadFailure(FailureKind.CRASHED, "it is damaged")
    assert engines.acceleration(name, crash) == failed


def test_an_engine_of_which_nobody_says_what_ran_gets_nothing_made_up() -> None:
    scores = np.zeros((1, 3), dtype=np.float32)
    assert engines.acceleration("browser-webgpu") is None
    assert engines.acceleration("browser-webgpu", ScoreRun(scores, 1.0, 1.0)) is None
    assert engines.acceleration("even-odds") is None


def test_what_a_browser_says_that_ran_is_recorded_with_why_it_is_not_what_was_asked_for() -> None:
    scores = np.zeros((1, 3), dtype=np.float32)
    ran = ScoreRun(scores, 1.0, 1.0, used="cpu", why="there is none")
    said = engines.acceleration("browser-webgpu", ran)
    assert said == Acceleration(requested="gpu", used="cpu", reason="there is none")
    failed = engines.acceleration("browser-webgpu", LoadFailure(FailureKind.CRASHED, "it crashed"))
    assert failed == Acceleration(requested="gpu", used=None, reason="it crashed")


def test_a_compiled_model_is_asked_for_what_records_say_and_refused_where_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = replace(ENGINES["litert-compiled"], accelerator="npu")
    for module in ("engines", "litert_compiled"):
        place = "LINES" if module == "engines" else "ENGINES"
        monkeypatch.setattr(f"edgetag.runtimes.{module}.{place}", {line.name: line})
    with pytest.raises(ModelLoadError, match="Some ops are not accelerated") as refused:
        litert_compiled.ENGINE.load(MODELS / "tiny_int8_int8.tflite", threads=1)
    reason = refused.value.reason
    said = engines.acceleration("litert-compiled", reason)
    assert said == Acceleration(requested="npu", used=None, reason=reason)


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize(
    ("file", "tolerance"),
    [
        ("tiny_int8_uint8.tflite", 0.03),
        ("tiny_int8_int8.tflite", 0.03),
        ("tiny_int16x8.tflite", 0.01),
    ],
)
def test_every_input_type_gives_the_float_scores_within_quantization(
    name: str, file: str, tolerance: float, pixels: Pixels, contract: Preprocessing
) -> None:
    engine = engines.loader(name)
    if (name, file) == ("litert-compiled", "tiny_int16x8.tflite"):
        with pytest.raises(ModelLoadError, match="is int16, which CompiledModel takes no arrays"):
            engine.load(MODELS / file, threads=1)
        return
    expected = scores(engine, "tiny_fp32.tflite", pixels, contract)
    assert np.ptp(expected) > 0.5
    assert np.abs(scores(engine, file, pixels, contract) - expected).max() < tolerance


def test_uint8_and_int8_files_of_one_model_agree_exactly(
    pixels: Pixels, contract: Preprocessing
) -> None:
    engine = engines.loader("litert")
    unsigned = scores(engine, "tiny_int8_uint8.tflite", pixels, contract)
    signed = scores(engine, "tiny_int8_int8.tflite", pixels, contract)
    assert np.array_equal(unsigned, signed)


@pytest.mark.parametrize(
    "file", ["tiny_explain_fp32.tflite", "tiny_int8_uint8.tflite", "tiny_int8_int8.tflite"]
)
def test_a_compiled_model_gives_the_interpreters_scores_from_a_file_and_from_its_bytes(
    file: str, pixels: Pixels, contract: Preprocessing
) -> None:
    compiled = engines.loader("litert-compiled")
    expected = scores(engines.loader("litert"), file, pixels, contract)
    np.testing.assert_array_equal(scores(compiled, file, pixels, contract), expected)
    session = compiled.load((MODELS / file).read_bytes(), threads=2)
    encoded = encode(pixels[:1], encoding_table(contract, session.input))
    np.testing.assert_array_equal(scores_of(session, encoded), expected[0])


@pytest.mark.parametrize("file", ["tiny_explain_fp32.tflite", "tiny_explain_int8_uint8.tflite"])
def test_a_compiled_model_gives_the_interpreters_maps(
    file: str, pixels: Pixels, contract: Preprocessing
) -> None:
    given = []
    for name in ("litert", "litert-compiled"):
        session = engines.loader(name).load(MODELS / file, threads=1)
        table = encoding_table(contract, session.input)
        given.append(session.signature("explain").run(encode(pixels[:1], table)))
    interpreter, compiled = given
    assert interpreter.keys() == compiled.keys() == {"scores", "maps"}
    for output, values in interpreter.items():
        np.testing.assert_array_equal(compiled[output], values)
        assert np.ptp(values) > 0


@pytest.mark.parametrize("name", HERE)
def test_what_is_no_model_is_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    engine = engines.loader(name)
    for content, reason in ((b"", "the file is empty"), (b"PK\3\4" * 9, "lacks the mark TFL3")):
        (tmp_path / "bad.tflite").write_bytes(content)
        with pytest.raises(ModelLoadError, match=reason):
            engine.load(tmp_path / "bad.tflite", threads=1)
    with pytest.raises(ModelLoadError, match="No such file"):
        engine.load(tmp_path / "nothing.tflite", threads=1)


@pytest.mark.parametrize(
    ("python", "installed", "numpy", "reason"),
    [
        ((3, 11), True, "1.26.4", None),
        ((3, 11), False, "1.26.4", "is not installed; install it with: pip install"),
        ((3, 12), False, "2.3.0", "no wheel for Python 3.12+"),
        ((3, 13), False, "2.3.0", "no wheel for Python 3.12+"),
        ((3, 11), True, "2.3.0", "breaks with numpy 2.3.0"),
    ],
)
def test_tflite_runtime_says_why_it_is_missing(
    python: tuple[int, int], installed: bool, numpy: str, reason: str | None
) -> None:
    answer = why_not(python, installed, numpy)
    assert (answer is None) if reason is None else (answer is not None and reason in answer)
