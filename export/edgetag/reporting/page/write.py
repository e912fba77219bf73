"""Writes `report/index.html`: one file, no script, nothing loaded from elsewhere."""

from markupsafe import Markup

from edgetag.reporting.page.banner import banner
from edgetag.reporting.page.sections import SECTIONS, Section
from edgetag.reporting.page.style import page_environment, stylesheet
from edgetag.reporting.page.variants import figures
from edgetag.reporting.page.view import View
from edgetag.reporting.result import ReportResult
from edgetag.reporting.sources import Sources


def write_page(report: ReportResult, sources: Sources) -> str:
    """Return the report as one HTML document, the verdict at the top.

    The same results give the same bytes. All text is escaped; the page forbids scripts and
    loads by its own policy besides.
    """
    view = View(report, sources)
    page = page_environment().get_template("page.html.j2")
    return page.render(
        css=stylesheet(),
        view=view,
        banner=banner(view),
        figures=list(figures(view)),
        sections=[(section, _written(section, view)) for section in SECTIONS],
    )


def _written(section: Section, view: View) -> Markup:
    template = page_environment().get_template(f"sections/{section.name}.html.j2")
    html = template.render(
        view=view,
        report=view.report,
        verdict=view.sources.verdict,
        recipe=view.sources.recipe,
        **section.values(view),
    )
    return Markup(html)  # noqa: S704 - rendered with escaping
