"""Label formats → manifest → split → cache → batches.

The view brings polars; a runtime's process, which reads the cache alone, starts without it.
"""

from typing import TYPE_CHECKING, Any

from edgetag.dataset.cache import ImageCache

if TYPE_CHECKING:
    from edgetag.dataset.view import Dataset, open_dataset

__all__ = ["Dataset", "ImageCache", "open_dataset"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name in ("Dataset", "open_dataset"):
        from edgetag.dataset import view

        return getattr(view, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
