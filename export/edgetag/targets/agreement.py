"""Whether a file's scores on a target are those of the same engine here."""

from dataclasses import dataclass

import numpy as np

from edgetag.catalogue import Numbers
from edgetag.catalogue.engines import ENGINES
from edgetag.catalogue.variants import VARIANTS
from edgetag.conversion.result import ExportedVariant
from edgetag.runtimes import LoadFailure
from edgetag.targets.result import Agreement
from edgetag.targets.scoring import Outcome

TOLERANCES: dict[Numbers, float] = {"integer": 0.0, "float": 1e-4, "mixed": 0.03}
"""Largest difference of a score from the one here. Integers are exact. Floats are summed in another
order: 4e-6 was seen. In files that compute partly in float an activation may be rounded to the next
step when it is quantized: 0.0042 was seen on LiteRT, 0.013 on tflite-runtime, 0.0093 on
WebAssembly."""

CELL_TOLERANCES: dict[Numbers, float] = {"integer": 0.02, "float": 1e-4, "mixed": 0.15}
"""The same of a heat map's cell, after the sigmoid. A cell of integers may be one step away where
the scores, each the mean of many, are the same bits: 0.009 was seen in 27 of 12,288 cells, between
TensorFlow Lite and LiteRT. In float files 1.4e-5 was seen; in files that compute partly in float
0.099, where the scores were 0.024 away (tflite-runtime on ARM64, a map of 3 by 3 cells)."""


@dataclass(frozen=True)
class Comparison:
    """Scores of one file on a target and here.

    Attributes:
        agreement: Whether they agree.
        reason: Why there is nothing to compare, in one line.
        differing_images: Images with a score that differs at all; None without scores.
        max_difference: Largest difference of a score; None without scores.
    """

    agreement: Agreement
    reason: str = ""
    differing_images: int | None = None
    max_difference: float | None = None


def host_of(file: ExportedVariant, runtime: str) -> str:
    """Return the engine here that computes a file as a runtime elsewhere should."""
    return ENGINES[runtime].same_here.get(_numbers(file), runtime)


def tolerance(file: ExportedVariant, runtime: str) -> float:
    """Return how far a score on a runtime may be from the one here."""
    numbers = _numbers(file)
    if not ENGINES[runtime].keeps_integers and numbers != "float":
        return TOLERANCES["mixed"]
    return TOLERANCES["float" if file.float_scores else numbers]


def cell_tolerance(file: ExportedVariant) -> float:
    """Return how far a cell of a heat map may be, on a runtime, from that of the same kernels."""
    return CELL_TOLERANCES[_numbers(file)]


def _numbers(file: ExportedVariant) -> Numbers:
    """Return what a file computes in, but for its scores; a rescued one has floats elsewhere."""
    if file.float_tensors == 0 or file.float_scores:
        return "integer"
    return "float" if VARIANTS[file.variant].computes == "float" else "mixed"


def compare(here: Outcome, there: Outcome, limit: float) -> Comparison:
    """Compare scores of the same images.

    At a limit of 0 they must be identical.
    """
    if isinstance(here, LoadFailure):
        also_there = f"; there: {there.reason}" if isinstance(there, LoadFailure) else ""
        return Comparison("not compared", f"here: {here.reason}{also_there}")
    if isinstance(there, LoadFailure):
        return Comparison("fails there", there.reason)
    difference = np.abs(here.scores - there.scores)
    images = int((difference > 0).any(axis=1).sum())
    largest = float(difference.max())
    if largest == 0:
        return Comparison("identical", "", images, largest)
    agreement: Agreement = "within tolerance" if largest <= limit else "differs"
    return Comparison(agreement, "", images, largest)
