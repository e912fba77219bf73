"""Tables of what is asked of validation beside its verdict: images, rates, other references."""

from edgetag.tables import MOST_FINDINGS, Cell, Column, Number, Prose, Rows, Table, yes_or_no
from edgetag.tables.formats import counted, format_fraction, format_percent
from edgetag.validation.desktop_reference_result import DesktopReference
from edgetag.validation.plan_result import Need, Plan
from edgetag.validation.rate import ScoringRate


def plan_tables(plan: Plan) -> tuple[Table, ...]:
    """Show for every margin how many images show that it is kept, the scarcest kind first."""
    basis = "flips as measured" if plan.measured else f"{plan.assumed_flips:.1%} assumed to flip"
    table = Rows(sorted(plan.needs, key=_missing, reverse=True)).table(
        f"Images that decide a margin with {plan.power:.0%} power, {plan.variant} on "
        f"{plan.split} ({counted(plan.images, 'image')}), {basis}",
        Column("tag", lambda need: "all (mAP)" if need.tag is None else need.tag),
        Column("margin", lambda need: need.budget),
        Number("points", lambda need: f"{100 * need.margin:g}"),
        Number("flips", lambda need: format_percent(need.flips)),
        Number("have", lambda need: need.have),
        Number("need", lambda need: need.needed),
        Column("of", lambda need: need.of),
        Number(f"images of {plan.split}", lambda need: need.images),
        Number(
            "in all splits",
            lambda need: None if need.in_all is None else f"about {need.in_all:,}",
        ),
        Column("enough", _enough),
    )
    return (table,)


def _enough(need: Need) -> Cell:
    enough = need.needed is not None and need.have >= need.needed
    return yes_or_no(enough, "no, and decide fail" if need.decides == "fail" else "no")


def _missing(need: Need) -> float:
    """Return how many times the images at hand are needed."""
    if need.needed is None:
        return float("inf")
    return need.needed / max(need.have, 1)


def rate_tables(result: ScoringRate) -> tuple[Table, ...]:
    """Show how fast files are scored beside the bare interpreter."""
    rates = Rows(result.rates).table(
        f"Images/s of {result.variant}, {result.processes} processes of one thread, median of "
        f"{counted(result.rounds, 'round')} of {counted(result.images, 'image')}; "
        f"at least {result.target:g} is promised",
        Column("runtime", lambda rate: rate.runtime),
        Number("bare", lambda rate: format_fraction(rate.bare_images_per_s, 0)),
        Number("validate", lambda rate: format_fraction(rate.validate_images_per_s, 0)),
        Number("ratio", lambda rate: format_fraction(rate.ratio, 2)),
        Number("of a round", lambda rate: f"{rate.ratios[0]:.2f} to {rate.ratios[1]:.2f}"),
        Number("processor time", lambda rate: format_fraction(rate.cpu_ratio, 2)),
        Number("start", lambda rate: f"{rate.start_s:.1f} s"),
    )
    if not result.failures:
        return (rates,)
    not_timed = Rows(result.failures).table(
        "Not timed",
        Column("runtime", lambda failure: failure.runtime),
        Prose("reason", lambda failure: failure.reason),
        most_rows=MOST_FINDINGS,
    )
    return (rates, not_timed)


def desktop_reference_tables(result: DesktopReference) -> tuple[Table, ...]:
    """Show what made a reference, and how far it is from the one that the run folder keeps."""
    made = Rows([result]).table(
        f"Reference scores of {counted(result.images, 'image')}",
        Column("engine", lambda made: made.engine),
        Column("version", lambda made: next(iter(made.versions.values()))),
        Column("device", lambda made: made.device),
        Column("driver", lambda made: made.driver or None, optional=True),
        Column("precision", lambda made: f"{made.precision}, TF32 {'on' if made.tf32 else 'off'}"),
        Number("batch", lambda made: made.batch),
    )
    if result.kept is None:
        return (made,)
    beside = Rows([result.kept]).table(
        "Beside the reference of the run folder",
        Column("by", lambda other: f"{other.engine} on {other.device}"),
        Number("images", lambda other: other.images),
        Number("largest difference", lambda other: f"{other.max_difference:.1e}"),
        Number("logit RMSE", lambda other: f"{other.logit_rmse:.1e}"),
        Number("flips", lambda other: f"{other.flips} of {other.decisions}"),
    )
    return (made, beside)
