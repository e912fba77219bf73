"""The dataset stage: labels and images in, manifest and image cache out."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from edgetag.dataset.answers import answers_csv
from edgetag.dataset.before_answers import before_answers_text
from edgetag.dataset.build_cache import cache_fingerprint, write_cache
from edgetag.dataset.correcting import corrections_csv, counts_of, sentence_of
from edgetag.dataset.listing import Listing
from edgetag.dataset.plan import Plan, Sources, make_plan, open_sources
from edgetag.dataset.result import DatasetResult
from edgetag.dataset.selection import DropReason
from edgetag.dataset.unlabelled import place_of
from edgetag.dataset.unlabelled_files import open_named, open_unlabelled, undivided
from edgetag.errors import InputError
from edgetag.progress import Progress
from edgetag.recipe import PLACES, Recipe
from edgetag.tables.csv import to_csv
from edgetag.tables.formats import counted, format_count
from edgetag.tables.text import shorten
from edgetag.workspace import Workspace, digest_file, digest_json
from edgetag.writing import atomic_write, write_text

LONGEST_CELL = 4096
"""Characters of a cell of `rejected.csv`: no path is longer, and readers of CSV have limits."""


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> DatasetResult:
    """Build `dataset/` of a run: manifest, summary, rejected images and cache.

    What an earlier run left stays whole until everything new is ready. A killed build goes on
    where it was.

    Raises:
        InputError: The source is wrong, too many images are rejected, or the disk is full.
    """
    sources, more = open_sources(recipe.data), _unlabelled(recipe)
    result = _build(sources, recipe, workspace, progress)
    place = place_of(workspace)
    if more is None:
        shutil.rmtree(place.root, ignore_errors=True)
    else:
        undivided_recipe = recipe.replace(data=undivided(recipe.data))
        pictures = _build(more, undivided_recipe, place, progress)
        progress.say(
            f"{counted(pictures.images, 'picture')} without labels in {recipe.teacher.pictures}"
        )
    return result


def build_pictures(
    named: Sequence[Path], recipe: Recipe, workspace: Workspace, progress: Progress
) -> DatasetResult:
    """Build `dataset/` of a place from pictures without labels: files, and those in folders.

    In the manifest their paths are those from the root of the file system. Pictures that cannot be
    read are left out, however many they are.

    Raises:
        InputError: There is no such file, no picture that can be read, or the disk is full.
    """
    sources = open_named(named, len(recipe.data.tags))
    section = undivided(recipe.data, max_rejected_share=1.0)
    return _build(sources, recipe.replace(data=section), workspace, progress)


def _unlabelled(recipe: Recipe) -> Sources | None:
    folder = recipe.teacher.pictures
    return None if folder is None else open_unlabelled(folder, len(recipe.data.tags))


def _build(
    sources: Sources, recipe: Recipe, workspace: Workspace, progress: Progress
) -> DatasetResult:
    """Build `dataset/` from the rows and files of sources; see `run`."""
    section = recipe.data
    contract = recipe.network.preprocessing()
    _refuse(sources.problems(section))
    building = workspace.dataset / "building"
    plan = make_plan(sources, section, contract, building, progress)
    _refuse(plan.problems(section))
    if plan.dropped:
        progress.say(
            f"left out {format_count(len(plan.dropped))} of "
            f"{counted(len(sources.listing.entries), 'row')}, "
            f"which {workspace.dataset / 'rejected.csv'} lists: {plan.left_out()}"
        )
    if ignored := sources.passed_over():
        progress.say(ignored)
    if plan.corrections:
        sentence = sentence_of(counts_of(plan.corrections))
        progress.say(f"{sentence}; dataset/corrections.csv lists them")
    if straddling := plan.straddling():
        progress.say(f"warning: {straddling}")
    fingerprint = cache_fingerprint(contract, [image.identity for image in plan.images])
    rows = [image.position for image in plan.images]
    cache = write_cache(plan.inspection, rows, contract, fingerprint, progress)
    result = _result(plan, recipe, fingerprint)
    # From here on a kill leaves no manifest rather than one that does not fit the cache.
    workspace.manifest.unlink(missing_ok=True)
    if workspace.cache.exists():
        shutil.rmtree(workspace.cache)
    cache.rename(workspace.cache)
    write_text(workspace.dataset / "rejected.csv", _rejected_csv(plan))
    workspace.corrections.unlink(missing_ok=True)
    workspace.earlier_answers.unlink(missing_ok=True)
    if plan.said:
        write_text(workspace.earlier_answers, answers_csv(plan.said))
    if plan.sources.answers:
        listing = plan.sources.listing
        write_text(
            workspace.corrections,
            corrections_csv(plan.corrections, lambda where: _placeless(where, listing)),
        )
    result.write(workspace.dataset / "summary.json")
    with atomic_write(workspace.manifest) as file:
        manifest_of(plan, section.tags).write_parquet(file)
    shutil.rmtree(building)
    return result


def inputs_fingerprint(recipe: Recipe) -> str:
    """Return a digest of all that this stage reads: recipe, labels, and the state of each file.

    Files are told apart by path, size and time of change; their bytes are not read.

    Raises:
        InputError: The source is wrong.
    """
    from edgetag.dataset.inspection import file_state

    sources, more = open_sources(recipe.data), _unlabelled(recipe)
    source = sources.listing.source
    return digest_json(
        {
            "data": recipe.data.model_dump(mode="json", exclude=PLACES["data"]),
            "contract": recipe.network.preprocessing().digest(),
            "table": digest_file(source) if source.is_file() else None,
            # Answers that do not say by whom are of a person called as their table.
            "corrections": [[table.stem, digest_file(table)] for table in recipe.data.corrections],
            "entries": [[e.path, e.labels, e.crop, e.weight] for e in sources.listing.entries],
            "files": [[job.path, *file_state(job.file)] for job in sources.jobs],
        }
        | ({"unlabelled": [[job.path, *file_state(job.file)] for job in more.jobs]} if more else {})
    )


def manifest_of(plan: Plan, tags: Sequence[str]) -> pl.DataFrame:
    """Return the manifest; `dataset.view.Dataset` documents its columns."""
    images = plan.images
    corrections = plan.corrections
    confirmed = {(each.identity, each.tag) for each in corrections if each.outcome == "confirmed"}
    return pl.DataFrame(
        {
            "identity": [image.identity for image in images],
            "path": [image.entry.path for image in images],
            "digest": [image.digest for image in images],
            "sha1": [image.sha1 for image in images],
            "split": list(plan.splits),
            "group": [image.entry.group for image in images],
            "crop": [image.entry.crop and list(image.entry.crop) for image in images],
            "weight": [image.entry.weight for image in images],
            "answered": list(map(list, plan.answered)),
            "confirmed": [
                [tag for tag in answered if (image.identity, tag) in confirmed]
                for image, answered in zip(images, plan.answered, strict=True)
            ],
            "repeats": [list(image.repeats) for image in images],
            "contested": [[tags[column] for column in image.contested] for image in images],
            "before_answers": [before_answers_text(dict(image.entry.before)) for image in images],
            **{
                f"tag:{name}": [image.labels[tag] for image in images]
                for tag, name in enumerate(tags)
            },
        },
        schema={
            **dict.fromkeys(("identity", "path", "digest", "sha1", "split", "group"), pl.String),
            "crop": pl.List(pl.Int64),
            "weight": pl.Float64,
            "answered": pl.List(pl.String),
            "confirmed": pl.List(pl.String),
            "repeats": pl.List(pl.String),
            "contested": pl.List(pl.String),
            "before_answers": pl.String,
            **{f"tag:{name}": pl.Int8 for name in tags},
        },
    )


def _result(plan: Plan, recipe: Recipe, fingerprint: str) -> DatasetResult:
    listing = plan.sources.listing
    rejected = plan.rejected()
    return DatasetResult(
        source=listing.source.name,
        format=listing.format,
        listed=len(listing.entries),
        images=len(plan.images),
        input_size=recipe.network.input_size,
        splits=plan.counts(recipe.data.tags),
        rejected=rejected,
        rejected_share=plan.rejected_share(),
        duplicates=rejected.get(DropReason.DUPLICATE, 0),
        near_duplicates=plan.near_duplicates,
        straddling_groups=plan.straddling_groups(),
        unknown_tags=tuple(
            tag.replace(where=_placeless(tag.where, listing)) for tag in listing.unknown_tags
        ),
        ignored_files=listing.ignored_files,
        cache_fingerprint=fingerprint,
        corrections=counts_of(plan.corrections) if plan.sources.answers else None,
    )


def _placeless(where: str, listing: Listing) -> str:
    """Return a place without the folder of the source, which may be moved with its run folder."""
    return where.replace(f"{listing.source.parent}/", "")


def _rejected_csv(plan: Plan) -> str:
    rows = []
    for image in plan.dropped:
        where = _placeless(image.where, plan.sources.listing)
        cells = (image.path, image.reason, image.detail, where)
        rows.append([shorten(cell, LONGEST_CELL) for cell in cells])
    return to_csv(("path", "reason", "detail", "where"), rows)


def _refuse(problems: list[str]) -> None:
    if problems:
        raise InputError("\n".join(problems))
