"""How every page of edgetag looks: one style sheet, and what a page may load."""

from functools import cache
from pathlib import Path

from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


@cache
def stylesheet() -> Markup:
    """Return the style sheet, as it stands inside a page."""
    text = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - our own file
