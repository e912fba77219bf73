"""Writes `report/index.html`: one file, no script, nothing loaded from elsewhere."""

from functools import partial
from itertools import count as numbers

from edgetag.benchmarking.tables import latency_table
from edgetag.conversion.tables import files_table
from edgetag.dataset.tables import counts_table, left_out_table
from edgetag.phones.tables import phone_tables
from edgetag.reporting.environment import environment
from edgetag.reporting.page import (
    causes,
    confusion,
    data,
    float_errors,
    pictures,
    shipping,
    variants,
    words,
)
from edgetag.reporting.page.banner import banner
from edgetag.reporting.page.changes import changes_of
from edgetag.reporting.page.curves import curves_of
from edgetag.reporting.page.style import page_environment, stylesheet
from edgetag.reporting.page.tags import tags_of
from edgetag.reporting.page.view import View
from edgetag.reporting.result import ReportResult
from edgetag.reporting.sources import Sources
from edgetag.reporting.tables import (
    failures_table,
    given_files_table,
    shown_variants_table,
)
from edgetag.reporting.wording import describe_baseline
from edgetag.tables import MOST_FINDINGS
from edgetag.tables.formats import format_count
from edgetag.tables.html import to_html
from edgetag.tables.model import SIGNS
from edgetag.targets.tables import check_table, count_table
from edgetag.validation.baseline_tables import changes_table
from edgetag.validation.heat_map_tables import heat_map_tags_table, heat_maps_table
from edgetag.validation.tables import agreements_table, pictures_table

REJECTED = "Rows that were left out"
MOST_ROWS = 100
"""Rows that are shown of a table that a large vocabulary or many phones could make long."""


def write_page(report: ReportResult, sources: Sources) -> str:
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
    model, built, bench = sources.float_model, sources.data, sources.bench
    targets = sources.targets
    compared_pictures = sources.verdict.pictures
    return (
        page_environment()
        .get_template("page.html.j2")
        .render(
            table=to_html,
            SIGNS=SIGNS,
            count=format_count,
            css=stylesheet(),
            words=words,
            view=view,
            recipe=sources.recipe,
            verdict=sources.verdict,
            report=report,
            deciding=scored[0] if scored else None,
            banner=banner(view),
            figures=list(variants.figures(view)),
            variants=shown_variants_table(report, bench.budget_threads if bench else 1),
            tradeoffs=list(variants.tradeoff_plots(view)),
            elsewhere=variants.elsewhere_table(view),
            agreements=agreements_table(sources.verdict.agreements, sources.verdict.confidence),
            speed=latency_table(bench, report.ships) if bench else None,
            heat_maps=heat_maps_table(sources.verdict),
            heat_map_tags=[
                heat_map_tags_table(entry.variant, entry.heat_maps).first(MOST_ROWS)
                for entry in sources.verdict.variants
                if entry.heat_maps and entry.runtime == report.runtime
            ],
            failures=failures_table(report.failures),
            checks=check_table(targets) if targets and targets.checks else None,
            counts=count_table(targets) if targets and targets.tried else None,
            phones=[
                table.first(MOST_ROWS)
                for table in (phone_tables(sources.phones) if sources.phones else ())
            ],
            tags=[tags_of(view, number, entry) for number, entry in enumerate(scored)],
            curves=[part for part in map(partial(curves_of, view), numbers(), scored) if part],
            changes=[part for part in map(partial(changes_of, view), scored) if part],
            shipped=list(shipping.shipped(view)),
            input_steps=list(
                shipping.input_steps(
                    sources.recipe.network.preprocessing(), shipping.exported_file(view)
                )
            ),
            errors=float_errors.errors_table(model) if model else None,
            errors_by_tag=list(float_errors.errors_by_tag(view, model)) if model else [],
            confusion=confusion.confusion(model) if model else None,
            pictures=pictures_table(compared_pictures) if compared_pictures else None,
            pictures_sentences=list(pictures.pictures_sentences(compared_pictures))
            if compared_pictures
            else [],
            counts_by_split=counts_table("Images that have each tag, by split", built.splits).first(
                MOST_ROWS
            )
            if built
            else None,
            data_facts=list(data.data_facts(sources.recipe, built, sources.attribution))
            if built
            else [],
            rejected=left_out_table(REJECTED, sources.rejected[:MOST_FINDINGS]),
            attribution=data.first_lines(sources.attribution) if sources.attribution else None,
            blames=list(causes.blames(view)),
            mistakes=list(causes.mistakes(view)),
            baseline=compared,
            baseline_changes=changes_table(compared) if compared else None,
            baseline_sentence=describe_baseline(compared) if compared else "",
            files=files_table(sources.exported.variants) if sources.exported else None,
            given_files=given_files_table(sources.exported, sources.verdict),
            environment=list(environment(sources.recipe, sources.verdict, bench, sources.versions)),
        )
    )
