"""What the runtime matrix leaves: one cell per file and runtime, and the proof of old runtimes."""

from typing import ClassVar, Literal

from pydantic import Field

from edgetag.errors import ExitCode
from edgetag.machine import Machine
from edgetag.recipe import Variant
from edgetag.records import Record, Result

State = Literal["scored", "unavailable", "not loadable", "crashed", "timed out", "wrong output"]
Conclusion = Literal["proved", "contradicted", "not proved"]


class Target(Record):
    """A runtime, here or on a target.

    Attributes:
        name: As `--on` names it.
        version: Of the runtime; None where it is not available.
        missing: Why it is not, and what to do; None where it is available.
    """

    name: str
    version: str | None
    missing: str | None


class Agreement(Record):
    """A file's scores on a target against its scores on the reference runtime, image by image.

    Attributes:
        identical: Whether every score is the same to the last bit.
        largest_difference: Absolute, of scores in 0..1.
        decisions: Images times tags that were decided, by the file's thresholds; 0 where there are
            no thresholds.
        flips: Decisions that differ.
    """

    identical: bool
    largest_difference: float = Field(ge=0)
    decisions: int = Field(ge=0)
    flips: int = Field(ge=0)


class Cell(Record):
    """One file on one target.

    Attributes:
        variant: Which file.
        target: Which runtime.
        state: What came of it.
        reason: One line where it was not scored.
        agreement: With the reference; None where either gave no scores.
        latency_p50_ms: From the benchmark of this very file with one thread, where there is one.
            Only ever measured on a real machine, never under emulation.
        instructions: Core → ARM instructions of one inference, where they were counted.
    """

    variant: Variant
    target: str
    state: State
    reason: str | None = None
    agreement: Agreement | None = None
    latency_p50_ms: float | None = None
    instructions: dict[str, int] = Field(default_factory=dict)


class Proof(Record):
    """Whether a file loads in an old runtime exactly if its operators say so.

    Attributes:
        variant: Which file.
        min_runtime_version: The lowest version that has all its operators, from the file's
            contents alone; empty where they are not all known.
        runtime: The old runtime.
        runtime_version: Its version; None where it is not available.
        loads: Whether the file loaded and ran there; None where that is not known.
        conclusion: `contradicted` where the versions say one thing and loading shows the other.
        detail: One line.
    """

    variant: Variant
    min_runtime_version: str
    runtime: str
    runtime_version: str | None
    loads: bool | None
    conclusion: Conclusion
    detail: str


class MatrixResult(Result):
    """`matrix/matrix.json`.

    Attributes:
        machine: What it ran on.
        reference: The runtime that others are compared with.
        split: Where the images are from.
        images: How many were scored.
        targets: What was asked for.
        cells: One per variant and target, in this order.
        proofs: One per variant.
    """

    SCHEMA: ClassVar[str] = "edgetag.matrix/1.0"
    machine: Machine
    reference: str
    split: str
    images: int
    targets: tuple[Target, ...]
    cells: tuple[Cell, ...]
    proofs: tuple[Proof, ...]

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The files, in their order."""
        return tuple(proof.variant for proof in self.proofs)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that the command line ends with: 1 where a proof is contradicted."""
        contradicted = any(proof.conclusion == "contradicted" for proof in self.proofs)
        return ExitCode.BUDGET_BROKEN if contradicted else ExitCode.ACCEPTED

    def find(self, variant: str, target: str) -> Cell | None:
        """Return the cell of a variant on a target, None where that was not asked for."""
        for cell in self.cells:
            if (cell.variant, cell.target) == (variant, target):
                return cell
        return None
