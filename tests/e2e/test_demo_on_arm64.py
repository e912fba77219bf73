"""The released file of integers on an emulated ARM64 that is set up from nothing.

What CI runs to see that the file in `models/demo/*.zip` does on a phone's instruction set what they
do here. It fails where the bundle is missing. EDGETAG_DEMO_BUNDLE names another bundle, to try one
before it is released.
"""

import json
import os
import shutil
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.cache_index import CacheIndex
from edgetag.image_cache import shard_path
from edgetag.machine import cores
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes import Engine, LoadFailure, ScoreRun, engines, score
from edgetag.runtimes.emulation import Target, find
from edgetag.runtimes.emulation.building import set_up
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.targets.counting.one_file import count_file
from edgetag.targets.scoring import Pictures
from tests.support.old_runtime import needs_tflite_runtime
from tests.support.paths import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (shutil.which("apt-get") and shutil.which("dpkg-deb")),
        reason="setting an emulated machine up needs apt-get and dpkg-deb",
    ),
    needs_tflite_runtime,
]
DEMO = ROOT / "models" / "demo"
VARIANT = "int8-narrow75-qat"
RUNTIMES = ("litert", "tflite-runtime")
INPUTS = 16
FAMILY_ON_ARM = {"litert": "litert", "tflite-runtime": "tflite-runtime-reference"}
"""The engine here that computes as one there does, where it has another name: on ARM
tflite-runtime computes integers as its reference kernels do."""


@dataclass(frozen=True)
class Demo:
    """What the bundle holds, unpacked.

    Attributes:
        model: Its file.
        cache: The golden inputs, laid out as an image cache.
        contract: How they become a model's input.
        expected: Family of kernels → scores that the bundle promises, and how far they may be off.
    """

    model: Path
    cache: Path
    contract: Preprocessing
    expected: dict[str, tuple[npt.NDArray[Any], float]]


@dataclass
class Clock:
    """Seconds that each step took."""

    steps: dict[str, float] = field(default_factory=dict)

    def timed(self, name: str, started: float) -> None:
        self.steps[name] = time.monotonic() - started

    def __str__(self) -> str:
        parts = [f"{name} {seconds:.0f} s" for name, seconds in self.steps.items()]
        return f"{', '.join(parts)}; {sum(self.steps.values()):.0f} s in all on {cores()} cores"


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    named = os.environ.get("EDGETAG_DEMO_BUNDLE")
    bundles = [Path(named)] if named else sorted(DEMO.glob("*.zip"))
    assert len(bundles) == 1, f"{DEMO} must hold one bundle, and has {len(bundles)}"
    folder = tmp_path_factory.mktemp("demo")
    with zipfile.ZipFile(bundles[0]) as bundle:
        manifest, golden, contract = (
            json.loads(bundle.read(name))
            for name in ("manifest.json", "golden.json", "preprocessing.json")
        )
        files = {entry["variant"]: entry["file"] for entry in manifest["variants"]}
        assert VARIANT in files, f"{bundles[0]} lacks {VARIANT}"
        model = folder / f"{VARIANT}.tflite"
        model.write_bytes(bundle.read(files[VARIANT]))
        pixels = np.frombuffer(bundle.read(golden["inputs"]), np.uint8).reshape(golden["shape"])
    assert len(pixels) == INPUTS
    return Demo(
        model=model,
        cache=as_cache(pixels, folder / "cache"),
        contract=Preprocessing.model_validate(
            {name: contract[name] for name in Preprocessing.model_fields}
        ),
        expected={
            entry["family"]: (np.array(entry["scores"]), entry["tolerance"])
            for entry in golden["expected"]
            if entry["variant"] == VARIANT
        },
    )


def as_cache(pixels: npt.NDArray[Any], folder: Path) -> Path:
    folder.mkdir()
    np.save(shard_path(folder, 0), pixels)
    size = pixels.shape[1]
    index = CacheIndex(images=INPUTS, input_size=size, shard_images=INPUTS, fingerprint="golden")
    index.write(folder / "index.json")
    return folder


@pytest.fixture(scope="module")
def machine(
    tmp_path_factory: pytest.TempPathFactory, clock: Clock
) -> Iterator[tuple[Target, Path]]:
    """Set ARM64 up from nothing, in a folder of its own."""
    cache, target = tmp_path_factory.mktemp("targets"), find("arm64")
    started = time.monotonic()
    set_up(target, cache, SilentProgress())
    clock.timed("set-up", started)
    yield target, cache
    shutil.rmtree(cache)


def there(machine: tuple[Target, Path], runtime: str) -> Emulated:
    target, cache = machine
    return Emulated(target, runtime, target.cpu(None), cache)


def scores_of(engine: Engine, demo: Demo) -> npt.NDArray[Any]:
    rows = np.arange(INPUTS, dtype=np.int64)
    with SilentProgress().track("score", None) as task:
        run = score(engine, demo.model, demo.cache, rows, demo.contract, 1, task)
    assert isinstance(run, ScoreRun), f"{engine.name}: {run}"
    return run.scores


def test_the_demo_file_scores_on_arm64_as_here_and_as_the_bundle_promises(
    demo: Demo, machine: tuple[Target, Path], clock: Clock
) -> None:
    def compare(runtime: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        here = scores_of(engines.get(FAMILY_ON_ARM[runtime]), demo)
        return scores_of(there(machine, runtime), demo), here

    started = time.monotonic()
    with ThreadPoolExecutor(cores()) as pool:
        compared = list(pool.map(compare, RUNTIMES))
    clock.timed("scores", started)
    for runtime, (arm, here) in zip(RUNTIMES, compared, strict=True):
        promised, tolerance = demo.expected[FAMILY_ON_ARM[runtime]]
        assert np.ptp(here) > 0.1, "the inputs all look alike"
        assert tolerance <= 1e-4  # integers are the same everywhere; scores are computed in float
        assert np.abs(arm - here).max() <= tolerance, runtime
        assert np.abs(arm - promised).max() <= tolerance, runtime


def test_its_instructions_are_the_same_when_counted_again(
    demo: Demo, machine: tuple[Target, Path], clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = Pictures(demo.cache, np.zeros(1, dtype=np.int64), demo.contract)

    def count(runtime: str) -> int:
        counted = count_file(demo.model, there(machine, runtime), pictures)
        assert not isinstance(counted, LoadFailure), f"{runtime}: {counted}"
        return counted[0]

    started = time.monotonic()
    with ThreadPoolExecutor(cores()) as pool:
        litert, tflite_runtime, again = pool.map(count, (*RUNTIMES, RUNTIMES[0]))
    clock.timed("counts", started)
    assert again == litert
    assert 1_000_000 < litert < tflite_runtime  # whose kernels for integers are the older ones
    with capsys.disabled():
        counts = f"{litert / 1e6:.2f} M in LiteRT, {tflite_runtime / 1e6:.2f} M in tflite-runtime"
        print(f"\ndemo file on emulated ARM64: {clock}; instructions: {counts}")
