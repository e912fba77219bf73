"""The data: how many images have each tag in each split, what was left out, whose they are."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from edgetag.dataset.result import DatasetResult, DroppedImage
from edgetag.dataset.tables import counts_table, left_out_table
from edgetag.errors import InputError
from edgetag.recipe import Recipe
from edgetag.reporting.page.pictures import pictures_sentences
from edgetag.reporting.page.view import Values, View
from edgetag.tables import MOST_FINDINGS
from edgetag.tables.formats import counted, format_count
from edgetag.validation.tables import pictures_table

MOST_TAGS = 100
MOST_LINES = 40
"""Lines that are shown of the attribution: a set of photos names each of its makers."""


def read_rejected(path: Path) -> tuple[DroppedImage, ...]:
    """Read `dataset/rejected.csv`; nothing where it is missing.

    Raises:
        InputError: It is damaged.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); run: edgetag data build") from None
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise InputError(f"{path}: cannot be read ({error}); run: edgetag data build") from None
    if rows[:1] != [list(DroppedImage.model_fields)] or {len(row) for row in rows} != {4}:
        raise InputError(f"{path}: not the list of rejected images; run: edgetag data build")
    named = (dict(zip(rows[0], row, strict=True)) for row in rows[1:])
    return tuple(map(DroppedImage.model_validate, named))


def data_facts(
    recipe: Recipe, data: DatasetResult, attribution: str | None
) -> Iterator[tuple[str, str]]:
    """Yield what the data are and whose."""
    yield "labels", f"{recipe.data.source.name}, read as {data.format}"
    yield "images", f"{format_count(data.images)} of {counted(data.listed, 'row')}"
    if data.rejected:
        reasons = (f"{format_count(rows)} {reason}" for reason, rows in data.rejected.items())
        yield "left out", f"{', '.join(reasons)}; all are in dataset/rejected.csv"
    else:
        yield "left out", "nothing"
    if data.ignored_files:
        yield "no images by name", counted(data.ignored_files, "file")
    if data.unknown_tags:
        named = ", ".join(
            f"{tag.name} ({counted(tag.rows, 'row')})" for tag in data.unknown_tags[:10]
        )
        yield "tags outside the vocabulary", named
    if near := data.near_duplicates:
        first = near[0]
        yield (
            "near duplicates across splits",
            (
                f"{format_count(len(near))}, such as {first.path} ({first.split}) and "
                f"{first.other_path} ({first.other_split})"
            ),
        )
    if groups := data.straddling_groups:
        yield "groups in several splits", f"{format_count(len(groups))}, such as {groups[0]}"
    license_ = recipe.bundle.license or recipe.export.license
    yield "licence of the model", license_ or "not stated; bundle.license in the recipe states it"
    yield (
        "makers and licences of the images",
        (
            "see below"
            if attribution
            else "not at hand; ATTRIBUTION.md beside the labels states them"
        ),
    )


def first_lines(text: str) -> tuple[str, int]:
    """Return the first lines of the attribution, and how many more there are."""
    lines = text.strip().splitlines()
    return "\n".join(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES)


def section(view: View) -> Values:
    """Return what the section shows."""
    sources, built, compared = view.sources, view.sources.data, view.sources.verdict.pictures
    counts = counts_table("Images that have each tag, by split", built.splits) if built else None
    return {
        "pictures": pictures_table(compared) if compared else None,
        "pictures_sentences": list(pictures_sentences(compared)) if compared else [],
        "counts_by_split": counts.first(MOST_TAGS) if counts else None,
        "data_facts": list(data_facts(sources.recipe, built, sources.attribution)) if built else [],
        "rejected": left_out_table("Rows that were left out", sources.rejected[:MOST_FINDINGS]),
        "attribution": first_lines(sources.attribution) if sources.attribution else None,
    }
