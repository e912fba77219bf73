"""What checking and counting on other machines leaves. There is no time in it.

How long emulated code takes says nothing about how long a phone takes.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from edgetag.errors import ExitCode
from edgetag.judging.checks import Check, OfVariant
from edgetag.judging.decisions import EXIT_CODES, Decision, worst
from edgetag.machine import Acceleration
from edgetag.recipe import Variant
from edgetag.records import Record, Result

Agreement = Literal["identical", "within tolerance", "differs", "fails there", "not compared"]
Key = tuple[str, str, str, str | None]

REFUSED: tuple[Agreement, ...] = ("differs", "fails there")
"""What is wrong with a target's scores."""

BUDGET = "max_arm_instructions"
"""What counts are held against."""


class TargetRecord(Record):
    """Which file, on which runtime, on which machine and processor.

    Attributes:
        variant: Which file,
        sha256: and its digest.
        target: The machine: `arm64`, `armv7`, `wasm`.
        runtime: Which runtime there.
        runtime_version: Its version there.
        accelerator: Asked for, and used; None in files from before schema 1.1, and where the engine
            does not say.
        cpu: The processor that is emulated; it decides which kernels a runtime chooses. None where
            none is chosen.
        program: What the machine is made by, such as `QEMU 7.2.22`.
    """

    variant: Variant
    sha256: str
    target: str
    runtime: str
    runtime_version: str
    accelerator: Acceleration | None = None
    cpu: str | None
    program: str

    def is_of(self, facts: Mapping[str, object]) -> bool:
        """Whether it is about the very file, runtime and program of some facts; see `asked`."""
        return all(getattr(self, name) == value for name, value in facts.items())

    @property
    def key(self) -> Key:
        """What tells it from others of the same file."""
        return self.variant, self.target, self.runtime, self.cpu

    @property
    def engine(self) -> str:
        """The runtime's full name: `litert@arm64`, `wasm`."""
        return self.runtime if self.runtime == self.target else f"{self.runtime}@{self.target}"

    @property
    def place(self) -> str:
        """The runtime's full name and the processor: `litert@arm64, cortex-a76`."""
        return self.engine if self.cpu is None else f"{self.engine}, {self.cpu}"


class TargetCheck(TargetRecord):
    """One file's scores there, against scores here.

    Attributes:
        host: The engine here that it is compared with.
        split: The split that the images are from.
        images: How many.
        tolerance: Largest difference of a score that is accepted; 0 for a file of integers, whose
            scores must be the same bit for bit.
        differing_images: Images with a score that differs at all; None without scores.
        max_difference: Largest difference of a score; None without scores.
        agreement: `fails there` where only the target gives no scores, `not compared` where
            this machine gives none.
        reason: Why there are no scores, in one line.
    """

    host: str
    split: str
    images: int
    tolerance: float
    differing_images: int | None = None
    max_difference: float | None = None
    agreement: Agreement
    reason: str = ""

    @property
    def acceptable(self) -> bool:
        """Whether nothing is wrong with the target's scores."""
        return self.agreement not in REFUSED


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


class InstructionCount(TargetRecord):
    """Instructions of one inference.

    Attributes:
        instructions: Executed by one call of the interpreter, after warm-up.
        operators: Where they go, if that was asked for.
    """

    instructions: int = Field(gt=0)
    operators: tuple[OperatorCount, ...] = ()


class CountFailure(TargetRecord):
    """A file whose instructions could not be counted; `reason` is one line."""

    reason: str


class InstructionBudget(Check, OfVariant):
    """`max_arm_instructions` against what was counted, exactly; fail where the file fails there."""

    budget: str = Field(BUDGET, exclude=True)
    limit: int
    measured: int | None
    interval: None = Field(None, exclude=True)
    p_fail: None = Field(None, exclude=True)
    needs: None = Field(None, exclude=True)


class TargetsResult(Result):
    """`targets/targets.json`: of each file, runtime, machine and processor the latest there is.

    Attributes:
        budget_runtime: The runtime on which budgets are judged,
        budget_target: on this machine,
        budget_cpu: on this processor.
        checks: Scores there and here.
        counts: Instructions.
        failures: What could not be counted.
        budgets: Every `max_arm_instructions` of the recipe for a file that was counted or failed.
    """

    SCHEMA: ClassVar[str] = "edgetag.targets/1.1"
    budget_runtime: str
    budget_target: str
    budget_cpu: str
    checks: tuple[TargetCheck, ...] = ()
    counts: tuple[InstructionCount, ...] = ()
    failures: tuple[CountFailure, ...] = ()
    budgets: tuple[InstructionBudget, ...] = ()

    @property
    def budget_place(self) -> str:
        """Where budgets are judged: `litert@arm64, cortex-a76`."""
        return f"{self.budget_runtime}@{self.budget_target}, {self.budget_cpu}"

    @property
    def tried(self) -> tuple[InstructionCount | CountFailure, ...]:
        """Everything that was counted or failed."""
        return (*self.counts, *self.failures)

    @property
    def verdict(self) -> Decision:
        """Worst of all checks and budgets."""
        decisions: list[Decision] = [
            "pass" if check.acceptable else "fail" for check in self.checks
        ]
        return worst([*decisions, *(budget.verdict for budget in self.budgets)], of_none="pass")

    @property
    def exit_code(self) -> ExitCode:
        """That of the verdict."""
        return EXIT_CODES[self.verdict]

    def verdict_of(self, variant: str) -> Decision:
        """Return the worst of a file's checks and budgets; pass where it has none."""
        return self.only(lambda name: name == variant).verdict

    def only(self, wanted: Callable[[str], bool]) -> "TargetsResult":
        """Return what is about variants whose name is wanted."""
        return self.replace(
            checks=tuple(record for record in self.checks if wanted(record.variant)),
            counts=tuple(record for record in self.counts if wanted(record.variant)),
            failures=tuple(record for record in self.failures if wanted(record.variant)),
            budgets=tuple(record for record in self.budgets if wanted(record.variant)),
        )

    def find(
        self, variant: str, target: str, runtime: str, cpu: str | None
    ) -> InstructionCount | None:
        """Return a count, None where there is none."""
        key = (variant, target, runtime, cpu)
        return next((count for count in self.counts if count.key == key), None)
