"""`edgetag data check`: what a run would use, drop and refuse, without writing anything."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from unicodedata import normalize

from edgetag.dataset.answers import Answer
from edgetag.dataset.plan import NAMED, Plan, make_plan, open_sources
from edgetag.dataset.prospects import unfit_splits
from edgetag.dataset.result import CheckReport
from edgetag.dataset.selection import DropReason
from edgetag.dataset.unlabelled_files import open_unlabelled, undivided
from edgetag.errors import InputError
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.tables.formats import counted
from edgetag.tables.text import first_few


def check(recipe: Recipe, progress: Progress, others: Sequence[str] = ()) -> CheckReport:
    """Look at all data of a recipe.

    Args:
        recipe: Says where they are.
        progress: Told of every part.
        others: What else would stop a run, one sentence each.

    Raises:
        InputError: The source cannot be read at all. What else is wrong is in the report.
    """
    section = recipe.data
    sources = open_sources(section)
    plan = make_plan(sources, section, recipe.network.preprocessing(), None, progress)
    taught = _taught(recipe, progress)
    listing = sources.listing
    splits = plan.counts(section.tags)
    return CheckReport(
        source=str(listing.source),
        format=listing.format,
        listed=len(listing.entries),
        images=len(plan.images),
        splits=splits,
        dropped=(*plan.dropped, *(image for more in taught for image in more.dropped)),
        rejected=plan.rejected(),
        rejected_share=plan.rejected_share(),
        near_duplicates=plan.near_duplicates,
        straddling_groups=plan.straddling_groups(),
        unknown_tags=listing.unknown_tags,
        ignored_files=listing.ignored_files,
        corrections=plan.corrections,
        problems=(
            *plan.problems(section),
            *(problem for more in taught for problem in more.problems(undivided(section))),
            *others,
            *unfit_splits(recipe, splits),
        ),
        advice=(*_advice(plan), *_namesakes(section.corrections, plan), *_alike(plan.said)),
    )


def _taught(recipe: Recipe, progress: Progress) -> Sequence[Plan]:
    """Return what a run would use of the teacher's pictures, if it has some."""
    folder, section = recipe.teacher.pictures, recipe.data
    if folder is None:
        return ()
    try:
        sources = open_unlabelled(folder, len(section.tags))
    except InputError:
        return ()  # no folder, or no picture in it: told with the others that the recipe names
    contract = recipe.network.preprocessing()
    return (make_plan(sources, undivided(section), contract, None, progress),)


def _namesakes(tables: Sequence[Path], plan: Plan) -> Iterator[str]:
    """Yield which tables that do not say who answered have one name, and so are one person's."""
    people = {answer.by for answer in plan.said}
    for name, count in Counter(table.stem for table in tables).items():
        if count > 1 and name in people:
            yield (
                f"called {name!r} in data.corrections: {counted(count, 'table')}; answers in them "
                "that do not say by whom are one person's, of whom the last counts; rename tables "
                "of other people"
            )


def _alike(answers: Iterable[Answer]) -> Iterator[str]:
    """Yield which names differ by their capitals alone, and so may be one person's."""
    people: dict[str, set[str]] = {}
    for answer in answers:
        people.setdefault(normalize("NFKC", answer.by).casefold(), set()).add(answer.by)
    for names in people.values():
        if len(names) > 1:
            yield (
                f"counted as {len(names)} people: {', '.join(map(repr, sorted(names)))}; if they "
                "are one, give them one name in the tables of data.corrections"
            )


def _advice(plan: Plan) -> tuple[str, ...]:
    advice = []
    if near := plan.near_duplicates:
        images = len({pair.path for pair in near})  # some nearly equal images of several splits
        advice.append(
            f"nearly equal to an image of another split: {counted(images, 'image')}, such as "
            f"{near[0].path} ({near[0].split}) and {near[0].other_path} ({near[0].other_split}), "
            "so figures come out too good; give both one group, or set "
            "data.drop_near_duplicates = true"
        )
    if {image.entry.group for image in plan.images} - {None} == {"0", "1"}:
        advice.append(
            "the column of groups holds 1 and 0 alone, so there are two groups, and intervals over "
            "groups say nothing; if it is a tag's, add it to data.tags and name another column, or "
            "none that there is, in data.group_column"
        )
    if straddling := plan.straddling():
        advice.append(straddling)
    if places := [image.where for image in plan.dropped if image.reason == DropReason.CONFLICT]:
        advice.append(
            "in contradiction to an earlier row about the same image, whose label is unknown: "
            f"{counted(len(places), 'row')}, {first_few(places, NAMED)}; "
            "correct the labels, or answer on the page of edgetag review"
        )
    if joined := [image for image in plan.images if image.added_up]:
        pairs = [
            first_few((image.entry.path, *image.repeats), NAMED, between=" and ")
            for image in joined
        ]
        advice.append(
            f"in several class folders: {counted(len(joined), 'image')}, "
            f"{first_few(pairs, NAMED)}; each has the tags of all of its folders; delete copies "
            "that lie in a wrong one"
        )
    if torn := [image.entry.path for image in plan.images if image.splits_differ]:
        advice.append(
            f"in rows that name different splits: {counted(len(torn), 'image')}, "
            f"{first_few(torn, NAMED)}; the first row's split counts, so give all rows of an image "
            "that one"
        )
    if ignored := plan.sources.passed_over():
        advice.append(ignored)
    return tuple(advice)
