"""edgetag: from tagged images to a verified on-device model."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str


def __getattr__(name: str) -> Any:
    """Look the version up when it is asked for: the module that can takes longer than the rest."""
    if name == "__version__":
        from importlib.metadata import version

        return version("edgetag")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
