"""Medians of every benchmark over time, as an SVG file of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from edgetag.benchmarking.history import Figure, History
from edgetag.reporting.plots.drawing import draw_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_IN, HEIGHT_IN = 9.0, 4.5
MARKERS = {"quick": "o", "full": "s"}
SHORTEST_DAYS = 1 / 24
"""An axis shows at least an hour on each side: a single benchmark has a time, and no span."""


def draw_history(history: History) -> str:
    """Return an SVG with one line, of a colour of its own, per device, runtime, threads, variant.

    Args:
        history: An unstable figure is drawn hollow, one of quick mode as a circle, of full mode as
            a square.
    """
    lines = _lines(history)
    height_in = max(HEIGHT_IN, 0.19 * len(lines))
    return draw_file(partial(_paint, lines), width_in=WIDTH_IN, height_in=height_in)


def _paint(lines: Mapping[str, Sequence[Figure]], canvas: Any) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

    axes = canvas.add_subplot()
    for (name, figures), color in zip(lines.items(), _colors(len(lines)), strict=True):
        # Dates as numbers, which an axis of dates shows as dates again.
        times = date2num([datetime.fromisoformat(figure.measured_at) for figure in figures])
        axes.plot(times, [figure.p50_ms for figure in figures], label=name, color=color)
        for time, figure in zip(times, figures, strict=True):
            axes.plot(
                [time],
                [figure.p50_ms],
                marker=MARKERS.get(figure.mode, "o"),
                linestyle="none",
                markeredgecolor=color,
                markerfacecolor=color if figure.stable else "none",
            )
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    if lines:
        _leave_room(axes)
    axes.set_xlabel("UTC", fontsize="small")
    axes.set_ylabel("median latency, ms")
    axes.set_ylim(bottom=0)
    axes.set_title("circles: quick mode, squares: full; hollow: unstable", fontsize="small")
    axes.grid(axis="y", linewidth=0.4)
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)


def _leave_room(axes: "Axes") -> None:
    """Widen the axis of time around what was measured."""
    left, right = axes.dataLim.intervalx
    room = max(SHORTEST_DAYS, 0.05 * (right - left))
    axes.set_xlim(left - room, right + room)


def _lines(history: History) -> dict[str, list[Figure]]:
    """Return the figures of each line, the oldest first; devices are named where there are some."""
    several = len({figure.device for figure in history.figures}) > 1
    lines: dict[str, list[Figure]] = {}
    for figure in sorted(history.figures, key=lambda figure: figure.measured_at):
        name = f"{figure.variant} on {figure.runtime}, {figure.threads} thr., batch {figure.batch}"
        lines.setdefault(f"{name}, {figure.device}" if several else name, []).append(figure)
    return dict(sorted(lines.items()))


def _colors(count: int) -> list[str]:
    """Return colours that all differ: of a palette made to be told apart as long as it lasts."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    for name, size in (("tab10", 10), ("tab20", 20)):
        if count <= size:
            return [to_hex(colormaps[name](place)) for place in range(count)]
    return [to_hex(colormaps["turbo"](place / (count - 1))) for place in range(count)]
