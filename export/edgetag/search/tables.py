"""The tables of a search: every trial with what it costs and why it lost."""

from collections.abc import Callable
from typing import Any

from edgetag.search.result import SearchResult, SearchTrial
from edgetag.tables import Column, Number, Prose, Rows, Table
from edgetag.tables.formats import (
    format_bytes,
    format_fraction,
    format_millions,
    format_ms,
    format_points,
)


def search_tables(result: SearchResult) -> tuple[Table, ...]:
    """Return the table of all trials: those of the front first, then by what they cost."""
    trials = sorted(
        result.trials,
        key=lambda trial: (trial.name not in result.front, trial.cost(result.cost), trial.name),
    )
    columns = [
        Column[SearchTrial]("trial", lambda trial: trial.name),
        Number("trained", lambda trial: _share(trial.trained)),
        Number("mAP", lambda trial: _of(trial, "map", format_fraction)),
        Number("drop", lambda trial: _of(trial, "map_drop", format_points), note="points"),
        Number("logit RMSE", lambda trial: _of(trial, "logit_rmse", format_fraction)),
        Number(
            "multiplications",
            lambda trial: _of(trial, "multiplications", format_millions),
            unit="M",
        ),
        Number("size", lambda trial: _of(trial, "size_bytes", format_bytes)),
        Number("gzip", lambda trial: _of(trial, "gzip_bytes", format_bytes)),
        Number("p50", lambda trial: _of(trial, "latency_ms", format_ms), unit="ms", optional=True),
        Number(
            "ARM",
            lambda trial: _of(trial, "arm_instructions", format_millions),
            unit="M instructions",
            optional=True,
        ),
        Prose("outcome", lambda trial: trial.why),
    ]
    title = f"Searched: {len(result.trials)} of {result.combinations} combinations"
    return (Rows(trials).table(title, *columns),)


def _share(trained: float | None) -> str | None:
    return None if trained is None else f"{100 * trained:.0f} %"


def _of(trial: SearchTrial, name: str, write: Callable[[Any], str]) -> str | None:
    value = getattr(trial.measures, name) if trial.measures else None
    return None if value is None else write(value)
