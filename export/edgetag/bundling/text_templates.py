"""Templates of the text files in a bundle and in an app."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

FOLDER = Path(__file__).parent / "templates"


@cache
def template(name: str, **filters: Callable[[str], str]) -> Template:
    """Return a template.

    Args:
        name: Its file in `templates/`.
        filters: What it calls to escape text: nothing is escaped by itself.
    """
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=False,  # noqa: S701 - none of them is HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(filters)
    return environment.get_template(name)
