"""What `bench/phones.json` says of the files as they are now."""

from pathlib import Path

from edgetag.conversion.exported import exported_if_there
from edgetag.phones.result import PhonesResult
from edgetag.workspace import Workspace


def phones_path(workspace: Workspace) -> Path:
    """Return where the result lies."""
    return workspace.bench / "phones.json"


def read_current(workspace: Workspace) -> PhonesResult | None:
    """Return what was measured of the files as they are now; None where nothing was.

    Files may be exported anew without a new measurement: figures of former ones are left out.

    Raises:
        InputError: The result, or the list of files, is damaged.
    """
    kept = PhonesResult.read_if_there(phones_path(workspace), "phone bench RECIPE")
    exported = exported_if_there(workspace)
    if kept is None or exported is None:
        return kept
    return kept.only({file.sha256 for file in exported.variants})
