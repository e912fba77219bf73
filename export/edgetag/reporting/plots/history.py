"""Medians of every benchmark over time, as an SVG file of its own."""

import io
from datetime import datetime
from itertools import groupby

from edgetag.benchmarking.history import Figure, History

WIDTH_IN, HEIGHT_IN = 9.0, 4.5
MARKERS = {"quick": "o", "full": "s"}


def draw_history(history: History) -> str:
    """Return an SVG with one line per device, runtime, threads and variant.

    Args:
        history: An unstable figure is drawn hollow, one of quick mode as a circle, of full mode as
            a square.
    """
    from matplotlib import style
    from matplotlib.dates import date2num
    from matplotlib.figure import Figure as Canvas

    with style.context(["default", {"svg.hashsalt": "edgetag", "svg.fonttype": "none"}]):
        canvas = Canvas(figsize=(WIDTH_IN, HEIGHT_IN), layout="constrained")
        axes = canvas.add_subplot()
        for name, figures in groupby(sorted(history.figures, key=_key), key=_name):
            line = list(figures)
            # Dates as numbers, which an axis of dates shows as dates again.
            times = date2num([datetime.fromisoformat(found.measured_at) for found in line])
            (drawn,) = axes.plot(times, [found.p50_ms for found in line], label=name)
            for time, found in zip(times, line, strict=True):
                fill = drawn.get_color() if found.stable else "none"
                axes.plot(
                    [time], [found.p50_ms], marker=MARKERS.get(found.mode, "o"), linestyle="none",
                    markeredgecolor=drawn.get_color(), markerfacecolor=fill,
                )  # fmt: skip
        axes.set_ylabel("median latency, ms")
        axes.set_ylim(bottom=0)
        axes.set_title("circles: quick mode, squares: full; hollow: unstable", fontsize="small")
        axes.grid(axis="y", linewidth=0.4)
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
        axes.xaxis_date()
        canvas.autofmt_xdate()
        text = io.StringIO()
        canvas.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _key(found: Figure) -> tuple[str, str]:
    return _name(found), found.measured_at


def _name(found: Figure) -> str:
    return f"{found.variant} on {found.runtime}, {found.threads} thr., batch {found.batch}"
