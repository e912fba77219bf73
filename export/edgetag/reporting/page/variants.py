"""The variants side by side: one table, the plots of what accuracy costs, and what did not run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from edgetag.benchmarking.result import Measurement
from edgetag.reporting.page import words
from edgetag.reporting.page.grid import Cell, Column, Grid, cells, decided, with_interval
from edgetag.reporting.page.sources import View
from edgetag.reporting.plots.tradeoff import Candidate, pareto_front, tradeoff
from edgetag.reporting.sheets import QUICK
from edgetag.reporting.tables import NONE
from edgetag.validation.result import VariantVerdict


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
    drop = words.drop(found.map_drop, found.map_drop_interval)
    yield Figure(
        words.mean_ap(found.n_scored_tags), words.fraction(found.map), f"drop {drop} points"
    )
    yield Figure(
        "changed decisions", words.percent(found.flip_rate), f"{words.count(found.flips)} of them"
    )
    yield Figure("file", words.size(found.size_bytes), f"{words.size(found.gzip_bytes)} gzipped")
    if timed := measurement(view, view.bundled):
        p90 = words.milliseconds(timed.latency_ms.p90)
        threads = words.plural(timed.threads, "thread")
        yield Figure(
            "latency, median", f"{words.milliseconds(timed.latency_ms.p50)} ms",
            f"p90 {p90} ms, {timed.runtime}, {threads}{_mode(view)}"
            + ("" if timed.stable else ", unstable"),
        )  # fmt: skip


def _mode(view: View) -> str:
    """Return what is said beside latencies that are but a quick look."""
    bench = view.sources.bench
    return f", {QUICK}" if bench and bench.mode == "quick" else ""


def variants_grid(view: View) -> Grid:
    """Show every variant on the runtime that the report chose, over the split that decides."""
    split, runtime = view.report.split, view.report.runtime
    columns = [
        Column("variant", numeric=False), Column("verdict", numeric=False),
        Column("mAP", note=_over(view, split)), Column("drop of mAP", note="points [interval]"),
        Column("changed", note="decisions"), Column("file"), Column("gzip"),
    ]  # fmt: skip
    if bench := view.sources.bench:
        threads = words.plural(bench.budget_threads, "thread")
        columns.append(Column("p50 / p90", note=f"ms, {threads}{_mode(view)}"))
    rows = tuple(_variant_cells(view, name) for name in view.variants())
    return Grid(f"Variants on {runtime}, split {split}", tuple(columns), rows)


def _over(view: View, split: str) -> str:
    """Name the split, and the number of tags that means are over."""
    scored = next(view.all_scored(), None)
    return f"{split}, {words.plural(scored.n_scored_tags, 'tag')}" if scored else split


def _variant_cells(view: View, name: str) -> tuple[Cell, ...]:
    found = view.scored(name)
    decision = decided(view.decision(name), with_losses=view.with_losses(name))
    row: list[str | Cell] = [_named(view, name), decision]
    if found:
        row += [
            _map(found), _drop(found), words.percent(found.flip_rate),
            words.size(found.size_bytes), words.size(found.gzip_bytes),
        ]  # fmt: skip
    else:
        known = next((one for one in view.report.variants if one.variant == name), None)
        row += [NONE, NONE, NONE]
        row += [words.size(known.size_bytes), words.size(known.gzip_bytes)] if known else [NONE] * 2
    if view.sources.bench:
        row.append(_latency(measurement(view, name)))
    return cells(row)


def _named(view: View, name: str) -> Cell:
    external = any(
        one.origin == "external" for one in view.sources.verdict.variants if one.variant == name
    )
    badges = ("ships",) * (name in view.report.ships) + ("external",) * external
    return Cell(name, badges=badges)


def _map(found: VariantVerdict) -> str:
    return "not scored" if found.map is None else words.fraction(found.map)


def _drop(found: VariantVerdict) -> Cell:
    return with_interval(words.points(found.map_drop), words.interval(found.map_drop_interval))


def _latency(timed: Measurement | None) -> str:
    if timed is None:
        return NONE
    spread = timed.latency_ms
    shown = f"{words.milliseconds(spread.p50)} / {words.milliseconds(spread.p90)}"
    return shown if timed.stable else f"{shown} unstable"


def elsewhere_grid(view: View) -> Grid:
    """Show accuracy on the other runtimes and splits."""
    shown = [
        one for one in view.sources.verdict.variants
        if not (one.decides and one.runtime == view.report.runtime)
    ]  # fmt: skip
    columns = (
        Column("variant", numeric=False), Column("runtime", numeric=False),
        Column("split", numeric=False), Column("verdict", numeric=False), Column("images"),
        Column("scored tags"), Column("mAP"), Column("drop of mAP", note="points [interval]"),
        Column("changed", note="decisions"), Column("calibration error", note="before → after"),
    )  # fmt: skip
    rows = tuple(
        cells([
            _named(view, one.variant), Cell(one.runtime, one.runtime_version),
            Cell(one.split, "decides" if one.decides else "for information"),
            decided(one.verdict), words.count(one.n_images), str(one.n_scored_tags), _map(one),
            _drop(one), words.percent(one.flip_rate),
            f"{words.fraction(one.reference_calibration_error)} → "
            f"{words.fraction(one.calibration_error)}",
        ])
        for one in shown
    )  # fmt: skip
    return Grid("Accuracy on other runtimes and splits", columns, rows)


def speed_grid(view: View) -> Grid:
    """Show latency, load time and memory wherever they were measured."""
    columns = (
        Column("variant", numeric=False), Column("runtime", numeric=False), Column("threads"),
        Column("p50", note="ms"), Column("p90", note="ms"), Column("p99", note="ms"),
        Column("load", note="ms"), Column("peak memory"), Column("runs"),
        Column("figure", numeric=False),
    )  # fmt: skip
    results = view.sources.bench.results if view.sources.bench else ()
    rows = tuple(
        cells([
            _named(view, one.variant), Cell(one.runtime, one.runtime_version), str(one.threads),
            words.milliseconds(one.latency_ms.p50), words.milliseconds(one.latency_ms.p90),
            words.milliseconds(one.latency_ms.p99), words.milliseconds(one.load_ms),
            words.size(one.peak_memory_bytes), words.count(one.runs),
            f"{'stable' if one.stable else 'unstable'}{_mode(view)}",
        ])
        for one in results
    )  # fmt: skip
    return Grid("Latency, load time and memory", columns, rows)


def failures_grid(view: View) -> Grid:
    """Show what a runtime did not run, and why."""
    columns = (
        Column("variant", numeric=False), Column("runtime", numeric=False),
        Column("stage", numeric=False), Column("reason", numeric=False, wide="prose"),
    )  # fmt: skip
    rows = tuple(
        cells([_named(view, one.variant), one.runtime, one.stage, one.reason])
        for one in view.report.failures
    )
    return Grid("Did not run", columns, rows)


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
