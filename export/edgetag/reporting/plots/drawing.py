"""Draws with matplotlib and makes the SVG fit for a page.

The same drawing gives the same bytes. Text stays text in the page's font. Colours become the
page's CSS variables, so that a plot reads well in light, in dark and on paper. What matplotlib
names within one file (markers, clip paths) gets names that are unique in the page.
"""

import io
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from edgetag.plotting import house_matplotlib

INK, MUTED, RULE = "#010101", "#010102", "#010103"
BEFORE, AFTER = "#010104", "#010105"
PASS, FAIL, UNDECIDED = "#010106", "#010107", "#010108"
PAPER, BEYOND = "#010109", "#01010a"

VARIABLES: Mapping[str, str] = {
    INK: "--ink",
    MUTED: "--muted",
    RULE: "--rule",
    BEFORE: "--before",
    AFTER: "--after",
    PASS: "--pass",
    FAIL: "--fail",
    UNDECIDED: "--undecided",
    PAPER: "--paper",
    BEYOND: "--beyond",
}
"""Colour that is drawn with → CSS variable that the page shows. No plot uses these by chance."""


STYLE: Mapping[str, object] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "edgetag",
    "path.simplify": True,
    "path.simplify_threshold": 0.2,
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 11,
    "axes.linewidth": 1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.grid": False,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
}

_LONG = re.compile(r"-?\d+\.\d+")
_COLOUR = re.compile("|".join(VARIABLES))
_FONT_FAMILY = re.compile(r"\s*font-family:[^;]*;?")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_COORDINATES = ("d", "x", "y", "width", "height", "transform")
_UNTURNED = re.compile(r"rotate\(-?0 [^)]*\)")
_DROPPED = {"metadata", "title", "style"}


def draw(
    paint: Callable[[Any], None], *, width_px: float, height_px: float, name: str, label: str
) -> Markup:
    """Return an inline `<svg>`.

    Args:
        paint: Draws on an empty `matplotlib.figure.Figure`, in which 1 point is 1 CSS pixel.
        width_px: Width that it is drawn for; the page may scale it.
        height_px: Height.
        name: Unique in the page, letters, digits and `-`; names inside the SVG start with it.
        label: What it shows, in a sentence, for those who cannot see it.
    """
    root = _drawn(paint, width_px, height_px, name)
    root.attrib.update({"role": "img", "aria-label": legible(label, 400)})
    return _markup(root)


def draw_symbol(
    paint: Callable[[Any], None], *, width_px: float, height_px: float, name: str
) -> Markup:
    """Return an invisible `<svg>` with what many plots of a page have in common.

    Each shows it by `<use href="#NAME"/>`. For the arguments see `draw`.
    """
    root = _drawn(paint, width_px, height_px, name)
    root.tag, root.attrib = "symbol", {"id": name, "viewBox": root.attrib["viewBox"]}
    hidden = ElementTree.Element("svg", {"aria-hidden": "true", "style": "position:absolute"})
    hidden.attrib.update({"width": "0", "height": "0"})
    hidden.append(root)
    return _markup(hidden)


def with_symbol(
    symbol: str,
    shapes: Iterable[tuple[str, Mapping[str, str]]],
    *,
    width_px: float,
    height_px: float,
    label: str,
) -> Markup:
    """Return an inline `<svg>` of shapes over a symbol; see `draw_symbol`.

    Args:
        symbol: The symbol's name.
        shapes: Tags of SVG elements and their attributes, in CSS pixels from the upper left.
        width_px: See `draw`.
        height_px: See `draw`.
        label: See `draw`.
    """
    root = ElementTree.Element(
        "svg",
        {
            "width": f"{width_px:g}",
            "height": f"{height_px:g}",
            "viewBox": f"0 0 {width_px:g} {height_px:g}",
            "role": "img",
            "aria-label": legible(label, 400),
        },
    )
    ElementTree.SubElement(root, "use", {"href": f"#{symbol}"})
    for tag, attributes in shapes:
        ElementTree.SubElement(root, tag, dict(attributes))
    return _markup(root)


