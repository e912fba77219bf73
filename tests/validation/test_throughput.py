"""Timing scoring beside the bare interpreter, as it really runs."""

from pathlib import Path

import pytest

from edgetag.catalogue.engines import DEFAULT_RUNTIMES
from edgetag.errors import InputError
from edgetag.machine import Acceleration
from edgetag.progress import SilentProgress
from edgetag.reporting.results import tables_of
from edgetag.runtimes import engines
from edgetag.validation.rate import RateFailure, RuntimeRate, ScoringRate
from edgetag.validation.throughput import measure
from tests.support.made_results import MACHINE
from tests.support.paths import MODELS
from tests.support.run_folders import write_export
from tests.support.tiny_run import RunFolder, make_run_folder

HERE = [name for name in DEFAULT_RUNTIMES if engines.get(name).available() is None]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_run_folder(tmp_path)


@pytest.mark.slow
def test_both_are_timed_on_every_runtime(folder: RunFolder) -> None:
    rate = measure(folder.recipe, folder.workspace, SilentProgress(), "int8", images=300, rounds=2)
    assert (rate.variant, rate.images, rate.rounds) == ("int8", 300, 2)
    assert [found.runtime for found in rate.rates] == HERE
    for found in rate.rates:
        assert found.ratio == found.validate_images_per_s / found.bare_images_per_s
        assert 0 < found.ratios[0] <= found.ratios[1]
        # A tiny model makes the loop around it look large; a real one is measured in the README.
        assert 0.05 < found.cpu_ratio < 2
        assert found.start_s > 0
        assert found.accelerator == Acceleration(requested="cpu", used="cpu")
    assert ScoringRate.from_json(rate.to_json(), "rate") == rate
    assert not folder.workspace.validate.exists()
    table, *_ = tables_of(rate)
    assert [row[0] for row in table.texts] == HERE
    assert {len(row) for row in table.texts} == {len(table.headings)}


@pytest.mark.slow
def test_a_file_that_does_not_load_is_a_failure_with_its_reason(folder: RunFolder) -> None:
    cut = (MODELS / "tiny_fp32.tflite").read_bytes()[:200]
    folder.replace_model("fp32", cut)
    rate = measure(folder.recipe, folder.workspace, SilentProgress(), "fp32", images=2, rounds=1)
    assert not rate.rates
    assert {failure.runtime for failure in rate.failures} >= set(HERE)
    assert all(failure.reason for failure in rate.failures)
    for failure in rate.failures:
        assert failure.accelerator is not None
        assert failure.accelerator.used is None
        assert failure.accelerator.reason in failure.reason
    assert tables_of(rate)[1].title == "Not timed"


def test_an_unknown_variant_and_a_changed_file_are_refused(folder: RunFolder) -> None:
    with pytest.raises(InputError, match="it lists no fp16, only fp32, int8"):
        measure(folder.recipe, folder.workspace, SilentProgress(), "fp16")
    file = folder.workspace.export / "int8.tflite"
    write_export(folder.workspace)
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(InputError, match="has changed since it was made"):
        measure(folder.recipe, folder.workspace, SilentProgress(), "int8")


def test_rates_are_told_in_whole_images_and_ratios_to_hundredths() -> None:
    timed = RuntimeRate(
        runtime="litert",
        runtime_version="2",
        bare_images_per_s=1234.4,
        validate_images_per_s=1111.6,
        ratio=0.901,
        ratios=(0.876, 0.934),
        cpu_ratio=0.957,
        start_s=0.349,
    )
    made = ScoringRate(
        variant="int8", images=300, processes=2, rounds=3, machine=MACHINE, rates=(timed,)
    )
    (table,) = tables_of(made)
    assert table.title.endswith("at least 0.85 is promised")
    assert [list(row) for row in table.texts] == [
        ["litert", "1234", "1112", "0.90", "0.88 to 0.93", "0.96", "0.3 s"]
    ]
    lacking = RateFailure(runtime="tflite-runtime", reason="not installed")
    _, not_timed = tables_of(made.replace(failures=(lacking,)))
    assert [list(row) for row in not_timed.texts] == [["tflite-runtime", "not installed"]]
