"""The variants side by side: one table, the plots of what accuracy costs, and what did not run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from edgetag.benchmarking.result import Measurement
from edgetag.benchmarking.tables import QUICK
from edgetag.reporting.page import words
from edgetag.reporting.page.sources import View
from edgetag.reporting.plots.tradeoff import Candidate, pareto_front, tradeoff
from edgetag.tables import NONE, Cell, Column, Decision, Number, Rows, Table, decided, with_interval
from edgetag.tables.formats import (
    format_bytes,
    format_count,
    format_fraction,
    format_mean,
    format_ms,
    format_percent,
    format_points,
)
from edgetag.validation.result import VariantVerdict
from edgetag.validation.tables import scores_table, variant_cell


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
    found = view.scored(view.bundled)
    if not found:
        return
    drop = format_points(found.map_drop, found.map_drop_interval)
    yield Figure(
        words.mean_ap(found.n_scored_tags), format_fraction(found.map), f"drop {drop} points"
    )
    yield Figure(
        "changed decisions", format_percent(found.flip_rate), f"{format_count(found.flips)} of them"
    )
    yield Figure(
        "file", format_bytes(found.size_bytes), f"{format_bytes(found.gzip_bytes)} gzipped"
    )
    if timed := measurement(view, view.bundled):
        p90 = format_ms(timed.latency_ms.p90)
        threads = words.plural(timed.threads, "thread")
        yield Figure(
            "latency, median", f"{format_ms(timed.latency_ms.p50)} ms",
            f"p90 {p90} ms, {timed.runtime}, {threads}{_mode(view)}"
            + ("" if timed.stable else ", unstable"),
        )  # fmt: skip


def _mode(view: View) -> str:
    """Return what is said beside latencies that are but a quick look."""
    bench = view.sources.bench
    return f", {QUICK}" if bench and bench.mode == "quick" else ""


def variants_table(view: View) -> Table:
    """Show every variant on the runtime that the report chose, over the split that decides."""
    split, bench = view.report.split, view.sources.bench
    threads = words.plural(bench.budget_threads, "thread") if bench else ""
    latency = Number[str](
        "p50 / p90", lambda name: _latency(measurement(view, name)), unit="ms",
        note=f"{threads}{_mode(view)}",
    )  # fmt: skip
    return Rows(view.variants()).table(
        f"Variants on {view.report.runtime}, split {split}",
        Column("variant", lambda name: _named(view, name)),
        Number("mAP", lambda name: _map(view.scored(name)), note=_over(view, split)),
        Number("drop of mAP", lambda name: _drop(view.scored(name)), note="points [interval]"),
        Number("flips", lambda name: _flips(view.scored(name))),
        Number("file", lambda name: format_bytes(_size(view, name)[0])),
        Number("gzip", lambda name: format_bytes(_size(view, name)[1])),
        *((latency,) if bench else ()),
        Decision(
            "verdict",
            lambda name: decided(view.decision(name), with_losses=view.with_losses(name)),
        ),
    )


def _over(view: View, split: str) -> str:
    """Name the split, and the number of tags that means are over."""
    scored = next(view.all_scored(), None)
    return f"{split}, {words.plural(scored.n_scored_tags, 'tag')}" if scored else split


def _size(view: View, name: str) -> tuple[int | None, int | None]:
    known = view.scored(name) or next(
        (row for row in view.report.variants if row.variant == name), None
    )
    return (known.size_bytes, known.gzip_bytes) if known else (None, None)


def _named(view: View, name: str) -> Cell:
    entry = next((one for one in view.sources.verdict.variants if one.variant == name), None)
    return variant_cell(entry, view.report.ships) if entry else Cell(name)


def _map(found: VariantVerdict | None) -> str:
    return format_mean(found.map) if found else NONE


def _drop(found: VariantVerdict | None) -> Cell | None:
    return with_interval(found.map_drop, found.map_drop_interval) if found else None


def _flips(found: VariantVerdict | None) -> str:
    return format_percent(found.flip_rate if found else None)


def _latency(timed: Measurement | None) -> str:
    if timed is None:
        return NONE
    shown = f"{format_ms(timed.latency_ms.p50)} / {format_ms(timed.latency_ms.p90)}"
    return shown if timed.stable else f"{shown} unstable"


def elsewhere_table(view: View) -> Table:
    """Show accuracy on the other runtimes and splits."""
    shown = [
        one
        for one in view.sources.verdict.variants
        if not (one.decides and one.runtime == view.report.runtime)
    ]
    return scores_table("Accuracy on other runtimes and splits", shown, view.report.ships)


def tradeoff_plots(view: View) -> Iterator[Plot]:
    """Yield accuracy against latency, size and download; a plot without points is left out."""
    runtime = view.report.runtime

    def latency(found: VariantVerdict) -> float | None:
        timed = measurement(view, found.variant)
        return timed.latency_ms.p50 if timed else None

    costs: tuple[tuple[str, str, Callable[[VariantVerdict], float | None]], ...] = (
        ("latency", f"median latency, ms, {runtime}", latency),
        ("file size", "file, MB", lambda found: found.size_bytes / 1e6),
        ("download size", "file after gzip, MB", lambda found: found.gzip_bytes / 1e6),
    )
    for number, (what, axis, cost) in enumerate(costs):
        candidates = list(_candidates(view, cost))
        scored = next(view.all_scored(), None)
        if not candidates or scored is None:
            continue
        front = ", ".join(one.label for one in pareto_front(candidates))
        svg = tradeoff(
            candidates, view.sources.verdict.reference.map.get(view.report.split), axis=axis,
            measure=words.mean_ap(scored.n_scored_tags), name=f"tradeoff{number}",
            label=f"Mean average precision against {what}. Pareto front: {front}.",
        )  # fmt: skip
        yield Plot(f"Accuracy and {what}", svg, f"Pareto front: {front}")


def _candidates(view: View, cost: Callable[[VariantVerdict], float | None]) -> Iterator[Candidate]:
    """Yield what is scored and has the cost; the interval is the drop's, around the accuracy."""
    for name in view.variants():
        found = view.scored(name)
        value = cost(found) if found else None
        if found is None or value is None or found.map is None:
            continue
        interval = None
        if found.map_drop is not None and found.map_drop_interval:
            low, high = found.map_drop_interval
            whole = found.map + found.map_drop
            interval = (whole - high, whole - low)
        yield Candidate(name, value, found.map, interval)
