"""What changed since the accepted state."""

from edgetag.reporting.page.view import Values, View
from edgetag.reporting.wording import describe_baseline
from edgetag.validation.baseline_tables import changes_table


def section(view: View) -> Values:
    """Return what the section shows."""
    compared = view.sources.verdict.baseline
    return {
        "baseline": compared,
        "baseline_changes": changes_table(compared) if compared else None,
        "baseline_sentence": describe_baseline(compared) if compared else "",
    }
