"""The variants side by side: one table, the plots of what accuracy costs, and what did not run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from edgetag.benchmarking.result import Measurement
from edgetag.benchmarking.tables import QUICK, latency_table
from edgetag.phones.tables import phone_tables
from edgetag.reporting.environment import least_runs
from edgetag.reporting.page import words
from edgetag.reporting.page.view import Values, View
from edgetag.reporting.plots.tradeoff import Candidate, pareto_front, tradeoff
from edgetag.reporting.tables import failures_table, shown_variants_table
from edgetag.tables import Table
from edgetag.tables.formats import (
    counted,
    format_bytes,
    format_count,
    format_fraction,
    format_ms,
    format_percent,
    format_points,
)
from edgetag.targets.tables import check_table, count_table
from edgetag.validation.heat_map_tables import heat_map_tags_table, heat_maps_table
from edgetag.validation.result import VariantVerdict
from edgetag.validation.tables import agreements_table, scores_table

MOST_ROWS = 100
"""Rows that are shown of a table that a large vocabulary or many phones could make long."""


@dataclass(frozen=True)
class Plot:
    """A plot with its caption."""

    title: str
    svg: Markup
    caption: str = ""


@dataclass(frozen=True)
class Figure:
    """One number of the file that the app ships, large on the page."""

    name: str
    value: str
    note: str


def measurement(view: View, variant: str) -> Measurement | None:
    """Return the latency that is shown first: on the shown runtime, as many threads as budgets."""
    bench = view.sources.bench
    return bench.find(variant, view.report.runtime, bench.budget_threads) if bench else None


def figures(view: View) -> Iterator[Figure]:
    """Yield what to know about the file that the app ships."""
    entry = view.scored(view.bundled)
    if not entry:
        return
    drop = format_points(entry.map_drop, entry.map_drop_interval)
    yield Figure(
        words.mean_ap(entry.n_scored_tags), format_fraction(entry.map), f"drop {drop} points"
    )
    yield Figure(
        "changed decisions", format_percent(entry.flip_rate), f"{format_count(entry.flips)} of them"
    )
    yield Figure(
        "file", format_bytes(entry.size_bytes), f"{format_bytes(entry.gzip_bytes)} gzipped"
    )
    if timed := measurement(view, view.bundled):
        p90 = format_ms(timed.latency_ms.p90)
        threads = counted(timed.threads, "thread")
        yield Figure(
            "latency, median",
            f"{format_ms(timed.latency_ms.p50)} ms",
            f"p90 {p90} ms, {timed.runtime}, {threads}{_mode(view)}"
            + ("" if timed.stable else ", unstable"),
        )


def _mode(view: View) -> str:
    """Return what is said beside latencies that are but a quick look."""
    bench = view.sources.bench
    return f", {QUICK}" if bench and bench.mode == "quick" else ""


def elsewhere_table(view: View) -> Table:
    """Show accuracy on the other runtimes and splits."""
    shown = [
        entry
        for entry in view.sources.verdict.variants
        if not (entry.decides and entry.runtime == view.report.runtime)
    ]
    return scores_table("Accuracy on other runtimes and splits", shown, view.report.ships)


def tradeoff_plots(view: View) -> Iterator[Plot]:
    """Yield accuracy against latency, size and download; a plot without points is left out."""
    runtime = view.report.runtime

    def latency(entry: VariantVerdict) -> float | None:
        timed = measurement(view, entry.variant)
        return timed.latency_ms.p50 if timed else None

    costs: tuple[tuple[str, str, Callable[[VariantVerdict], float | None]], ...] = (
        ("latency", f"median latency, ms, {runtime}", latency),
        ("file size", "file, MB", lambda entry: entry.size_bytes / 1e6),
        ("download size", "file after gzip, MB", lambda entry: entry.gzip_bytes / 1e6),
    )
    for number, (what, axis, cost) in enumerate(costs):
        candidates = list(_candidates(view, cost))
        scored = next(view.all_scored(), None)
        if not candidates or scored is None:
            continue
        front = ", ".join(candidate.label for candidate in pareto_front(candidates))
        svg = tradeoff(
            candidates,
            view.sources.verdict.reference.map.get(view.report.split),
            axis=axis,
            measure=words.mean_ap(scored.n_scored_tags),
            name=f"tradeoff{number}",
            label=f"Mean average precision against {what}. Pareto front: {front}.",
        )
        yield Plot(f"Accuracy and {what}", svg, f"Pareto front: {front}")


def _candidates(view: View, cost: Callable[[VariantVerdict], float | None]) -> Iterator[Candidate]:
    """Yield what is scored and has the cost; the interval is the drop's, around the accuracy."""
    for name in view.variants():
        entry = view.scored(name)
        value = cost(entry) if entry else None
        if entry is None or value is None or entry.map is None:
            continue
        interval = None
        if entry.map_drop is not None and entry.map_drop_interval:
            low, high = entry.map_drop_interval
            whole = entry.map + entry.map_drop
            interval = (whole - high, whole - low)
        yield Candidate(name, value, entry.map, interval)


def section(view: View) -> Values:
    """Return what the section shows."""
    verdict, bench, targets = view.sources.verdict, view.sources.bench, view.sources.targets
    phones = phone_tables(view.sources.phones) if view.sources.phones else ()
    return {
        "deciding": next(view.all_scored(), None),
        "variants": shown_variants_table(view.report, bench.budget_threads if bench else 1),
        "tradeoffs": list(tradeoff_plots(view)),
        "elsewhere": elsewhere_table(view),
        "agreements": agreements_table(verdict.agreements, verdict.confidence),
        "least_runs": least_runs(bench) if bench else 0,
        "speed": latency_table(bench, view.report.ships) if bench else None,
        "heat_maps": heat_maps_table(verdict),
        "heat_map_tags": [
            heat_map_tags_table(entry.variant, entry.heat_maps).first(MOST_ROWS)
            for entry in verdict.variants
            if entry.heat_maps and entry.runtime == view.report.runtime
        ],
        "failures": failures_table(view.report.failures),
        "checks": check_table(targets) if targets and targets.checks else None,
        "counts": count_table(targets) if targets and targets.tried else None,
        "phones": [table.first(MOST_ROWS) for table in phones],
    }
