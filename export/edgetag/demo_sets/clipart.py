"""Openclipart's SVG drawings of animals, food, plants, vehicles and buildings.

`people/` is never used, nor are diagrams, road signs and fantasy figures. Labels come from the
folder a drawing lies in; the exceptions were found by eye.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from edgetag.demo_sets.photos import object_group
from edgetag.demo_sets.picture import Picture, SvgDrawing
from edgetag.tags import DEFAULT_TAGS

SOURCE = "openclipart"
FOLDERS = (
    "animals/amphibian",
    "animals/birds",
    "animals/bugs",
    "animals/dinosaurs",
    "animals/fish",
    "animals/mammals",
    "food",
    "plants",
    "buildings",
    "transportation/vehicles",
)
_EXCLUDED = re.compile(
    r"^(chef|2_dead|tatoo|mermaid|menu_pict|boating|sailing|knot|map_|libro|bowsaw|bypass|zanzara_cre"
    r"|hummer|military|cannabis|kallisti|curve_ahead|crossroads|cycle_|quay_sign|virus|amibe|human_|school_hall|come_si|ontologia|wine_corks|meatgrinder|tile_|straw_)"
)
_FOOD_UNKNOWN = re.compile(
    r"^(large_plate|small_plate|ice_cube|macchina|crawfish|pumpkin|frying_pan|fuoco|mix_cucina"
    r"|soup_kitchen|bowl_chaspo|zucca|crazy_cookie)"
)
_LINES = re.compile(r"_bw_|_bw\.|_bw$|b&w|outline|^contour_|silhouette|siluet|simbolo|symbol")
_SVG_TAG = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_LENGTH = re.compile(r"^\s*([0-9]*\.?[0-9]+)\s*(px|pt|mm|cm|in)?\s*$")
MAX_SVG_BYTES = 1_500_000
"""A few drawings are tens of megabytes and take minutes to paint."""


def repair(svg: str) -> str | None:
    """Return an SVG that has a viewBox and no width or height, or None if its size is unknown.

    About a third of the files have a width or height that renderers refuse.
    """
    svg = re.sub(r"<!DOCTYPE[^\[>]*(\[.*?\])?\s*>", _entities_only, svg, count=1, flags=re.DOTALL)
    root = _SVG_TAG.search(svg)
    if root is None:
        return None
    tag = root.group()
    view_box = re.search(r"\bviewBox\s*=\s*[\"']([^\"']+)[\"']", tag)
    if view_box is None or _is_empty(view_box.group(1)):
        sides = [_length(tag, side) for side in ("width", "height")]
        if None in sides:
            return None
        tag = re.sub(r"\bviewBox\s*=\s*[\"'][^\"']*[\"']", "", tag)
        tag = tag.replace("<svg", f'<svg viewBox="0 0 {sides[0]} {sides[1]}"', 1)
    tag = re.sub(r"(?<![\w-])(?:width|height)\s*=\s*[\"'][^\"']*[\"']", "", tag)
    return svg[: root.start()] + tag + svg[root.end() :]


def _entities_only(match: re.Match[str]) -> str:
    """Keep a document type only if it defines entities that the drawing uses."""
    return match.group() if match.group(1) else ""


def _is_empty(view_box: str) -> bool:
    numbers = re.findall(r"-?[0-9.]+(?:e-?\d+)?", view_box)
    return len(numbers) != 4 or float(numbers[2]) <= 0 or float(numbers[3]) <= 0


def _length(tag: str, side: str) -> float | None:
    match = re.search(rf"(?<![\w-]){side}\s*=\s*[\"']([^\"']+)[\"']", tag)
    number = _LENGTH.match(match.group(1)) if match else None
    return float(number.group(1)) if number and float(number.group(1)) > 0 else None


def pictures(root: Path, concepts: Collection[str]) -> Iterator[Picture]:
    """Yield the usable drawings below `root`.

    Args:
        root: The unpacked `svg` folder.
        concepts: Emoji concepts; a drawing named like one shares its group.
    """
    seen: set[str] = set()
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.svg")):
            name = path.stem
            if name in seen or _EXCLUDED.match(name) or path.stat().st_size > MAX_SVG_BYTES:
                continue
            seen.add(name)
            svg = repair(path.read_text(encoding="utf-8", errors="replace"))
            if svg is None:
                continue
            yield Picture(
                name=f"{SOURCE}/{name}",
                source=SOURCE,
                group=object_group(name, concepts),
                labels=_labels(path.relative_to(root).as_posix(), name),
                drawing=SvgDrawing(svg, trim=True),
                variant_of=re.sub(r"_bw", "", name),
            )


def _labels(path: str, name: str) -> dict[str, int]:
    labels: dict[str, int] = dict.fromkeys(DEFAULT_TAGS, 0)
    del labels["original_art"], labels["comic"]
    if _LINES.search(name):
        del labels["illust"]
    else:
        labels["illust"] = 1
    if path.startswith("animals/"):
        del labels["face"], labels["kemono"], labels["food"]
        mixed = name.startswith("cani_e_gatti")
        labels["cat"] = int("/housecats/" in path or name.startswith("cartoon_cat") or mixed)
        labels["dog"] = int("/dogs/" in path or bool(re.match(r"dog_|cane_", name)) or mixed)
        if "/big_cats/" in path:
            del labels["cat"]
    if path.startswith("food/"):
        labels["food"] = 1
        if _FOOD_UNKNOWN.match(name):
            del labels["food"]
    if path.startswith("plants/"):
        del labels["food"]
    return labels
