"""Tables of a rescue: the steps with what each costs, and the layers that quantizing hurts."""

from edgetag.conversion.layers import label
from edgetag.rescue.result import FloatFile, RescueResult, Step
from edgetag.tables import Cell, Column, Decision, Number, Rows, Table, decided, with_interval
from edgetag.tables.formats import format_bytes, format_fraction, format_ms
from edgetag.tables.text import first_few

SHOWN_LAYERS, RANKED_LAYERS = 4, 10
"""Layers named in a cell; the JSON has them all."""


def rescue_tables(result: RescueResult) -> tuple[Table, ...]:
    """Return the layers by what quantizing them costs, where they were ranked, and the steps."""
    return (*((ranking_table(result),) if result.ranking else ()), steps_table(result))


def steps_table(result: RescueResult) -> Table:
    """Show what each step keeps and costs, with the float file's cost as the last row."""
    kind = "float" if result.keep == "float" else "16 bits"
    return Rows[Step | FloatFile]((*result.steps, result.fp32)).table(
        f"{result.variant} with layers in {kind}, on {result.runtime}, {result.split}",
        Number("kept", lambda step: len(step.layers) if isinstance(step, Step) else "fp32"),
        Column("layers", lambda step: _change(step) if isinstance(step, Step) else None),
        Number(
            "mAP", lambda step: format_fraction(step.map, 4) if isinstance(step, Step) else None
        ),
        Number("drop", _drop, note="points"),
        Number("size", lambda step: format_bytes(step.size_bytes)),
        Number("gzip", lambda step: format_bytes(step.gzip_bytes)),
        Number(
            "p50",
            lambda step: format_ms(step.latency_ms.p50 if step.latency_ms else None),
            unit="ms",
        ),
        Number(
            "p90",
            lambda step: format_ms(step.latency_ms.p90 if step.latency_ms else None),
            unit="ms",
        ),
        Decision(
            "verdict", lambda step: _decision(result, step) if isinstance(step, Step) else None
        ),
    )


def _drop(step: Step | FloatFile) -> Cell | None:
    return with_interval(step.map_drop, step.map_drop_interval) if isinstance(step, Step) else None


def _decision(result: RescueResult, step: Step) -> Cell:
    return decided(step.verdict, step.verdict + " ←" * (step.name == result.chosen))


def ranking_table(result: RescueResult) -> Table:
    """Show the layers that quantizing hurts most."""
    return Rows(enumerate(result.ranking[:RANKED_LAYERS], start=1)).table(
        f"Change of the scores by quantizing one layer alone ({len(result.ranking)} layers)",
        Number("rank", lambda ranked: ranked[0]),
        Column("layer", lambda ranked: ranked[1].label),
        Column("operator", lambda ranked: ranked[1].operator),
        Number("RMS", lambda ranked: format_fraction(ranked[1].error, 5)),
    )


def _change(step: Step) -> str | None:
    """Say which layers a step has, by those of the steps before."""
    if not step.layers:
        return None
    if step.dropped:
        return f"{len(step.layers) + len(step.dropped)} without {_named(step.dropped)}"
    return f"+ {_named(step.added)}" if step.added else "the same"


def _named(names: tuple[str, ...]) -> str:
    return first_few([label(name) for name in names], SHOWN_LAYERS)
