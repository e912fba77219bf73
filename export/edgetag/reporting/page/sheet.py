"""Contact sheets: pictures under headings, as one page that loads nothing from elsewhere."""

from dataclasses import dataclass

from edgetag.reporting.page.style import page_environment, stylesheet
from edgetag.tables import Table

SHEET_PX = 200
"""Longest side of a picture on a sheet."""


@dataclass(frozen=True)
class SheetPicture:
    """A picture.

    Attributes:
        name: Its path, as the user knows it.
        caption: What there is to say of it.
        url: A small copy, see `thumbnails.data_url`.
        beside: Others that stand beside it.
    """

    name: str
    caption: str
    url: str
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class SheetSection:
    """Pictures that belong together."""

    title: str
    pictures: tuple[SheetPicture, ...]


@dataclass(frozen=True)
class Sheet:
    """A page of pictures.

    Attributes:
        eyebrow: The command that wrote it.
        title: Its heading; `is_code` where that is something typed.
        introduction: What is shown, and what to do with it.
        sections: In order.
        table: Stands above them, under its own heading.
    """

    eyebrow: str
    title: str
    introduction: str
    sections: tuple[SheetSection, ...]
    is_code: bool = False
    table: Table | None = None
    table_heading: str = ""


def render_sheet(sheet: Sheet) -> str:
    """Return the page as one HTML document."""
    template = page_environment().get_template("sheet.html.j2")
    return template.render(css=stylesheet(), sheet=sheet)
