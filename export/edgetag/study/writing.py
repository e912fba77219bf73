"""What every study says of itself, and where it leaves results, tables and plot."""

from datetime import UTC, datetime
from typing import Any

from edgetag.machine import this_machine
from edgetag.one_stage import versions
from edgetag.recipe import Recipe
from edgetag.study.plot import draw_study
from edgetag.study.result import Study
from edgetag.study.tables import to_markdown_page
from edgetag.workspace import Workspace
from edgetag.writing import write_text


def about(recipe: Recipe, base: str, before: float | None, after: float | None) -> dict[str, Any]:
    """Return what both kinds of study begin with.

    Args:
        recipe: The recipe.
        base: The file that others are a share of.
        before: Load of the machine before files were timed,
        after: and after that; None where the system does not tell.
    """
    return {
        "name": recipe.name,
        "base": base,
        "confidence": recipe.validation.confidence,
        "machine": this_machine(),
        "load": (before, after) if before is not None and after is not None else None,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
    }


def write_study(folder: Workspace, study: Study) -> None:
    """Write `study.json`, `study.md` and `study.svg`."""
    study.write(folder.root / "study.json")
    write_text(folder.root / "study.md", to_markdown_page(study))
    write_text(folder.root / "study.svg", draw_study(study))
