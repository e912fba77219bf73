"""Label formats → manifest → split → cache → batches."""

from edgetag.dataset.cache import ImageCache
from edgetag.dataset.view import Dataset, open_dataset

__all__ = ["Dataset", "ImageCache", "open_dataset"]
