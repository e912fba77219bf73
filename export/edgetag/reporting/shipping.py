"""Why a file ships, or none does, in a sentence."""

from collections.abc import Iterator, Sequence

from edgetag.catalogue.variants import FULL_INTEGER
from edgetag.judging.decisions import RANK, Decision
from edgetag.recipe import Recipe
from edgetag.reporting.result import BudgetRow, FailureRow, VariantRow
from edgetag.reporting.wording import describe_check
from edgetag.shipping import Shipping

WORDS: dict[Decision, str] = {
    "fail": "fails",
    "undecided": "is undecided",
    "not judged": "is not judged, since nothing limits its accuracy",
}


def shipping_sentence(
    recipe: Recipe,
    shipping: Shipping,
    rows: Sequence[VariantRow],
    budgets: Sequence[BudgetRow],
    failures: Sequence[FailureRow],
) -> str:
    """Say which file ships, and why others that could do not.

    Returns:
        For example "int8 passes and ships; int8-qat was not needed." Empty where the recipe names
        what ships, and where none of its own files was judged.
    """
    ours = [row for row in rows if row.variant in recipe.export.possible]
    if recipe.bundle.variants != "best" or not ours:
        return ""
    candidates = [row for row in ours if not shipping.variants or row.variant in FULL_INTEGER]
    parts = [_fault(row, budgets, failures) for row in candidates if row.verdict != "pass"]
    if shipping.variants:
        parts += [f"{shipping.leading} passes and ships", *_left_out(recipe, rows)]
        return f"{'; '.join(parts)}."
    return f"No file passes, so none ships and there is no bundle: {'; '.join(parts)}."


def _left_out(recipe: Recipe, rows: Sequence[VariantRow]) -> Iterator[str]:
    made = {row.variant for row in rows}
    missing = [variant for variant in recipe.export.fallback if variant not in made]
    if missing and any(row.verdict == "pass" for row in rows if row.variant in FULL_INTEGER):
        yield f"{' and '.join(missing)} {'was' if len(missing) == 1 else 'were'} not needed"


def _fault(row: VariantRow, budgets: Sequence[BudgetRow], failures: Sequence[FailureRow]) -> str:
    """Say what became of a file that does not pass, and by which limit first."""
    text = f"{row.variant} {WORDS[row.verdict]}"
    broken = [
        failure
        for failure in budgets
        if failure.variant == row.variant and failure.verdict != "pass"
    ]
    if broken:
        worst = min(broken, key=lambda failure: RANK[failure.verdict])
        of_tag = f"{worst.tag}: " if worst.tag is not None else ""
        return f"{text}: {of_tag}{describe_check(worst)}"
    reasons = [
        f"{failure.runtime}: {failure.reason}"
        for failure in failures
        if failure.variant == row.variant
    ]
    return f"{text}: {reasons[0]}" if reasons else text
