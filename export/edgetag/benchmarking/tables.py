"""Tables of latencies: one benchmark, two side by side, all of them over time."""

from collections.abc import Callable, Collection, Iterator

from edgetag.benchmarking.compare import Comparison, Ratio
from edgetag.benchmarking.history import History
from edgetag.benchmarking.result import BenchResult, Desktop, Latency, Measurement
from edgetag.tables import (
    MOST_FINDINGS,
    NONE,
    Cell,
    Code,
    Column,
    Decision,
    Number,
    Prose,
    Rows,
    Table,
    decided,
    with_interval,
)
from edgetag.tables.formats import format_bytes, format_fraction, format_ms
from edgetag.tables.lists import failed_since, only_in_one

UNSTABLE = "unstable"
QUICK = "quick mode"
"""Mark of latencies that were measured without `--full`."""


def bench_tables(result: BenchResult) -> tuple[Table, ...]:
    """Return every figure, the machine meanwhile, and what was not measured."""
    return tuple(_of_benchmark(result))


def _of_benchmark(result: BenchResult) -> Iterator[Table]:
    yield latency_table(result)
    if result.conditions:
        yield Rows(result.conditions).table(
            "The machine meanwhile",
            Column("runtime", lambda seen: seen.runtime),
            Number("threads", lambda seen: seen.threads),
            Number(
                "load before → after",
                lambda seen: (
                    None if seen.load is None else f"{seen.load[0]:.1f} → {seen.load[1]:.1f}"
                ),
            ),
            Number(
                "MHz before → after",
                lambda seen: " → ".join(
                    NONE if mhz is None else f"{mhz:.0f}" for mhz in seen.cpu_mhz
                ),
            ),
            Column("governor", lambda seen: seen.governor or "unknown"),
        )
    if result.failures:
        yield Rows(result.failures).table(
            "Not measured",
            Column("variant", lambda failure: failure.variant),
            Column("runtime", lambda failure: failure.runtime),
            Prose("reason", lambda failure: failure.reason),
            most_rows=MOST_FINDINGS,
        )


def latency_table(result: BenchResult, ships: Collection[str] = ()) -> Table:
    """Show every figure with its intervals, and the float model's beside them."""
    mode = QUICK if result.mode == "quick" else ""
    return Rows[Measurement | Desktop]((*result.results, *result.desktop)).table(
        f"Latency on {result.machine.cpu}, {result.mode} mode, with 95 % intervals",
        Column("variant", lambda figure: _name(figure, ships)),
        Column("runtime", _runtime),
        Number("threads", lambda f: "all" if isinstance(f, Desktop) else f.threads),
        Number("batch", lambda figure: figure.batch),
        Number("runs", lambda figure: figure.runs),
        Number("p50", _quantile(lambda ms: (ms.p50, ms.p50_interval)), unit="ms"),
        Number("p90", _quantile(lambda ms: (ms.p90, ms.p90_interval)), unit="ms"),
        Number("p99", _quantile(lambda ms: (ms.p99, ms.p99_interval)), unit="ms"),
        Number(
            "load", lambda f: None if isinstance(f, Desktop) else format_ms(f.load_ms), unit="ms"
        ),
        Number(
            "peak memory",
            lambda f: None if isinstance(f, Desktop) else format_bytes(f.peak_memory_bytes),
        ),
        Number("images/s", _rate, optional=True),
        Number(
            "GPU memory",
            lambda f: format_bytes(f.peak_gpu_bytes) if isinstance(f, Desktop) else None,
            optional=True,
        ),
        Number(
            "per image",
            lambda f: format_fraction(f.joules_per_image) if isinstance(f, Desktop) else None,
            unit="J",
            optional=True,
        ),
        Column("figure", lambda figure: Cell(stability(figure.stable), note=mode)),
    )


def _rate(figure: Measurement | Desktop) -> str | None:
    return f"{figure.images_per_s:.0f}" if isinstance(figure, Desktop) else None


def stability(stable: bool) -> str:
    """Say in a word whether runs spread too much for their figure to be trusted."""
    return "stable" if stable else UNSTABLE


def _name(figure: Measurement | Desktop, ships: Collection[str]) -> Cell:
    if isinstance(figure, Desktop):
        return Cell("float model")
    return Cell(figure.variant, badges=("ships",) if figure.variant in ships else ())


def _runtime(figure: Measurement | Desktop) -> Cell:
    if isinstance(figure, Desktop):
        return Cell(f"{figure.engine} on {figure.device}")
    return Cell(figure.runtime, note=figure.runtime_version)


def _quantile(
    of: Callable[[Latency], tuple[float, tuple[float, float] | None]],
) -> Callable[[Measurement | Desktop], Cell]:
    return lambda figure: with_interval(*of(figure.latency_ms), format_ms)


def comparison_tables(result: Comparison) -> tuple[Table, ...]:
    """Show ratios of medians, the slowest change first, and figures without a partner."""
    ratios = Rows(result.ratios).table(
        f"Medians on {result.before_device} in {result.before_mode} mode before and on "
        f"{result.after_device} in {result.after_mode} mode after; at most {result.max_ratio:g} is "
        "allowed",
        Column("variant", lambda ratio: ratio.variant),
        Column("runtime", lambda ratio: ratio.runtime),
        Number("threads", lambda ratio: ratio.threads),
        Column("same file", lambda ratio: "yes" if ratio.same_file else "no"),
        Number("before", lambda ratio: format_ms(ratio.before_ms), unit="ms"),
        Number("after", lambda ratio: format_ms(ratio.after_ms), unit="ms"),
        Number(
            "after ÷ before",
            lambda ratio: with_interval(ratio.ratio, ratio.interval, format_fraction),
        ),
        Column("figures", lambda ratio: stability(ratio.stable)),
        Number("drift", lambda ratio: format_fraction(ratio.drift, 2), unit="×", optional=True),
        Decision("verdict", _decision),
    )
    return (
        ratios,
        *failed_since(result.failed_after),
        *only_in_one("figure", result.only_before, result.only_after),
    )


def _decision(ratio: Ratio) -> Cell:
    return decided(ratio.verdict, "equal" * (ratio.equal and ratio.verdict == "pass"))


def history_tables(result: History) -> tuple[Table, ...]:
    """Show all figures, the oldest first."""
    table = Rows(result.figures).table(
        "Benchmarks so far",
        Column("measured at", lambda figure: figure.measured_at),
        Column("processor", lambda figure: figure.device),
        Column("runtime", lambda figure: figure.runtime),
        Number("threads", lambda figure: figure.threads),
        Column("variant", lambda figure: figure.variant),
        Code("SHA-256", lambda figure: figure.sha256[:12]),
        Column("mode", lambda figure: figure.mode),
        Number("p50", lambda figure: format_ms(figure.p50_ms), unit="ms"),
        Number("p90", lambda figure: format_ms(figure.p90_ms), unit="ms"),
        Column("figure", lambda figure: stability(figure.stable)),
    )
    return (table,)
