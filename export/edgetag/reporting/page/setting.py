"""What the numbers stand on: the accepted baseline, and files from elsewhere."""

from edgetag.reporting.page.view import View
from edgetag.tables import Code, Column, Number, Rows, Table
from edgetag.tables.formats import format_bytes
from edgetag.validation.baseline_result import BaselineComparison
from edgetag.validation.tables import variant_cell


def baseline_sentence(compared: BaselineComparison) -> str:
    """Say in a sentence or two what the comparison came to."""
    if compared.same_scores:
        return "Every score is what it was when the baseline was accepted."
    if not compared.same_reference:
        return (
            "The baseline is about other trained weights, so its differences are told but decide "
            "nothing."
        )
    if not compared.changes:
        return "Scores moved, but no number moved beyond its tolerance."
    kinds = [change.change for change in compared.changes]
    told = ("worse", "gone", "better", "new")
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in told if kind in kinds)
    return f"The weights are the same, yet numbers moved beyond their tolerance: {counts}."


def given_files_table(view: View) -> Table:
    """Show the judged files that this run did not export; without any the table is empty."""
    exported = view.sources.exported
    told = {file.variant for file in exported.variants} if exported else set[str]()
    given = {one.variant: one for one in view.sources.verdict.variants if one.variant not in told}
    return Rows(given.values()).table(
        "Files from elsewhere",
        Column("variant", variant_cell),
        Number("size", lambda one: format_bytes(one.size_bytes)),
        Number("gzip", lambda one: format_bytes(one.gzip_bytes)),
        Code("SHA-256", lambda one: one.sha256[:12]),
    )
