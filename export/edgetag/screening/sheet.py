"""A page that shows the pictures on both sides of a rule, the nearest to it first."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgetag.contract import Preprocessing
from edgetag.preprocess import ImageRejectedError, read_image
from edgetag.reporting.page.style import page_environment, stylesheet
from edgetag.reporting.page.thumbnails import data_url
from edgetag.screening.plan import Plan
from edgetag.screening.rules import Truths
from edgetag.screening.tagged import Tagged
from edgetag.tables import Table
from edgetag.tables.formats import format_count, format_fraction
from edgetag.tables.html import to_html
from edgetag.tagging.errors import PictureError
from edgetag.tagging.pictures import read_bytes

SHOWN = 60
"""Pictures on either side."""

TEMPLATES = Path(__file__).parent / "templates"
SHOWN_PX = 200
LOOKS = Preprocessing(input_size=SHOWN_PX)
"""Only its background is used, under transparent pixels."""


@dataclass(frozen=True)
class SheetPicture:
    """One picture: its scores of the rule's tags, and a small copy."""

    name: str
    scores: str
    url: str


@dataclass(frozen=True)
class Side:
    """Pictures for which the rule holds, or the others; `total` counts all of them."""

    title: str
    total: str
    pictures: tuple[SheetPicture, ...]


def contact_sheet(tagged: Tagged, plan: Plan, expected: Table | None = None) -> str:
    """Return the page as one HTML document, which loads nothing from elsewhere.

    Pictures that cannot be read any more are left out.

    Args:
        tagged: The pictures.
        plan: Which side each is on.
        expected: How often the rule is expected to be wrong; None where nothing tells.
    """
    sides = [
        _side("The rule holds", tagged, plan, plan.holds & tagged.readable),
        _side("The rule does not hold", tagged, plan, ~plan.holds & tagged.readable),
    ]
    template = page_environment(TEMPLATES).get_template("sheet.html.j2")
    return template.render(
        css=stylesheet(),
        rule=plan.rule.text.strip(),
        sides=sides,
        expected=expected and {"title": expected.title, "table": to_html(expected)},
    )


def _side(title: str, tagged: Tagged, plan: Plan, members: Truths) -> Side:
    rows = np.flatnonzero(members)
    rows = rows[np.argsort(plan.distance[rows], kind="stable")]
    pictures: list[SheetPicture] = []
    for row in rows.tolist():
        if len(pictures) == SHOWN:
            break
        try:
            image = read_image(read_bytes(tagged.file_of(row)), LOOKS)
        except (ImageRejectedError, PictureError):
            continue
        scores = ", ".join(
            f"{tag} {format_fraction(float(tagged.scores[tag][row]), 3)}" for tag in plan.rule.tags
        )
        pictures.append(SheetPicture(tagged.paths[row], scores, data_url(image, SHOWN_PX)))
    return Side(title, format_count(len(rows)), tuple(pictures))
