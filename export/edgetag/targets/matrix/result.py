"""What the runtime matrix leaves: one cell per file and runtime, and the proof of old runtimes."""

from typing import ClassVar, Literal

from pydantic import Field

from edgetag.errors import ExitCode
from edgetag.machine import Acceleration, Machine
from edgetag.recipe import Variant
from edgetag.records import Record, Result
from edgetag.targets.result import REFUSED
from edgetag.targets.result import Agreement as There

State = Literal["scored", "unavailable", "not loadable", "crashed", "timed out", "wrong output"]
Conclusion = Literal["proved", "not contradicted", "contradicted", "not proved"]


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


class SameEngine(Record):
    """A file's scores elsewhere against those of the same engine here.

    Attributes:
        host: The engine here.
        tolerance: Largest difference that is accepted; 0 for files of integers.
        agreement: As `edgetag target check` judges it.
        largest_difference: Of a score; None without scores.
    """

    host: str
    tolerance: float
    agreement: There
    largest_difference: float | None

    @property
    def acceptable(self) -> bool:
        """Whether nothing is wrong elsewhere."""
        return self.agreement not in REFUSED


class Latency(Record):
    """The median latency of the benchmark, with one thread, of this very file.

    `stable` and `mode` are those of `benchmarking.result`.
    """

    p50_ms: float
    stable: bool
    mode: Literal["quick", "full"]


class Cell(Record):
    """One file on one target.

    Attributes:
        variant: Which file.
        target: Which runtime.
        state: What came of it.
        reason: One line where it was not scored.
        accelerator: Asked for, and used; None in files from before schema 2.1, and where the engine
            does not say.
        agreement: With the reference; None where either gave no scores.
        same_engine: With the same engine here; None on this machine.
        latency: Only ever of this machine, never of an emulated one.
        instructions: Core → ARM instructions of one inference, on an emulated machine.
        not_counted: Why there are none where there should be, in one line.
    """

    variant: Variant
    target: str
    state: State
    reason: str | None = None
    accelerator: Acceleration | None = None
    agreement: Agreement | None = None
    same_engine: SameEngine | None = None
    latency: Latency | None = None
    instructions: dict[str, int] = Field(default_factory=dict)
    not_counted: str | None = None

    @property
    def acceptable(self) -> bool:
        """Whether the file does elsewhere what it does here."""
        return self.same_engine is None or self.same_engine.acceptable


class Proof(Record):
    """Whether a file loads in an old runtime exactly if its operators say so.

    Attributes:
        variant: Which file.
        min_runtime_version: The lowest version that has all its operators, from the file's
            contents alone; empty where they are not all known.
        runtime: The old runtime.
        runtime_version: Its version; None where it is not available.
        accelerator: Asked for, and used; None in files from before schema 2.1, and where the engine
            does not say.
        loads: Whether the file loaded and ran there; None where that is not known.
        conclusion: `proved` where the old runtime lacks an operator, as the file's operators say;
            `not contradicted` where it runs the file, which its operators allow; `contradicted`
            where the versions say one thing and loading shows the other.
        detail: One line.
    """

    variant: Variant
    min_runtime_version: str
    runtime: str
    runtime_version: str | None
    accelerator: Acceleration | None = None
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

    SCHEMA: ClassVar[str] = "edgetag.targets.matrix/2.1"
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
        """The exit code of the command: 1 where a proof is contradicted or an engine disagrees."""
        contradicted = any(proof.conclusion == "contradicted" for proof in self.proofs)
        differs = not all(cell.acceptable for cell in self.cells)
        return ExitCode.BUDGET_BROKEN if contradicted or differs else ExitCode.ACCEPTED

    def find(self, variant: str, target: str) -> Cell | None:
        """Return the cell of a variant on a target, None where that was not asked for."""
        wanted = (variant, target)
        return next((cell for cell in self.cells if (cell.variant, cell.target) == wanted), None)
