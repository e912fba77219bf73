"""Other machines: whether scores are the same there, and how many instructions they take."""

from edgetag.reporting.device import BASE
from edgetag.reporting.page import words
from edgetag.reporting.page.grid import Cell, Column, Grid, cells, decided
from edgetag.reporting.page.sources import View
from edgetag.reporting.tables import NONE


def checks_grid(view: View) -> Grid:
    """Show every comparison of scores; empty where no other machine was asked."""
    columns = (
        Column("variant", numeric=False), Column("runtime", numeric=False),
        Column("processor", numeric=False), Column("verdict", numeric=False),
        Column("compared with", numeric=False, note="here"), Column("images"),
        Column("that differ"), Column("largest difference"), Column("tolerance"),
        Column("reason", numeric=False, wide="prose"),
    )  # fmt: skip
    device = view.sources.device
    rows = tuple(
        cells([
            one.variant, Cell(one.engine, one.runtime_version),
            Cell(one.cpu or NONE, one.program), decided(_decision(one.agreement), one.agreement),
            one.host, words.count(one.images), words.count(one.differing_images),
            NONE if one.max_difference is None else f"{one.max_difference:.2g}",
            "none" if one.tolerance == 0 else f"{one.tolerance:g}", one.reason or NONE,
        ])
        for one in (device.checks if device else ())
    )  # fmt: skip
    return Grid("Scores on other machines against this one", columns, rows)


def _decision(agreement: str) -> str:
    if agreement == "not compared":
        return "not judged"
    return "fail" if agreement in ("differs", "fails there") else "pass"


def counts_grid(view: View) -> Grid:
    """Show every count; empty where nothing was counted."""
    columns = (
        Column("variant", numeric=False), Column("runtime", numeric=False),
        Column("processor", numeric=False), Column("instructions"),
        Column(f"to {BASE}", note="ratio"),
    )  # fmt: skip
    device = view.sources.device
    rows = []
    for one in device.counts if device else ():
        base = device.find(BASE, one.target, one.runtime, one.cpu) if device else None
        ratio = NONE if base is None else f"{one.instructions / base.instructions:.3f}"
        rows.append(
            cells([
                one.variant, Cell(one.engine, one.runtime_version),
                Cell(one.cpu or NONE, one.program), words.count(one.instructions), ratio,
            ])
        )  # fmt: skip
    return Grid("Instructions of an inference, on emulated processors", columns, tuple(rows))
