"""How every page of edgetag looks: one frame, one style sheet, and what a page may load."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from edgetag.reporting.page import words
from edgetag.tables.formats import counted, format_count
from edgetag.tables.html import to_html
from edgetag.tables.model import SIGNS

TEMPLATES = Path(__file__).parent / "templates"


@cache
def stylesheet() -> Markup:
    """Return the style sheet, as it stands inside a page."""
    text = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - our own file


@cache
def page_environment(folder: Path = TEMPLATES) -> Environment:
    """Return what renders the templates of a folder.

    They extend `frame.html.j2`, which wants `css`, and may import `parts.html.j2`.
    """
    environment = Environment(
        loader=FileSystemLoader([folder, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {
        "table": to_html,
        "SIGNS": SIGNS,
        "count": format_count,
        "counted": counted,
        "words": words,
    }
    return environment
