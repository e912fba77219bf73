"""The front as a picture: accuracy against cost."""

from pathlib import Path

from edgetag.reporting.plots.drawing import standalone
from edgetag.reporting.plots.tradeoff import Candidate, tradeoff
from edgetag.search.result import SearchResult
from edgetag.workspace import write_text

AXES = {
    "multiplications": ("multiplications, millions", 1e6),
    "latency_ms": ("median latency, ms", 1.0),
    "arm_instructions": ("ARM instructions, millions", 1e6),
    "size_bytes": ("size, MB", 1e6),
    "gzip_bytes": ("size after gzip, MB", 1e6),
}
MOST_SHOWN = 12
"""Names that fit beside the plot."""


def draw_front(result: SearchResult, path: Path) -> None:
    """Write the plot of final trials, those of the front first; nothing where there are none."""
    final = [each for each in result.trials if each.is_final and each.accuracy >= 0]
    final.sort(key=lambda each: (each.name not in result.front, -each.accuracy))
    if not final:
        return
    axis, unit = AXES[result.cost]
    several = len({each.network for each in result.trials}) > 1
    shown = [
        Candidate(
            f"{each.network} " * several + f"{each.input_size} {each.variant}",
            each.cost(result.cost) / unit,
            each.accuracy,
            None,
        )
        for each in final[:MOST_SHOWN]
    ]
    svg = tradeoff(
        shown,
        result.float_map,
        axis=axis,
        measure="mAP, validation",
        name="front",
        label="Accuracy of every final trial against its cost; the front is joined.",
    )
    write_text(path, standalone(svg))
