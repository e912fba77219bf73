"""Every file, and what its figures were measured with."""

from edgetag.conversion.tables import files_table
from edgetag.reporting.environment import environment
from edgetag.reporting.page.view import Values, View
from edgetag.reporting.tables import given_files_table


def section(view: View) -> Values:
    """Return what the section shows."""
    sources = view.sources
    return {
        "files": files_table(sources.exported.variants) if sources.exported else None,
        "given_files": given_files_table(sources.exported, sources.verdict),
        "environment": list(
            environment(sources.recipe, sources.verdict, sources.bench, sources.versions)
        ),
    }
