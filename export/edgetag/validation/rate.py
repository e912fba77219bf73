"""How fast validation scores images, beside the interpreter alone."""

from typing import ClassVar

from edgetag.machine import Acceleration, Machine
from edgetag.records import Record, Result

TARGET = 0.85
"""Share of the bare interpreter's rate that scoring promises to reach."""


class RuntimeRate(Record):
    """One runtime; rates are images a second of all processes together.

    Attributes:
        runtime: The engine.
        runtime_version: Version of the installed engine.
        accelerator: What was asked for, and what ran; None before schema 1.1.
        bare_images_per_s: Of a loop of set_tensor, invoke and get_tensor on encoded inputs; the
            median over the rounds.
        validate_images_per_s: Of scoring, from the first image to the last: reading the cache,
            encoding, checking the scores; the median over the rounds.
        ratio: The second by the first.
        ratios: Smallest and largest of any round: how much the machine's noise is worth.
        cpu_ratio: Processor time of the bare loop by that of scoring, medians over the rounds:
            the same question without the time that others had the cores, but blind to waiting
            for the disk. Cores that share their units are still slower beside busy ones.
        start_s: Median seconds that scoring takes before the first image and after the last:
            starting a process, loading the model, handing over the scores.
    """

    runtime: str
    runtime_version: str
    accelerator: Acceleration | None = None
    bare_images_per_s: float
    validate_images_per_s: float
    ratio: float
    ratios: tuple[float, float]
    cpu_ratio: float
    start_s: float


class RateFailure(Record):
    """A runtime that could not be timed, with one line that says why.

    `accelerator` says what was asked for, and that nothing ran; it is None before schema 1.2.
    """

    runtime: str
    accelerator: Acceleration | None = None
    reason: str


class ScoringRate(Result):
    """What `edgetag validate speed` measured.

    Attributes:
        variant: The file.
        images: Scored in each round.
        processes: At work at once, each with one thread, for both measurements alike.
        rounds: Rounds of each measurement, taken in turn.
        target: The ratio that scoring promises.
        machine: Where it was measured.
        rates: One per runtime.
        failures: Runtimes without.
    """

    SCHEMA: ClassVar[str] = "edgetag.scoring-rate/1.2"
    variant: str
    images: int
    processes: int
    rounds: int
    target: float = TARGET
    machine: Machine
    rates: tuple[RuntimeRate, ...]
    failures: tuple[RateFailure, ...] = ()
