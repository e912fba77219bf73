"""The part about heat maps: how far a variant's are from the float model's, over all and by tag."""

from collections.abc import Iterator

from edgetag.reporting.page import words
from edgetag.reporting.page.grid import Cell, Column, Grid, cells, with_interval
from edgetag.reporting.page.sources import View
from edgetag.validation.heat_map_result import HeatMaps
from edgetag.validation.result import VariantVerdict

TAGS_SHOWN = 100
"""Rows of a table by tag."""


def heat_maps_grid(view: View) -> Grid:
    """Show every variant and runtime with maps; without any the grid is empty."""
    columns = (
        Column("variant", numeric=False), Column("runtime", numeric=False), Column("cells"),
        Column("images"), Column("maps", note="of present tags"),
        Column("distance", note="points [interval]"), Column("99 of 100", note="cells within"),
        Column("same highest cell", note="[interval]"),
        Column("score and map apart", note="most, points"),
    )  # fmt: skip
    rows = tuple(_row(entry, found) for entry, found in _found(view))
    return Grid("Heat maps against the float model's", columns, rows)


def heat_map_tags(view: View) -> Iterator[Grid]:
    """Yield a table by tag for each variant on the runtime that the report shows."""
    columns = (
        Column("tag", numeric=False), Column("images"), Column("distance", note="points"),
        Column("same highest cell"),
    )  # fmt: skip
    for entry, found in _found(view):
        if entry.runtime != view.report.runtime:
            continue
        rows = tuple(
            cells([
                tag.tag, words.count(tag.positives),
                words.points(tag.error) if tag.scored else Cell("not scored"),
                words.percent(tag.peak_agreement),
            ])
            for tag in found.tags[:TAGS_SHOWN]
        )  # fmt: skip
        yield Grid(f"Heat maps of {entry.variant} by tag", columns, rows)


def _found(view: View) -> Iterator[tuple[VariantVerdict, HeatMaps]]:
    for entry in view.sources.verdict.variants:
        if entry.heat_maps is not None:
            yield entry, entry.heat_maps


def _row(entry: VariantVerdict, found: HeatMaps) -> tuple[Cell, ...]:
    agreement = found.peak_agreement_interval
    shares = [words.percent(end) for end in agreement] if agreement else []
    return cells([
        entry.variant, Cell(entry.runtime, entry.runtime_version),
        f"{found.height} × {found.width}", words.count(found.n_images),
        words.count(found.n_present),
        with_interval(words.points(found.error), words.interval(found.error_interval)),
        words.points(found.p99_error),
        with_interval(
            words.percent(found.peak_agreement), f"[{', '.join(shares)}]" if shares else ""
        ),
        words.points(found.identity_error),
    ])  # fmt: skip
