"""The table of `edgetag validate plan`."""

from edgetag.reporting.tables import NONE, Sheet, format_percent
from edgetag.validation.plan_result import Need, Plan


def plan_sheet(plan: Plan) -> Sheet:
    """Show for every margin how many images show that it is kept, the scarcest kind first."""
    basis = "flips as measured" if plan.measured else f"{plan.assumed_flips:.1%} assumed to flip"
    title = (
        f"Images that decide a margin with {plan.power:.0%} power, {plan.variant} on "
        f"{plan.split} ({plan.images} images), {basis}"
    )
    headings = (
        "tag", "margin", "points", "flips", "have", "need", "of", f"images of {plan.split}",
        "in all splits", "enough",
    )  # fmt: skip
    rows = tuple(_cells(need) for need in sorted(plan.needs, key=_missing, reverse=True))
    return Sheet(title, headings, frozenset({2, 3, 4, 5, 7, 8}), rows)


def _missing(need: Need) -> float:
    """Return how many times the images at hand are needed."""
    if need.needed is None:
        return float("inf")
    return need.needed / max(need.have, 1)


def _cells(need: Need) -> tuple[str, ...]:
    enough = need.needed is not None and need.have >= need.needed
    return (
        "all (mAP)" if need.tag is None else need.tag,
        need.budget,
        f"{100 * need.margin:g}",
        format_percent(need.flips),
        str(need.have),
        NONE if need.needed is None else str(need.needed),
        need.of,
        NONE if need.images is None else str(need.images),
        NONE if need.in_all is None else f"about {need.in_all:,}",
        "✓ yes" if enough else "✗ no" + (", and decide fail" if need.decides == "fail" else ""),
    )
