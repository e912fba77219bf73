"""A page that shows the pictures on both sides of a rule, the nearest to it first."""

import numpy as np

from edgetag.contract import Preprocessing
from edgetag.preprocess import ImageRejectedError, read_image
from edgetag.reporting.page.sheet import SHEET_PX, Sheet, SheetPicture, SheetSection, render_sheet
from edgetag.reporting.page.thumbnails import data_url
from edgetag.screening.plan import Plan
from edgetag.screening.rules import Truths
from edgetag.screening.tagged import Tagged
from edgetag.tables import Table
from edgetag.tables.formats import format_count, format_fraction
from edgetag.tagging.errors import PictureError
from edgetag.tagging.pictures import read_bytes

SHOWN = 60
"""Pictures on either side."""

INTRODUCTION = """The pictures nearest to a limit of the rule, on either side of it. Look where \
right and wrong change places, and move the limit there."""

LOOKS = Preprocessing(input_size=SHEET_PX)
"""Only its background is used, under transparent pixels."""


def contact_sheet(tagged: Tagged, plan: Plan, expected: Table | None = None) -> str:
    """Return the page as one HTML document, which loads nothing from elsewhere.

    Pictures that cannot be read any more are left out.

    Args:
        tagged: The pictures.
        plan: Which side each is on.
        expected: How often the rule is expected to be wrong; None where nothing tells.
    """
    sections = (
        _side("The rule holds", tagged, plan, plan.holds & tagged.readable),
        _side("The rule does not hold", tagged, plan, ~plan.holds & tagged.readable),
    )
    return render_sheet(
        Sheet(
            "edgetag screen",
            plan.rule.text.strip(),
            INTRODUCTION,
            sections,
            is_code=True,
            table=expected,
            table_heading="How often it will be wrong",
        )
    )


def _side(title: str, tagged: Tagged, plan: Plan, members: Truths) -> SheetSection:
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
        pictures.append(SheetPicture(tagged.paths[row], scores, data_url(image, SHEET_PX)))
    return SheetSection(f"{title}: {format_count(len(rows))}", tuple(pictures))
