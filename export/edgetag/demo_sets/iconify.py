"""Emoji of other vendors from Iconify's npm packages: Twemoji and EmojiOne 2."""

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgetag.demo_sets.emoji_tags import Emoji, is_dropped, parse_emoji, tag_emoji
from edgetag.demo_sets.picture import Picture, SvgDrawing

_OLD_NAMES = (
    (re.compile(r"\bcat-face-with\b"), "cat-with"),
    (re.compile(r"^(grinning|kissing|pouting|weary|crying|smiling)-cat-face\b"), r"\1-cat"),
    (re.compile(r"^(bear|frog|hamster|panda|wolf|fox|lion)-face$"), r"\1"),
    (re.compile(r"^laptop-computer$"), "laptop"),
    (re.compile(r"^direct-hit$"), "bullseye"),
)
"""EmojiOne 2 uses names that Unicode has shortened since."""


@dataclass(frozen=True)
class Vendor:
    """An icon package.

    `pinned` is a split for the whole vendor, or None.
    """

    source: str
    folder: Path
    pinned: str | None = None


def slug(name: str) -> str:
    """Return a name as icon packages spell it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("’", "").strip(":")).strip("-")


@functools.cache
def _by_slug() -> dict[str, tuple[str, str]]:
    """Map each slug to the character sequence and its name; names win over aliases."""
    from emoji import EMOJI_DATA

    known: dict[str, tuple[str, str]] = {}
    for text, entry in EMOJI_DATA.items():
        known.setdefault(slug(entry["en"]), (text, entry["en"]))
    for text, entry in EMOJI_DATA.items():
        for alias in entry.get("alias", ()):
            known.setdefault(slug(alias), (text, entry["en"]))
    return known


def emoji_of(icon: str) -> Emoji | None:
    """Return what an icon shows, or None where its name is not an emoji's."""
    for pattern, replacement in _OLD_NAMES:
        icon = pattern.sub(replacement, icon)
    parts = _by_slug().get(icon)
    return parse_emoji(*parts) if parts else None


def pictures(vendor: Vendor) -> Iterator[Picture]:
    """Yield a vendor's emoji without skin tones."""
    data: dict[str, Any] = json.loads((vendor.folder / "icons.json").read_text(encoding="utf-8"))
    seen: set[str] = set()
    for icon, drawn in sorted(data["icons"].items()):
        emoji = emoji_of(icon)
        if emoji is None or emoji.tones or is_dropped(emoji) or "skin tone" in emoji.name:
            continue
        if emoji.name in seen:
            continue
        seen.add(emoji.name)
        width = drawn.get("width", data.get("width", 16))
        height = drawn.get("height", data.get("height", 16))
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="0 0 {width} {height}">{drawn["body"]}</svg>'
        )
        yield Picture(
            name=f"{vendor.source}/{icon}",
            source=vendor.source,
            group=f"emoji:{emoji.concept}",
            labels=tag_emoji(emoji),
            drawing=SvgDrawing(svg),
            variant_of=emoji.name,
            pinned=vendor.pinned,
        )
