"""Templates of text files: model cards, Kotlin, a CI job."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template


@cache
def template(
    path: Path, marks: tuple[str, str] = ("{{", "}}"), **filters: Callable[[str], str]
) -> Template:
    """Return a template.

    Args:
        path: Its file.
        marks: What stands around a value, where the text has braces of its own.
        filters: What it calls to escape text: nothing is escaped by itself.
    """
    environment = Environment(
        loader=FileSystemLoader(path.parent),
        autoescape=False,  # noqa: S701 - none of them is HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        variable_start_string=marks[0],
        variable_end_string=marks[1],
    )
    environment.filters.update(filters)
    return environment.get_template(path.name)
