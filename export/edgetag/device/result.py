"""What checking and counting on an emulated machine leave. There is no time in them.

How long emulated code takes says nothing about how long a phone takes.
"""

from typing import ClassVar, Literal

from edgetag.recipe import Variant
from edgetag.records import Record, Result

Agreement = Literal["identical", "within tolerance", "differs", "fails there", "not compared"]


class TargetCheck(Record):
    """One file on one runtime of a target, against the same runtime here.

    Attributes:
        variant: Which file.
        runtime: Which runtime.
        runtime_version: Its version on the target.
        host: The engine here that it is compared with.
        tolerance: Largest difference of a score that is accepted; 0 for a file of integers, whose
            scores must be the same bit for bit.
        differing_images: Images with a score that differs at all; None without scores.
        max_difference: Largest difference of a score; None without scores.
        agreement: `fails there` where only the target gives no scores, `not compared` where
            this machine gives none.
        reason: Why there are no scores, in one line.
    """

    variant: Variant
    runtime: str
    runtime_version: str
    host: str
    tolerance: float
    differing_images: int | None = None
    max_difference: float | None = None
    agreement: Agreement
    reason: str = ""

    @property
    def acceptable(self) -> bool:
        """Whether nothing is wrong with the target's scores."""
        return self.agreement not in ("differs", "fails there")


class TargetsResult(Result):
    """`device/check-<target>.json`.

    Attributes:
        target: The machine.
        emulated: Whether it is emulated.
        emulator_version: QEMU's.
        cpu: The processor that it pretends to be.
        split: The split that the images are from.
        images: How many.
        checks: One per file and runtime.
    """

    SCHEMA: ClassVar[str] = "edgetag.targets/1.0"
    target: str
    emulated: Literal[True] = True
    emulator_version: str
    cpu: str
    split: str
    images: int
    checks: tuple[TargetCheck, ...]

    @property
    def acceptable(self) -> bool:
        """Whether every file agrees."""
        return all(check.acceptable for check in self.checks)


class OperatorCount(Record):
    """What some neighbouring operators of the graph cost.

    Attributes:
        first: Position of the first one.
        operators: Their names, in order; mostly one.
        instructions: More than what the graph costs up to the one before. Below 0 where a runtime
            merges work, which it then does elsewhere.
    """

    first: int
    operators: tuple[str, ...]
    instructions: int


class CountedOn(Record):
    """Which file, on which runtime, on which processor."""

    variant: Variant
    runtime: str
    cpu: str


class InstructionCount(CountedOn):
    """Instructions of one inference.

    Attributes:
        variant: Which file.
        runtime: Which runtime.
        runtime_version: Its version on the target.
        cpu: The processor that is emulated; it decides which kernels a runtime chooses.
        instructions: Executed by one call of the interpreter, after warm-up.
        operators: Where they go, if that was asked for.
    """

    runtime_version: str
    instructions: int
    operators: tuple[OperatorCount, ...] = ()


class CountFailure(CountedOn):
    """A file whose instructions could not be counted."""

    reason: str


class InstructionBudget(Record):
    """`max_arm_instructions` against what was counted; fail where the file fails there."""

    variant: Variant
    limit: int
    measured: int | None
    verdict: Literal["pass", "fail", "undecided"]


class CountResult(Result):
    """`device/count-<target>.json`.

    Attributes:
        target: The machine.
        emulator_version: QEMU's.
        budget_runtime: The runtime on which budgets are judged,
        budget_cpu: on this processor.
        counts: One per file, runtime and processor.
        failures: Likewise, where there is none.
        budgets: Every `max_arm_instructions` of the recipe.
    """

    SCHEMA: ClassVar[str] = "edgetag.instructions/1.0"
    target: str
    emulator_version: str
    budget_runtime: str
    budget_cpu: str
    counts: tuple[InstructionCount, ...]
    failures: tuple[CountFailure, ...] = ()
    budgets: tuple[InstructionBudget, ...] = ()

    @property
    def tried(self) -> tuple[CountedOn, ...]:
        """Everything that was counted or failed."""
        return (*self.counts, *self.failures)

    def find(self, variant: str, runtime: str, cpu: str) -> InstructionCount | None:
        """Return a count, None where there is none."""
        for count in self.counts:
            if (count.variant, count.runtime, count.cpu) == (variant, runtime, cpu):
                return count
        return None
