"""What `edgetag reference` says of the scores that it made."""

from typing import ClassVar

from edgetag.machine import Acceleration
from edgetag.records import Record, Result


class KeptReference(Record):
    """The same pictures' scores by another engine, as the run folder keeps them.

    Attributes:
        engine: What made them.
        accelerator: What it was asked for, and what ran; None before schema 1.1, and in references
            that do not say.
        device: Where.
        images: Pictures that both scored.
        max_difference: Largest difference of a score.
        logit_rmse: Root mean square of the difference of logits, see `metrics.logit_rmse`.
        flips: Decisions that differ, by the thresholds of training.
        decisions: Of how many.
    """

    engine: str
    accelerator: Acceleration | None = None
    device: str
    images: int
    max_difference: float
    logit_rmse: float
    flips: int
    decisions: int


class DesktopReference(Result):
    """A file of reference scores.

    Attributes:
        file: Where it lies.
        engine: What made it.
        accelerator: What it was asked for, and what ran; None before schema 1.1.
        device: GPU or CPU.
        driver: Version of the GPU's driver; empty on the CPU, and where nothing tells it.
        precision: In which numbers.
        tf32: Whether a GPU might round factors of products.
        batch: Images at once.
        versions: Package → version.
        images: How many were scored.
        kept: The reference that the run folder keeps; None where it keeps none of these weights.
    """

    SCHEMA: ClassVar[str] = "edgetag.desktop-reference/1.1"
    file: str
    engine: str
    accelerator: Acceleration | None = None
    device: str
    driver: str
    precision: str
    tf32: bool
    batch: int
    versions: dict[str, str]
    images: int
    kept: KeptReference | None