def short(value: float) -> str:
    """Write a hundredth of a pixel at most."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def draw_file(paint: Callable[[Any], None], *, width_in: float, height_in: float) -> str:
    """Return an SVG that is a file of its own, on white; equal drawings give equal bytes.

    Args:
        paint: Draws on an empty `matplotlib.figure.Figure`.
        width_in: Its width in inches.
        height_in: Its height.
    """
    house_matplotlib()
    from matplotlib import style
    from matplotlib.figure import Figure

    text = io.StringIO()
    with style.context(["default", {"svg.hashsalt": "edgetag", "svg.fonttype": "none"}]):
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        paint(figure)
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def axes_at(figure: Any, left: float, bottom: float, width: float, height: float) -> Any:
    """Add axes at a place of a figure, in CSS pixels from its lower left corner."""
    whole_width, whole_height = 72 * figure.get_size_inches()
    place = (left / whole_width, bottom / whole_height, width / whole_width, height / whole_height)
    return figure.add_axes(place)


def variable(colour: str) -> str:
    """Return what a style says for one of the colours above."""
    return f"var({VARIABLES[colour]})"


def legible(text: str, longest: int = 24) -> str:
    """Return a name for a plot: what XML cannot hold is replaced, the end of a long one cut."""
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def _drawn(
    paint: Callable[[Any], None], width_px: float, height_px: float, name: str
) -> ElementTree.Element:
    """Return what matplotlib draws as the `<svg>` of a page; see `draw`."""
    house_matplotlib()
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", dict(STYLE)]), warnings.catch_warnings():
        # The browser draws the text: that matplotlib's own font lacks a sign does not matter.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        figure = Figure(figsize=(width_px / 72, height_px / 72), dpi=72)
        figure.patch.set_visible(False)
        paint(figure)
        drawn = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(drawn, format="svg", metadata=nothing)
    root = ElementTree.fromstring(drawn.getvalue())  # noqa: S314 - matplotlib's own output
    _drop(root)
    names = {old: f"{name}-{n}" for n, old in enumerate(sorted(_references(root)))}
    for element in root.iter():
        _rewrite(element, names)
    _unwrap(root)
    for size in ("width", "height"):
        root.attrib[size] = root.attrib[size].removesuffix("pt")
    root.attrib.pop("version", None)
    return root


def _markup(root: ElementTree.Element) -> Markup:
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - escaped by XML


def _drop(parent: ElementTree.Element) -> None:
    """Remove what a page must not have: a style sheet in an SVG would style all of the page."""
    for child in list(parent):
        if _local(child.tag) in _DROPPED:
            parent.remove(child)
        else:
            _drop(child)


def _references(root: ElementTree.Element) -> set[str]:
    ids = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            if _local(key) == "href":
                ids.add(value.removeprefix("#"))
            ids.update(_REFERENCE.findall(value))
    return ids


def _rewrite(element: ElementTree.Element, names: Mapping[str, str]) -> None:
    element.tag = _local(element.tag)
    for key, value in _attributes(element, names):
        element.attrib[key] = value
    if element.tag != "text":
        element.text = None
    element.tail = None


def _attributes(
    element: ElementTree.Element, names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Take all attributes away and yield what they become."""
    before = dict(element.attrib)
    element.attrib.clear()
    for key, value in before.items():
        local = _local(key)
        if local == "id":
            if value in names:
                yield "id", names[value]
        elif local == "href":
            yield "href", f"#{names[value.removeprefix('#')]}"
        elif local == "style":
            themed = _COLOUR.sub(lambda match: variable(match[0]), value)
            yield "style", _FONT_FAMILY.sub("", themed).replace(": ", ":").replace("; ", ";")
        elif local == "transform" and _UNTURNED.fullmatch(value):
            continue
        elif local in _COORDINATES:
            yield local, " ".join(_LONG.sub(_rounded, value).split())
        else:
            yield local, _REFERENCE.sub(lambda match: f"url(#{names[match[1]]})", value)


def _unwrap(parent: ElementTree.Element) -> None:
    """Replace groups that say nothing by what they hold."""
    children = []
    for child in parent:
        _unwrap(child)
        children += list(child) if child.tag == "g" and not child.attrib else [child]
    parent[:] = children


def _rounded(match: re.Match[str]) -> str:
    return short(float(match[0]))


def _local(name: str) -> str:
    return name.rpartition("}")[2]
