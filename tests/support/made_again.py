"""Makes bundle and report of a run anew, in a process of its own: `python … RUN_PARENT SECONDS`."""

import sys
import time
from pathlib import Path

from edgetag.bundling import stage as bundling
from edgetag.progress import SilentProgress
from edgetag.reporting import stage as reporting
from edgetag.workspace import Workspace
from tests.support.made_bundle import recipe_in


def main() -> None:
    """Run both stages with a clock that goes wrong by some seconds."""
    root, late_s = Path(sys.argv[1]), float(sys.argv[2])
    now = time.time
    time.time = lambda: now() + late_s
    recipe, workspace = recipe_in(root), Workspace(root / "run")
    bundling.run(recipe, workspace, SilentProgress())
    reporting.run(recipe, workspace, SilentProgress())


if __name__ == "__main__":
    main()
