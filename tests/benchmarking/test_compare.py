"""Two benchmarks side by side, and the history of all."""

import sqlite3
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edgetag.benchmarking.compare import compare
from edgetag.benchmarking.history import append, read_history
from edgetag.benchmarking.result import BenchResult, Latency, Measurement
from edgetag.errors import ExitCode, InputError
from edgetag.machine import Machine
from edgetag.reporting.plots.history import draw_history

MACHINE = Machine(
    system="Linux", architecture="x86_64", cpu="A CPU", cpu_features=(), cores=2, memory_bytes=None
)


def figure(p50: float, *, stable: bool = True, variant: str = "int8") -> Measurement:
    return Measurement(
        variant=variant, runtime="litert", runtime_version="2", device="A CPU", threads=1,
        runs=200, sha256="ab", stable=stable, load_ms=1, peak_memory_bytes=None, size_bytes=1,
        gzip_bytes=1,
        latency_ms=Latency(
            p50=p50, p90=p50 * 1.1, p99=p50 * 2, p50_interval=(p50 * 0.99, p50 * 1.01)
        ),
    )  # fmt: skip


def result(
    *figures: Measurement, at: str = "2026-01-01T00:00:00+00:00", cores: int = 2
) -> BenchResult:
    return BenchResult(
        machine=MACHINE.model_copy(update={"cores": cores}), measured_at=at,
        budget_runtime="litert", budget_threads=1, results=figures,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("after", "verdict", "code"),
    [
        (1.0, "pass", ExitCode.ACCEPTED),
        (1.05, "pass", ExitCode.ACCEPTED),
        (1.1, "undecided", ExitCode.UNDECIDED),
        (1.2, "fail", ExitCode.BUDGET_BROKEN),
    ],
)
def test_the_interval_of_the_ratio_decides(after: float, verdict: str, code: ExitCode) -> None:
    found = compare(result(figure(1.0)), result(figure(after)), 1.1)
    (ratio,) = found.ratios
    assert ratio.ratio == pytest.approx(after)
    assert ratio.interval is not None
    assert ratio.interval[0] < after < ratio.interval[1]
    assert (ratio.verdict, found.exit_code) == (verdict, code)


def test_an_unstable_figure_decides_nothing() -> None:
    found = compare(result(figure(1.0, stable=False)), result(figure(9.0)), 1.1)
    assert found.ratios[0].verdict == "undecided"


def test_other_kinds_of_machine_are_refused_unless_asked_for() -> None:
    here, there = result(figure(1.0)), result(figure(1.0), cores=8)
    with pytest.raises(InputError, match="other kinds of machine: A CPU with 2 cores"):
        compare(here, there, 1.1)
    assert compare(here, there, 1.1, other_machine=True).ratios


def test_figures_without_a_partner_are_named() -> None:
    found = compare(result(figure(1.0)), result(figure(1.0, variant="fp16")), 1.1)
    assert found.only_before == ("int8 on litert, 1 threads, batch 1",)
    assert found.only_after == ("fp16 on litert, 1 threads, batch 1",)
    assert found.exit_code is ExitCode.UNDECIDED


def test_history_grows_by_each_benchmark_once(tmp_path: Path) -> None:
    path = tmp_path / "bench" / "history.sqlite"
    first, second = result(figure(1.0)), result(figure(2.0), at="2026-01-02T00:00:00+00:00")
    for one in (first, second, first):
        append(path, one)
    found = read_history(path).figures
    assert [one.p50_ms for one in found] == [1.0, 2.0]
    assert found[0].device == "A CPU"
    assert found[0].sha256 == "ab"


def test_the_plot_has_a_line_per_file_and_runtime(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    for day in range(1, 4):
        at = f"2026-01-0{day}T00:00:00+00:00"
        append(path, result(figure(day), figure(2.0, variant="fp32", stable=False), at=at))
    drawn = draw_history(read_history(path))
    root = ElementTree.fromstring(drawn)  # noqa: S314 - our own
    text = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert "int8 on litert, 1 thr., batch 1" in text
    assert "fp32 on litert, 1 thr., batch 1" in text
    assert draw_history(read_history(path)) == drawn


def test_a_history_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing; run: edgetag bench"):
        read_history(tmp_path / "none.sqlite")
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(b"no database" * 100)
    with pytest.raises(InputError, match="not a usable history"):
        append(damaged, result(figure(1.0)))
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE latency (x INTEGER)")
    database.close()
    with pytest.raises(InputError, match="not a usable history"):
        read_history(other)
