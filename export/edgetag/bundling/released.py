"""What of a verdict is released: all that equal runs share, nothing that was measured or lies here.

Speed, processor, kernel, memory and paths differ from run to run and from machine to machine. They
stay in the run folder, so that equal runs give equal bundles and no bundle tells where it was made.
"""

import json
import re
from typing import Any, Final

from edgetag.validation.result import Verdict

SCHEMA = "edgetag.bundle-verdict/1.0"
"""Of `verdict.json` in a bundle: `validate/verdict.json` without `OWN`. Bundles whose manifest is
`edgetag.manifest/2.0` hold the whole of it, by its own schema."""

OWN: Final[Any] = {
    "schema_version": True,
    "machine": True,
    "judged_by": True,  # digests of the processor too
    "reference": {"device"},
    "variants": {"__all__": {"device", "images_per_s"}},
    "baseline": {"file"},
}
"""What differs between equal runs."""

_FOLDERS = re.compile(r"(?<![\w.:/])(?:[A-Za-z]:\\|/)(?:[^\s'\"/\\]+[/\\])+")


def released_verdict(verdict: Verdict) -> str:
    """Return `verdict.json` of a bundle."""
    values = verdict.model_dump(mode="json", by_alias=True, exclude=OWN)
    for failure in values["failures"]:
        failure["reason"] = without_folders(failure["reason"])
    return json.dumps({"schema": SCHEMA, **values}, indent=2, ensure_ascii=False) + "\n"


def without_folders(text: str) -> str:
    """Return what an engine said with the names of files alone, wherever they lie."""
    return _FOLDERS.sub("", text)
