"""Where along a network an error comes in."""

from typing import Any

from markupsafe import Markup

from edgetag.explaining.result import Blame
from edgetag.reporting.plots import drawing

WIDTH_PX, HEIGHT_PX = 700, 200
NUMBERED = 5


def layer_errors(blame: Blame, *, name: str, label: str) -> Markup:
    """Draw each operator's error as a line and what it adds as a bar; the worst are numbered."""
    in_order = sorted(blame.layers, key=lambda layer: layer.index)

    def paint(figure: Any) -> None:
        axes = drawing.axes_at(figure, 44, 42, 640, 138)
        positions = [layer.index for layer in in_order]
        axes.plot(
            positions, [layer.error for layer in in_order], color=drawing.MUTED, linewidth=1.2
        )
        axes.bar(positions, [layer.added for layer in in_order], color=drawing.AFTER, width=0.75)
        for rank, layer in enumerate(blame.layers[:NUMBERED], start=1):
            axes.annotate(
                str(rank),
                (layer.index, layer.added),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=10.5,
                color=drawing.INK,
            )
        axes.set_ylim(0, 1.12 * max(layer.error for layer in in_order) or 1)
        axes.locator_params(axis="y", nbins=4)
        axes.set_xlabel("operator, from input to output")
        axes.set_ylabel("relative error")

    return drawing.draw(paint, width_px=WIDTH_PX, height_px=HEIGHT_PX, name=name, label=label)
