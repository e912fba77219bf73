"""Heat maps of variants against the float model's, as a table for the terminal."""

from edgetag.reporting.tables import Sheet, format_percent, format_points
from edgetag.validation.result import Verdict


def heat_maps_sheet(verdict: Verdict) -> Sheet | None:
    """Return one row per variant and runtime with maps, None where there are none."""
    rows = tuple(
        (
            entry.variant,
            entry.runtime,
            f"{found.height} × {found.width}",
            str(found.n_images),
            format_points(found.error, found.error_interval),
            format_points(found.p99_error),
            format_percent(found.peak_agreement),
        )
        for entry in verdict.variants
        if (found := entry.heat_maps) is not None
    )
    if not rows:
        return None
    headings = (
        "variant", "runtime", "cells", "images", "distance, points", "99 of 100 within",
        "same highest cell",
    )  # fmt: skip
    title = "Heat maps against the float reference's, where a tag is present"
    return Sheet(title, headings, frozenset(range(3, 7)), rows)
