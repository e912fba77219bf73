"""edgetag: from tagged images to a verified on-device model.

`Tagger` uses a finished model, `Ensemble` several; they and what they give and raise are the public
Python API, and follow SemVer. They are imported on use, since commands that need none of them start
faster.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
    from edgetag.tagging.ensemble import Ensemble
    from edgetag.tagging.errors import BundleError, PictureError, VocabularyError
    from edgetag.tagging.results import HeatMaps, Tagging, TagScore
    from edgetag.tagging.tagger import Tagger

__all__ = [
    "BundleError",
    "Ensemble",
    "HeatMaps",
    "PictureError",
    "TagScore",
    "Tagger",
    "Tagging",
    "VocabularyError",
]

_MODULES = {
    "ensemble": ("Ensemble",),
    "errors": ("BundleError", "PictureError", "VocabularyError"),
    "results": ("HeatMaps", "TagScore", "Tagging"),
    "tagger": ("Tagger",),
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("edgetag")
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"edgetag.tagging.{module}"), name)
    raise AttributeError(f"module 'edgetag' has no attribute {name!r}")
