"""Exported files in MediaPipe's ImageClassifier, the real package in an environment of its own.

mediapipe cannot share edgetag's environment (it needs numpy 2). Its versions are pinned by
mediapipe.lock, made from mediapipe.in:

    uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        tests/e2e/mediapipe.in -o tests/e2e/mediapipe.lock

Its library links against libEGL.so.1 and libGLESv2.so.2: Debian packages libegl1 and libgles2.
"""

import json
import os
import shutil
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert.interpreter import Interpreter

from edgetag.preprocess import preprocess, scale
from edgetag.recipe import NetworkSection
from edgetag.tags import Vocabulary
from tests.support.programs import captured
from tests.support.tiny_network import SIZE, build_tiny

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow, pytest.mark.timeout(600)]

HERE = Path(__file__).parent
NETWORK = NetworkSection(name="model3", input_size=SIZE)
TAGS = ("cat", "food", "vehicle", "school uniform", "眼鏡")


@pytest.fixture(scope="module")
def mediapipe_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment that has mediapipe."""
    if not (find_library("EGL") and find_library("GLESv2")) and "CI" not in os.environ:
        pytest.skip("MediaPipe needs Debian's packages libegl1 and libgles2")
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert uv, "uv is missing; install it with: pip install 'edgetag[dev]'"
    folder = tmp_path_factory.mktemp("mediapipe") / "venv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    lock = HERE / "mediapipe.lock"
    install: list[str | Path] = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--python",
        python,
        "--require-hashes",
    ]
    subprocess.run([*install, "--requirement", lock], check=True)
    return python


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the float32 and the uint8 file of one network whose scores differ between tags."""
    from edgetag.conversion.convert import convert, saved
    from edgetag.conversion.metadata import ModelInfo, attach
    from edgetag.conversion.representative import with_full_range

    model, contract = build_tiny(), NETWORK.preprocessing()
    kernel, bias = model.get_layer("cam").get_weights()
    model.get_layer("cam").set_weights([kernel, bias + np.linspace(-2, 2, len(TAGS))])
    info = ModelInfo("e2e", "For tests.", "", "", Vocabulary(TAGS), contract)
    images = with_full_range(np.stack([photo("coffee.png"), photo("astronaut.png")]))
    folder = tmp_path_factory.mktemp("models")
    with saved(model) as on_disk:
        for variant in ("fp32", "int8"):
            data = attach(convert(on_disk, variant, contract, representative=images), info)
            (folder / f"{variant}.tflite").write_bytes(data)
    return [folder / "fp32.tflite", folder / "int8.tflite"]


def photo(name: str) -> npt.NDArray[Any]:
    import skimage

    return preprocess(Path(skimage.__file__).parent / "data" / name, NETWORK.preprocessing())


def own_scores(model: Path, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    interpreter = Interpreter(model_path=str(model))
    interpreter.allocate_tensors()
    image, output = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    plain = image["dtype"] == np.uint8
    interpreter.set_tensor(
        image["index"], (pixels if plain else scale(pixels, NETWORK.preprocessing()))[None]
    )
    interpreter.invoke()
    scores = interpreter.get_tensor(output["index"])[0]
    step, zero = output["quantization"]
    return (scores.astype(np.float32) - zero) * step if plain else scores


def test_mediapipe_gives_the_tags_and_our_scores(
    mediapipe_python: Path, models: list[Path], tmp_path: Path
) -> None:
    pixels = photo("chelsea.png")  # already letterboxed: mediapipe would stretch it
    np.save(tmp_path / "pixels.npy", pixels)
    script = HERE / "mediapipe_classify.py"
    done = captured([mediapipe_python, script, tmp_path / "pixels.npy", *models], timeout=120)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 2
    for model, answer in zip(models, answers, strict=True):
        assert tuple(name for name, _ in answer) == TAGS
        expected = own_scores(model, pixels)
        assert np.ptp(expected) > 0.3
        np.testing.assert_allclose([s for _, s in answer], expected, atol=1 / 256)
