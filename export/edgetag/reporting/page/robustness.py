"""What attacks on pictures cost: every file over all tags, and tag by tag under the hardest."""

from dataclasses import dataclass

from edgetag.reporting.page.view import Values, View
from edgetag.robustness.tables import described, hardest, overall_table, tags_table
from edgetag.tables import Table


@dataclass(frozen=True)
class TagsOf:
    """One file tag by tag."""

    variant: str
    title: str
    tags: Table


def section(view: View) -> Values:
    """Return what the section on attacks shows."""
    result = view.sources.robustness
    return {
        "robustness": result,
        "overall": overall_table(result) if result else None,
        "files": [
            TagsOf(
                file.variant, f"{file.variant} under {described(under)}", tags_table(file, under)
            )
            for file in (result.files if result else ())
            for under in hardest(file)
        ],
    }
