"""Tables of the accepted state, and of what moved since."""

from edgetag.tables import Cell, Code, Column, Decision, Number, Prose, Rows, Table, decided
from edgetag.tables.formats import format_fraction, format_points
from edgetag.validation.accepted_state import Acceptance, Baseline
from edgetag.validation.baseline_result import BaselineChange, BaselineComparison

CHANGE_MARKS = {"worse": "fail", "better": "undecided", "new": "not judged", "gone": "fail"}
"""Change → the mark it is shown with; an unexplained gain wants a look too."""


def changes_table(compared: BaselineComparison) -> Table:
    """Show what moved since a state was accepted; one of other weights decides nothing."""

    def mark(change: BaselineChange) -> Cell:
        wording = CHANGE_MARKS[change.change] if compared.same_reference else "not judged"
        return Cell(change.change, mark=wording)

    other = "" if compared.same_reference else ", of other trained weights: decides nothing"
    return Rows(compared.changes).table(
        f"Against the accepted state{other}",
        Column("variant", lambda change: change.variant),
        Column("runtime", lambda change: change.runtime),
        Column("what", lambda change: change.what),
        Number("accepted", lambda change: format_fraction(change.accepted, 4)),
        Number("measured", lambda change: format_fraction(change.measured, 4)),
        Number("tolerance", lambda change: format_fraction(change.tolerance, 4)),
        Decision("change", mark),
    )


def baseline_tables(result: Baseline) -> tuple[Table, ...]:
    """Return an accepted state, and every reason so far."""
    states = Rows(result.variants).table(
        f"Accepted for {result.recipe} over {result.split}",
        Column("variant", lambda state: state.variant),
        Column("runtime", lambda state: state.runtime),
        Number("mAP", lambda state: format_fraction(state.map, 4)),
        Number("drop", lambda state: format_points(state.map_drop), note="points"),
        Number("scored tags", lambda state: len(state.tags)),
        Code("SHA-256", lambda state: state.sha256[:12]),
    )
    entries: tuple[Acceptance, ...] = (result.shortened(), *reversed(result.history))
    reasons = Rows(entries).table(
        "Reasons, the latest first",
        Column("accepted at", lambda entry: entry.accepted_at),
        Column("budgets", lambda entry: decided(entry.verdict)),
        Prose("reason", lambda entry: entry.reason),
    )
    return (states, reasons)
