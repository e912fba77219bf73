"""Whether a file's scores on a target are those of the same engine here."""

from dataclasses import dataclass

import numpy as np

from edgetag.conversion.result import ExportedVariant
from edgetag.runtimes import LoadFailure
from edgetag.targets.naming import WASM
from edgetag.targets.result import Agreement
from edgetag.targets.scoring import Outcome

FLOAT_TOLERANCE = 1e-4
"""Of files that compute in float: sums in another order. 4e-6 was seen."""

MIXED_TOLERANCE = 0.03
"""Of files with integer weights that compute partly in float: an activation may be rounded to the
next step when it is quantized. 0.0042 was seen on LiteRT, 0.013 on tflite-runtime, 0.0093
on WebAssembly."""

HOST = {"tflite-runtime": "tflite-runtime-reference", WASM: "litert"}
"""tflite-runtime computes integers on ARM as its reference kernels do on x86, and its default
kernels on x86 round otherwise, by up to 0.02. LiteRT computes the same everywhere, and WebAssembly
as LiteRT does: both by XNNPACK."""

HOST_OF_FLOATS = {WASM: "litert"}
HOST_OF_MIXED = {WASM: "tflite-runtime"}
"""WebAssembly runs float activations on integer weights by the kernels of its time, as
tflite-runtime does; LiteRT's newer ones were up to 0.09 away from both."""


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
    if is_exact(file):
        return HOST.get(runtime, runtime)
    by_runtime = HOST_OF_FLOATS if is_float(file) else HOST_OF_MIXED
    return by_runtime.get(runtime, runtime)


def is_exact(file: ExportedVariant) -> bool:
    """Whether a file computes in integers alone, so that no rounding of floats is in it."""
    return file.float_tensors == 0


def is_float(file: ExportedVariant) -> bool:
    """Whether a file computes in float alone."""
    return file.variant in ("fp32", "fp16")


def tolerance(file: ExportedVariant) -> float:
    """Return how far a score may be from the one here."""
    if is_exact(file):
        return 0.0
    return FLOAT_TOLERANCE if is_float(file) else MIXED_TOLERANCE


def compare(here: Outcome, there: Outcome, limit: float) -> Comparison:
    """Compare scores of the same images.

    Args:
        here: On this machine.
        there: On the target.
        limit: Largest difference that is accepted; at 0 the scores must be identical.
    """
    if isinstance(here, LoadFailure):
        told = f"; there: {there.reason}" if isinstance(there, LoadFailure) else ""
        return Comparison("not compared", f"here: {here.reason}{told}")
    if isinstance(there, LoadFailure):
        return Comparison("fails there", there.reason)
    difference = np.abs(here.scores - there.scores)
    images = int((difference > 0).any(axis=1).sum())
    largest = float(difference.max())
    if largest == 0:
        return Comparison("identical", "", images, largest)
    agreement: Agreement = "within tolerance" if largest <= limit else "differs"
    return Comparison(agreement, "", images, largest)
