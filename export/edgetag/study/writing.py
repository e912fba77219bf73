"""Where a study leaves its raw results, its tables and its plot."""

from edgetag.study.plot import draw_study
from edgetag.study.result import Study
from edgetag.study.tables import to_markdown_page
from edgetag.workspace import Workspace, write_text


def write_study(folder: Workspace, study: Study) -> None:
    """Write `study.json`, `study.md` and `study.svg`."""
    write_text(folder.root / "study.json", study.to_json())
    write_text(folder.root / "study.md", to_markdown_page(study))
    write_text(folder.root / "study.svg", draw_study(study))
