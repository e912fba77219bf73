"""Tables of latencies: one benchmark, two side by side, all of them over time."""

from edgetag.benchmarking.compare import Comparison
from edgetag.benchmarking.history import History
from edgetag.benchmarking.result import BenchResult, Latency
from edgetag.reporting.tables import MARKS, NONE, Sheet, format_bytes, format_ms

UNSTABLE = "unstable"
EQUAL = "✓ equal"


def latency_sheets(result: BenchResult) -> tuple[Sheet, ...]:
    """Show every figure with its intervals, and the float model's beside them."""
    headings = (
        "variant", "runtime", "threads", "batch", "runs", "p50 ms", "p90 ms", "p99 ms", "load ms",
        "peak memory", "figure",
    )  # fmt: skip
    rows = [
        (
            found.variant, found.runtime, str(found.threads), str(found.batch), str(found.runs),
            *_cells(found.latency_ms), format_ms(found.load_ms),
            NONE if found.peak_memory_bytes is None else format_bytes(found.peak_memory_bytes),
            "stable" if found.stable else UNSTABLE,
        )
        for found in result.results
    ]  # fmt: skip
    rows += [
        (
            "float model", f"{desktop.engine} on {desktop.device}", "all", str(desktop.batch),
            str(desktop.runs), *_cells(desktop.latency_ms), NONE, NONE,
            "stable" if desktop.stable else UNSTABLE,
        )
        for desktop in result.desktop
    ]  # fmt: skip
    title = f"Latency on {result.machine.cpu}, {result.mode} mode, with 95 % intervals"
    found = (Sheet(title, headings, frozenset(range(2, 10)), tuple(rows)),)
    return (*found, _conditions_sheet(result)) if result.conditions else found


def _cells(latency: Latency) -> tuple[str, str, str]:
    return (
        _with_interval(latency.p50, latency.p50_interval),
        _with_interval(latency.p90, latency.p90_interval),
        _with_interval(latency.p99, latency.p99_interval),
    )


def _with_interval(value: float, interval: tuple[float, float] | None) -> str:
    if interval is None:
        return format_ms(value)
    return f"{format_ms(value)} [{format_ms(interval[0])}, {format_ms(interval[1])}]"


def _conditions_sheet(result: BenchResult) -> Sheet:
    rows = tuple(
        (
            found.runtime, str(found.threads),
            NONE if found.load is None else f"{found.load[0]:.1f} → {found.load[1]:.1f}",
            " → ".join(NONE if mhz is None else f"{mhz:.0f}" for mhz in found.cpu_mhz),
            found.governor or "unknown",
        )
        for found in result.conditions
    )  # fmt: skip
    headings = ("runtime", "threads", "load before → after", "MHz before → after", "governor")
    return Sheet("The machine meanwhile", headings, frozenset({1, 2, 3}), rows)


def ratio_sheets(result: Comparison) -> tuple[Sheet, ...]:
    """Show ratios of medians, the slowest change first, and figures without a partner."""
    rows = tuple(
        (
            found.variant, found.runtime, str(found.threads), "yes" if found.same_file else "no",
            format_ms(found.before_ms), format_ms(found.after_ms),
            f"{found.ratio:.3f}" if found.interval is None
            else f"{found.ratio:.3f} [{found.interval[0]:.3f}, {found.interval[1]:.3f}]",
            "stable" if found.stable else UNSTABLE,
            EQUAL if found.equal and found.verdict == "pass" else MARKS[found.verdict],
        )
        for found in result.ratios
    )  # fmt: skip
    headings = (
        "variant", "runtime", "threads", "same file", "before ms", "after ms", "after ÷ before",
        "figures", "verdict",
    )  # fmt: skip
    title = (
        f"Medians on {result.after_device}, {result.before_mode} mode before and "
        f"{result.after_mode} mode after; at most {result.max_ratio:g} is allowed"
    )
    alone = [(name, "before") for name in result.only_before]
    alone += [(name, "after") for name in result.only_after]
    found = (Sheet(title, headings, frozenset({2, 4, 5, 6}), rows),)
    if not alone:
        return found
    return (*found, Sheet("Only in one of them", ("figure", "which"), frozenset(), tuple(alone)))


def history_sheet(result: History) -> Sheet:
    """Show all figures, the oldest first."""
    rows = tuple(
        (
            found.measured_at, found.device, found.runtime, str(found.threads), found.variant,
            found.sha256[:12], found.mode, format_ms(found.p50_ms), format_ms(found.p90_ms),
            "stable" if found.stable else UNSTABLE,
        )
        for found in result.figures
    )  # fmt: skip
    headings = (
        "measured at", "device", "runtime", "threads", "variant", "SHA-256", "mode", "p50 ms",
        "p90 ms", "figure",
    )  # fmt: skip
    return Sheet("Benchmarks so far", headings, frozenset({3, 7, 8}), rows)
