"""Tables of studies: one row per file, then goals; as tables and as a Markdown page."""

from collections.abc import Callable

from edgetag.benchmarking.result import Ratio
from edgetag.study.result import Accuracy, GoalCheck, Peer, PeersStudy, Row, Study, VariantsStudy
from edgetag.tables import Cell, Column, Number, Prose, Rows, Table
from edgetag.tables.formats import (
    format_bytes,
    format_fraction,
    format_interval,
    format_millions,
    format_ms,
    format_points,
)
from edgetag.tables.markdown import to_aligned_markdown

LONGEST = 400
MARKS = {"shown": "pass", "met": "pass", "missed": "fail", "unknown": "undecided"}


def study_tables(study: Study) -> tuple[Table, ...]:
    """Return the files, what each training gave or which tools were used, and the goals."""
    seeds = _seeds_table(study) if isinstance(study, VariantsStudy) and study.seeds[1:] else None
    tools = _tools_table(study) if isinstance(study, PeersStudy) else None
    tables = [_files_table(study), seeds, tools, _goals_table(study)]
    return tuple(table for table in tables if table and table.rows)


def to_markdown_page(study: Study) -> str:
    """Return the tables as a Markdown page, with what they were made on."""
    parts = []
    for table in study_tables(study):
        parts += [f"## {table.title}", to_aligned_markdown(table, LONGEST)]
    return "\n\n".join([f"# {study.name}", *parts, conditions(study)]) + "\n"


def conditions(study: Study) -> str:
    """Say in a sentence or two what the figures were measured on."""
    load = ""
    if study.load is not None:
        load = f", at a load of {study.load[0]:.1f} before and {study.load[1]:.1f} after"
    return (
        f"Drops in points against the float model, intervals at {study.confidence:.0%} by concept. "
        f"Times on one thread of {study.machine.cpu}{load}, files in turns; ratios to "
        f"{study.base}, taken round by round."
    )


def _files_table(study: Study) -> Table:
    columns: list[Column[Row]] = [Column("file", lambda row: row.name)]
    for place, entry in enumerate(study.rows[0].accuracy):
        columns += [
            Number("mAP", _of(place, lambda own: format_fraction(own.map)), note=entry.split),
            Number(
                "drop",
                _of(place, lambda own: format_points(own.map_drop, own.map_drop_interval)),
                unit="points",
            ),
            Number(
                "logit RMSE",
                _of(place, lambda own: _with_bounds(own.logit_rmse, own.logit_rmse_interval)),
            ),
        ]
    return Rows(study.rows).table(
        _title(study),
        *columns,
        Number("size", lambda row: format_bytes(row.size_bytes)),
        Number("gzip", lambda row: format_bytes(row.gzip_bytes)),
        Number("latency", lambda row: format_ms(row.latency_ms), unit="ms"),
        Number("time", lambda row: _ratio(row.latency_ratio), note=f"× {study.base}"),
        Number("ARM", lambda row: format_millions(row.instructions), unit="M", optional=True),
        Number(
            "ARM",
            lambda row: format_fraction(row.instructions_ratio),
            note=f"× {study.base}",
            optional=True,
        ),
        Prose("note", lambda row: row.note or None, optional=True),
    )


def _title(study: Study) -> str:
    entries = study.rows[0].accuracy
    over = ", ".join(
        f"{each.split} ({each.images} pictures of {each.groups} concepts, {each.scored_tags} tags)"
        for each in entries
    )
    seeds = study.seeds if isinstance(study, VariantsStudy) else ()
    mean = f"mean of {len(seeds)} trainings; " if len(seeds) > 1 else ""
    return f"Files side by side: {mean}{over}"


def _of(place: int, write: Callable[[Accuracy], str]) -> Callable[[Row], str]:
    return lambda row: write(row.accuracy[place])


def _with_bounds(value: float, bounds: tuple[float, float] | None) -> str:
    return f"{format_fraction(value)} {format_interval(bounds, format_fraction)}".strip()


def _ratio(ratio: Ratio | None) -> str:
    return _with_bounds(ratio.p50, ratio.interval) if ratio else format_fraction(None)


def _seeds_table(study: VariantsStudy) -> Table:
    """Show how far trainings differ, which no interval by concept tells."""
    columns: list[Column[Row]] = [Column("file", lambda row: row.name)]
    for place, entry in enumerate(study.rows[0].accuracy):
        columns += [
            Number(
                f"drop {entry.split}",
                _of(place, lambda own: " / ".join(map(format_points, own.map_drop_by_seed))),
                unit="points",
            ),
            Number(
                f"logit RMSE {entry.split}",
                _of(place, lambda own: " / ".join(map(format_fraction, own.logit_rmse_by_seed))),
            ),
        ]
    seeds = " / ".join(map(str, study.seeds))
    return Rows(study.rows).table(f"Training by training, seeds {seeds}", *columns)


def _tools_table(study: PeersStudy) -> Table:
    return Rows(study.tools).table(
        f"Other tools, calibrated with the same {study.calibrating_images} pictures",
        Column("tool", lambda peer: peer.name),
        Prose("packages", lambda peer: ", ".join(peer.packages) or "those of edgetag"),
        Prose("settings", lambda peer: peer.settings),
        Prose("left out because", _reason, optional=True),
    )


def _reason(peer: Peer) -> str | None:
    return peer.reason or None


def _goals_table(study: Study) -> Table:
    return Rows(study.goals).table(
        "Goals: shown where the whole interval is within, met where the measured value is",
        Column("file", lambda goal: goal.row),
        Column("measure", lambda goal: goal.goal),
        Number("at most", lambda goal: _written(goal, goal.limit)),
        Number("measured", _measured),
        Column("reached", lambda goal: Cell(goal.reached, mark=MARKS[goal.reached])),
    )


def _measured(goal: GoalCheck) -> str:
    if goal.measured is None:
        return format_fraction(None)
    bounds = format_interval(goal.interval, lambda end: _written(goal, end))
    return f"{_written(goal, goal.measured)} {bounds}".strip()


def _written(goal: GoalCheck, value: float) -> str:
    if goal.goal.startswith("map_drop"):
        return format_points(value)
    return format_bytes(int(value)) if goal.goal == "size_bytes" else format_fraction(value)
