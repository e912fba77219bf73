"""What the app ships."""

from edgetag.bundling.archive import check_bundle

__all__ = ["check_bundle"]
