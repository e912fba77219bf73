"""`edgetag data check`: what a run would use, drop and refuse, without writing anything."""

from edgetag.dataset.plan import make_plan, open_sources
from edgetag.dataset.result import CheckReport
from edgetag.progress import Progress
from edgetag.recipe.sections import Recipe


def check(recipe: Recipe, progress: Progress) -> CheckReport:
    """Look at all data of a recipe.

    Raises:
        InputError: The source cannot be read at all. What else is wrong is in the report.
    """
    section = recipe.data
    sources = open_sources(section)
    plan = make_plan(sources, section, recipe.network.preprocessing(), None, progress)
    listing = sources.listing
    return CheckReport(
        source=str(listing.source),
        format=listing.format,
        listed=len(listing.entries),
        images=len(plan.images),
        splits=plan.counts(section.tags),
        dropped=plan.dropped,
        rejected=plan.rejected(),
        rejected_share=plan.rejected_share(),
        near_duplicates=plan.near_duplicates,
        straddling_groups=plan.straddling_groups(),
        unknown_tags=listing.unknown_tags,
        ignored_files=listing.ignored_files,
        problems=tuple(plan.problems(section)),
    )
