"""Figures and needs in the words of the page's sentences."""

from edgetag.judging.checks import Needs
from edgetag.reporting.wording import NO_INTERVAL
from edgetag.tables.formats import Bounds, counted, format_count

OF = {
    "images": "images",
    "positives": "images that have the tag",
    "negatives": "images that do not have the tag",
}


def mean_ap(tags: int) -> str:
    """Name the mean average precision, and over how many tags it is."""
    return f"mAP over {counted(tags, 'tag')}"


def needs(measured: float | None, interval: Bounds | None, wanted: Needs | None) -> str:
    """Say what would decide an undecided check, in a sentence."""
    if wanted:
        return f"About {_more(wanted)} would decide it, as it looks {_HOW[wanted.decides]}."
    if measured is None:
        return "It could not be measured here."
    if interval is None:
        return f"{NO_INTERVAL[0].upper()}{NO_INTERVAL[1:]}."
    return "It would take over a thousand times as many images to decide it."


_HOW = {"pass": "by keeping it", "fail": "by breaking it"}


def _more(wanted: Needs) -> str:
    where = f" in {wanted.split}" if wanted.split else ""
    in_all = f" (about {format_count(wanted.in_all)} in all)" if wanted.in_all is not None else ""
    return f"{format_count(wanted.more)} more {OF[wanted.of]}{where}{in_all}"
