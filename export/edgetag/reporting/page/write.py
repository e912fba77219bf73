"""Writes `report/index.html`: one file, no script, nothing loaded from elsewhere."""

from functools import cache, partial
from itertools import count
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from edgetag.reporting.page import (
    causes,
    confusion,
    data,
    elsewhere,
    float_errors,
    heat_maps,
    phones,
    pictures,
    setting,
    shipping,
    variants,
    words,
)
from edgetag.reporting.page.banner import banner
from edgetag.reporting.page.changes import changes_of
from edgetag.reporting.page.curves import curves_of
from edgetag.reporting.page.sources import PageSources, View
from edgetag.reporting.page.tags import tags_of
from edgetag.reporting.result import ReportResult

TEMPLATES = Path(__file__).parent / "templates"


def write_page(report: ReportResult, sources: PageSources) -> str:
    """Return the report as one HTML document, the verdict at the top.

    The same results give the same bytes. All text is escaped; the page forbids scripts and
    loads by its own policy besides.

    Args:
        report: The joined rows of all files.
        sources: What they were joined from.
    """
    view = View(report, sources)
    scored = list(view.all_scored())
    compared = sources.verdict.baseline
    model, built = sources.float_model, sources.data
    compared_pictures = sources.verdict.pictures
    return _environment().get_template("page.html.j2").render(
        css=Markup(_read("page.css")),  # noqa: S704 - our own file
        words=words,
        view=view,
        recipe=sources.recipe,
        verdict=sources.verdict,
        report=report,
        deciding=scored[0] if scored else None,
        banner=banner(view),
        figures=list(variants.figures(view)),
        variants=variants.variants_grid(view),
        tradeoffs=list(variants.tradeoff_plots(view)),
        elsewhere=variants.elsewhere_grid(view),
        speed=variants.speed_grid(view),
        heat_maps=heat_maps.heat_maps_grid(view),
        heat_map_tags=list(heat_maps.heat_map_tags(view)),
        failures=variants.failures_grid(view),
        checks=elsewhere.checks_grid(view),
        counts=elsewhere.counts_grid(view),
        phones=list(phones.phone_grids(view)),
        tags=[tags_of(view, number, found) for number, found in enumerate(scored)],
        curves=[part for part in map(partial(curves_of, view), count(), scored) if part],
        changes=[part for part in map(partial(changes_of, view), scored) if part],
        shipped=list(shipping.shipped(view)),
        input_steps=list(
            shipping.input_steps(
                sources.recipe.network.preprocessing(), shipping.exported_file(view)
            )
        ),
        errors=float_errors.errors_grid(model) if model else None,
        errors_by_tag=list(float_errors.errors_by_tag(view, model)) if model else [],
        confusion=confusion.confusion(model) if model else None,
        pictures=pictures.pictures_grid(compared_pictures) if compared_pictures else None,
        pictures_sentences=list(pictures.pictures_sentences(compared_pictures))
        if compared_pictures
        else [],
        counts_by_split=data.counts_grid(built) if built else None,
        data_facts=list(data.data_facts(sources.recipe, built, sources.attribution))
        if built
        else [],
        rejected=data.rejected_grid(sources.rejected),
        attribution=data.first_lines(sources.attribution) if sources.attribution else None,
        blames=list(causes.blames(view)),
        mistakes=list(causes.mistakes(view)),
        baseline=compared,
        baseline_changes=setting.baseline_grid(compared) if compared else None,
        baseline_sentence=setting.baseline_sentence(compared) if compared else "",
        files=setting.files_grid(view),
        environment=list(setting.environment(view)),
    )  # fmt: skip


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
