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


def bench(
    street: Street, folder: Run, settings: Settings = SETTINGS, **more: object
) -> PhonesResult:
    """Measure on all phones, and check that what is returned is what was written."""
    options = replace(Options(settings, tool=street.tool), **more)  # type: ignore[arg-type]
    result = run(*folder, SilentProgress(), options)
    path = folder[1].bench / "phones.json"
    assert PhonesResult.read(path, "phone bench RECIPE") == result
    return result
