"""The report as one HTML file: `write_page`."""

from edgetag.reporting.page.write import write_page

__all__ = ["write_page"]
