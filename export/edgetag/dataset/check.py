"""`edgetag data check`: what a run would use, drop and refuse, without writing anything."""

from collections.abc import Iterator

from edgetag.dataset.attribution import read_attribution
from edgetag.dataset.plan import NAMED, Plan, make_plan, open_sources
from edgetag.dataset.prospects import unfit_splits
from edgetag.dataset.result import CheckReport
from edgetag.dataset.selection import DropReason
from edgetag.dataset.unlabelled_files import open_unlabelled
from edgetag.errors import InputError
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.tables.formats import counted
from edgetag.tables.text import first_few


def check(recipe: Recipe, progress: Progress) -> CheckReport:
    """Look at all data of a recipe.

    Raises:
        InputError: The source cannot be read at all. What else is wrong is in the report.
    """
    section = recipe.data
    sources = open_sources(section)
    plan = make_plan(sources, section, recipe.network.preprocessing(), None, progress)
    listing = sources.listing
    splits = plan.counts(section.tags)
    return CheckReport(
        source=str(listing.source),
        format=listing.format,
        listed=len(listing.entries),
        images=len(plan.images),
        splits=splits,
        dropped=plan.dropped,
        rejected=plan.rejected(),
        rejected_share=plan.rejected_share(),
        near_duplicates=plan.near_duplicates,
        straddling_groups=plan.straddling_groups(),
        unknown_tags=listing.unknown_tags,
        ignored_files=listing.ignored_files,
        corrections=plan.corrections,
        problems=(*plan.problems(section), *_missing(recipe), *unfit_splits(recipe, splits)),
        advice=_advice(plan),
    )


def _missing(recipe: Recipe) -> Iterator[str]:
    """Tell which files beside the data a run would refuse to do without."""
    try:
        read_attribution(recipe)
    except InputError as error:
        yield str(error)
    if recipe.teacher.pictures is not None:
        try:
            open_unlabelled(recipe.teacher.pictures, len(recipe.data.tags))
        except InputError as error:
            yield str(error)


def _advice(plan: Plan) -> tuple[str, ...]:
    advice = []
    if near := plan.near_duplicates:
        advice.append(
            f"nearly equal to an image of another split: {counted(len(near), 'image')}, such as "
            f"{near[0].path} ({near[0].split}) and {near[0].other_path} ({near[0].other_split}), "
            "so figures come out too good; give both one group, or set "
            "data.drop_near_duplicates = true"
        )
    if straddling := plan.straddling():
        advice.append(straddling)
    if places := [image.where for image in plan.dropped if image.reason == DropReason.CONFLICT]:
        advice.append(
            "in contradiction to an earlier row about the same image, whose label is unknown: "
            f"{counted(len(places), 'row')}, {first_few(places, NAMED)}; "
            "correct the labels, or answer on the page of edgetag review"
        )
    if ignored := plan.sources.passed_over():
        advice.append(ignored)
    return tuple(advice)
