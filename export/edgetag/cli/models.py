"""Opening a model for a command."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgetag.tagging.tagger import Tagger

TALKATIVE = ("litert-compiled",)
"""Runtimes that speak of themselves whenever they load or end, and cannot be told not to."""


def open_model(
    path: Path, variant: str | None, confine: "Callable[[Tagger], None]", **options: Any
) -> "Tagger":
    """Open and load a model, without the line that LiteRT prints of itself; see `open_tagger`.

    Args:
        path: The file.
        variant: Which file of a bundle.
        confine: Gives up rights before the model is loaded; it was proved in another process. It is
            given the model, to refuse it or what is asked of it while nothing was made.
        options: Passed on to `open_tagger`.
    """
    from edgetag.cli.confined import Process
    from edgetag.native_output import INFORMATION, hold_notes_to_the_end, quiet_stderr
    from edgetag.tagging.ensemble import open_tagger

    tagger = open_tagger(path, variant, **options)
    if options.get("runtime") in TALKATIVE and Process.ends_with_command:
        hold_notes_to_the_end()
    with quiet_stderr(INFORMATION):
        confine(tagger)
        tagger.load()
    return tagger
