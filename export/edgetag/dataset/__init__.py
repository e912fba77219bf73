"""Label formats → manifest → split → cache → batches.

Names are loaded when first used: worker processes and the command's start do without polars.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgetag.dataset.view import Dataset, open_dataset

__all__ = ["Dataset", "open_dataset"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from edgetag.dataset import view

        return getattr(view, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
