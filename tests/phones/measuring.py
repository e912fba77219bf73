"""A benchmark as its tests run it."""

from dataclasses import replace

from edgetag.phones.result import PhonesResult
from edgetag.phones.settings import Options, Settings
from edgetag.phones.stage import run
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace
from tests.phones.street import Street

Run = tuple[Recipe, Workspace]
SETTINGS = Settings(threads=(1,), warmup_runs=5, runs=50, min_s=0.5, max_s=10, rounds=1)


DIGEST = "a" * 64
ANSWER: dict[str, object] = {
    "schema": "edgetag.phone-scores/1.1",
    "model_sha256": DIGEST,
    "tags": ["cat", "dog"],
    "device": {"manufacturer": "Google", "model": "Pixel 8", "sdk": 35, "soc": ""},
    "engine": {
        "name": "LiteRT",
        "version": "2",
        "threads": 4,
        "delegate": "cpu",
        "requested_delegate": "cpu",
        "fell_back": "",
    },
    "self_test": {"passed": True, "family": "litert", "max_difference": 0},
    "load_ms": 12,
    "latency_ms": {"warmup_runs": 3, "runs": 50, "p50": 2.5, "p90": 3, "p99": 4.5},
    "images": [{"name": "1", "scores": [0, 1]}, {"name": "0", "scores": [0.25, 0.5]}],
}
"""What an app writes of a file with this digest, over two images."""


def bench(
    street: Street, folder: Run, settings: Settings = SETTINGS, **more: object
) -> PhonesResult:
    """Measure on all phones, and check that what is returned is what was written."""
    options = replace(Options(settings, tool=street.tool), **more)  # type: ignore[arg-type]
    result = run(*folder, SilentProgress(), options)
    path = folder[1].bench / "phones.json"
    assert PhonesResult.read(path, "phone bench RECIPE") == result
    return result
