"""Tables of heat maps: how far a file's are from the float model's, over all and by tag."""

from typing import NamedTuple

from edgetag.tables import NOT_SCORED, Cell, Column, Number, Rows, Table, points, with_interval
from edgetag.tables.formats import format_percent, format_points
from edgetag.validation.heat_map_result import HeatMaps
from edgetag.validation.result import VariantVerdict, Verdict


class _Mapped(NamedTuple):
    entry: VariantVerdict
    maps: HeatMaps


def heat_maps_table(verdict: Verdict) -> Table:
    """Show every file and runtime with maps; without any the table is empty."""
    mapped = [_Mapped(entry, entry.heat_maps) for entry in verdict.variants if entry.heat_maps]
    return Rows(mapped).table(
        "Heat maps against the float reference's, where a tag is present",
        Column("variant", lambda row: row.entry.variant),
        Column("runtime", lambda row: Cell(row.entry.runtime, note=row.entry.runtime_version)),
        Column("cells", lambda row: f"{row.maps.height} × {row.maps.width}"),
        Number("images", lambda row: row.maps.n_images),
        Number("maps", lambda row: row.maps.n_present, note="of present tags", only="page"),
        points("distance", lambda row: (row.maps.error, row.maps.error_interval)),
        Number("99 of 100 within", lambda row: format_points(row.maps.p99_error)),
        Number(
            "same highest cell",
            lambda row: with_interval(
                row.maps.peak_agreement, row.maps.peak_agreement_interval, format_percent
            ),
        ),
        Number(
            "score and map apart",
            lambda row: format_points(row.maps.identity_error),
            note="most, points",
            only="page",
        ),
    )


def heat_map_tags_table(variant: str, maps: HeatMaps) -> Table:
    """Show a file's maps tag by tag."""
    return Rows(maps.tags).table(
        f"Heat maps of {variant} by tag",
        Column("tag", lambda tag: tag.tag),
        Number("images", lambda tag: tag.positives),
        Number(
            "distance",
            lambda tag: format_points(tag.error) if tag.scored else NOT_SCORED,
            note="points",
        ),
        Number("same highest cell", lambda tag: format_percent(tag.peak_agreement)),
    )
