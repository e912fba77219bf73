"""Opening a model for a command."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgetag.tagging.tagger import Tagger


def open_model(
    path: Path, variant: str | None, confine: Callable[[], None], **options: Any
) -> "Tagger":
    """Open and load a model, without the line that LiteRT prints of itself; see `open_tagger`.

    Args:
        path: The file.
        variant: Which file of a bundle.
        confine: Gives up rights before the model is loaded; it was proved in another process.
        options: Passed on to `open_tagger`.
    """
    from edgetag.native_output import INFORMATION, quiet_stderr
    from edgetag.tagging.ensemble import open_tagger

    tagger = open_tagger(path, variant, **options)
    with quiet_stderr(INFORMATION):
        confine()
        tagger.load()
    return tagger
