"""How fast a batch tags, beside decoding and inference alone."""

from typing import ClassVar

from edgetag.machine import Acceleration, Machine
from edgetag.records import Result
from edgetag.tables import Number, Rows, Table
from edgetag.tables.formats import counted, format_fraction

TARGET = 0.85
"""Share of the bound that a batch promises to reach."""


class TagRate(Result):
    """What `edgetag tag --measure` measured; rates are pictures a second of all threads together.

    Attributes:
        pictures: Tagged in each round.
        workers: Threads, for all measurements alike.
        rounds: Rounds of each measurement, taken in turn.
        scaled_jpeg: Whether the batch, and so its bound, decoded large JPEG files at a fraction of
            their size.
        decode_per_s: Reading and decoding files and fitting them into the input alone, as the
            contract says; the median.
        decode_scaled_per_s: The same, with large JPEG files at a fraction of their size.
        infer_per_s: The model alone, on squares in memory; the median.
        bound_per_s: Both one after the other on the same cores, so what no batch can exceed.
        tag_per_s: A whole batch: digests, parts on disk, the table; the median.
        ratio: The batch by the bound, the median of the rounds.
        ratios: Smallest and largest of any round: how much the machine's noise is worth.
        target: The ratio that a batch promises.
        machine: Where it was measured.
        runtime: What ran the model; empty before schema 1.2.
        accelerator: What it was asked for, and what ran; None before schema 1.2.
    """

    SCHEMA: ClassVar[str] = "edgetag.tag-rate/1.2"
    pictures: int
    workers: int
    rounds: int
    scaled_jpeg: bool = False
    decode_per_s: float
    decode_scaled_per_s: float
    infer_per_s: float
    bound_per_s: float
    tag_per_s: float
    ratio: float
    ratios: tuple[float, float]
    target: float = TARGET
    machine: Machine
    runtime: str = ""
    accelerator: Acceleration | None = None


def rate_table(rate: TagRate) -> Table:
    """Return the rates and their ratio as a table of one row."""
    low, high = rate.ratios
    option = " --scaled-jpeg" if rate.scaled_jpeg else ""
    return Rows([rate]).table(
        f"Pictures a second: {counted(rate.pictures, 'picture')}, "
        f"{counted(rate.workers, 'thread')}, {counted(rate.rounds, 'round')} in turn, "
        f"{rate.machine.cpu}",
        Number("decoding", lambda row: f"{row.decode_per_s:.0f}"),
        Number("of scaled JPEG", lambda row: f"{row.decode_scaled_per_s:.0f}"),
        Number("inference", lambda row: f"{row.infer_per_s:.0f}"),
        Number("bound of both", lambda row: f"{row.bound_per_s:.0f}"),
        Number(f"edgetag tag{option}", lambda row: f"{row.tag_per_s:.0f}"),
        Number("share of the bound", lambda row: format_fraction(row.ratio, 2)),
        Number("of any round", lambda _: f"{low:.2f} to {high:.2f}"),
        Number("promised", lambda row: format_fraction(row.target, 2)),
    )
