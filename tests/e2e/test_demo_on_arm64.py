"""The released int8 and float files on an emulated ARM64 that is set up from nothing.

What CI runs to see that the files of `models/demo/*.zip` do on a phone's instruction set what they
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

from edgetag.image_cache import CacheIndex, shard_path
from edgetag.machine import cores
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes import Engine, LoadFailure, ScoreRun, engines, score
from edgetag.runtimes.emulation import Target, find
from edgetag.runtimes.emulation.building import set_up
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.targets.counting.one_file import count_file
from edgetag.targets.scoring import Pictures
from edgetag.workspace import write_text
from tests.support.paths import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (shutil.which("apt-get") and shutil.which("dpkg-deb")),
        reason="setting an emulated machine up needs apt-get and dpkg-deb",
    ),
    pytest.mark.skipif(
        engines.get("tflite-runtime").available() is not None,
        reason="tflite-runtime has no wheel for this Python",
    ),
]
DEMO = ROOT / "models" / "demo"
VARIANTS = ("int8-qat", "fp16")
RUNTIMES = ("litert", "tflite-runtime")
INPUTS = 16
FAMILY_ON_ARM = {
    ("int8-qat", "tflite-runtime"): "tflite-runtime-reference",
}
"""The engine here that computes as one there does, where it has another name: on ARM
tflite-runtime computes integers as its reference kernels do."""

Place = tuple[str, str]
"""A variant and a runtime."""

PLACES: tuple[Place, ...] = tuple((v, r) for v in VARIANTS for r in RUNTIMES)
AGAIN = (PLACES[0], PLACES[-1])
"""What is counted twice: each file once more, and on each runtime once more."""


@dataclass(frozen=True)
class Demo:
    """What the bundle holds, unpacked.

    Attributes:
        models: Variant → its file.
        cache: The golden inputs, laid out as an image cache.
        contract: How they become a model's input.
        expected: Variant and family of kernels → scores that the bundle promises, and how far
            they may be off.
    """

    models: dict[str, Path]
    cache: Path
    contract: Preprocessing
    expected: dict[Place, tuple[npt.NDArray[Any], float]]


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
        files = {one["variant"]: one["file"] for one in manifest["variants"]}
        assert set(VARIANTS) <= set(files), f"{bundles[0]} lacks one of {VARIANTS}"
        for variant in VARIANTS:
            (folder / f"{variant}.tflite").write_bytes(bundle.read(files[variant]))
        pixels = np.frombuffer(bundle.read(golden["inputs"]), np.uint8).reshape(golden["shape"])
    assert len(pixels) == INPUTS
    return Demo(
        models={variant: folder / f"{variant}.tflite" for variant in VARIANTS},
        cache=as_cache(pixels, folder / "cache"),
        contract=Preprocessing.model_validate(
            {name: contract[name] for name in Preprocessing.model_fields}
        ),
        expected={
            (one["variant"], one["family"]): (np.array(one["scores"]), one["tolerance"])
            for one in golden["expected"]
        },
    )


def as_cache(pixels: npt.NDArray[Any], folder: Path) -> Path:
    folder.mkdir()
    np.save(shard_path(folder, 0), pixels)
    size = pixels.shape[1]
    index = CacheIndex(images=INPUTS, input_size=size, shard_images=INPUTS, fingerprint="golden")
    write_text(folder / "index.json", index.to_json())
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


def scores_of(engine: Engine, demo: Demo, variant: str) -> npt.NDArray[Any]:
    rows = np.arange(INPUTS, dtype=np.int64)
    with SilentProgress().track("score", None) as task:
        found = score(engine, demo.models[variant], demo.cache, rows, demo.contract, 1, task)
    assert isinstance(found, ScoreRun), f"{variant} on {engine.name}: {found}"
    return found.scores


def test_the_demo_files_score_on_arm64_as_here_and_as_the_bundle_promises(
    demo: Demo, machine: tuple[Target, Path], clock: Clock
) -> None:
    def compare(place: Place) -> tuple[Place, npt.NDArray[Any], npt.NDArray[Any]]:
        variant, runtime = place
        family = FAMILY_ON_ARM.get(place, runtime)
        here = scores_of(engines.get(family), demo, variant)
        return place, scores_of(there(machine, runtime), demo, variant), here

    started = time.monotonic()
    with ThreadPoolExecutor(cores()) as pool:
        found = list(pool.map(compare, PLACES))
    clock.timed("scores", started)
    for place, arm, here in found:
        promised, tolerance = demo.expected[place[0], FAMILY_ON_ARM.get(place, place[1])]
        assert np.ptp(here) > 0.1, f"{place}: the inputs all look alike"
        assert np.abs(arm - here).max() <= tolerance, place
        assert np.abs(arm - promised).max() <= tolerance, place
        if place[0] == "int8-qat":
            assert tolerance == 0
            assert np.array_equal(arm, here), place


def test_their_instructions_are_the_same_when_counted_again(
    demo: Demo, machine: tuple[Target, Path], clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = Pictures(demo.cache, np.zeros(1, dtype=np.int64), demo.contract)

    def count(place: Place) -> int:
        variant, runtime = place
        found = count_file(demo.models[variant], there(machine, runtime), pictures)
        assert not isinstance(found, LoadFailure), f"{place}: {found}"
        return found[0]

    started = time.monotonic()
    with ThreadPoolExecutor(cores()) as pool:
        counts = list(pool.map(count, PLACES + AGAIN))
    clock.timed("counts", started)
    first = dict(zip(PLACES, counts, strict=False))
    again = dict(zip(AGAIN, counts[len(PLACES) :], strict=True))
    assert again == {place: first[place] for place in AGAIN}
    assert min(first.values()) > 1_000_000, first
    assert first["int8-qat", "litert"] < first["fp16", "litert"]
    with capsys.disabled():
        millions = {f"{v} on {r}": f"{number / 1e6:.2f} M" for (v, r), number in first.items()}
        print(f"\ndemo files on emulated ARM64: {clock}; instructions: {millions}")
