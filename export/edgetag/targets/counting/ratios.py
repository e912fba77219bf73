"""Two runs side by side by instructions: exact ratios, and a gate."""

from pathlib import Path
from typing import ClassVar

from edgetag.conversion.exported import require_same_files
from edgetag.errors import ExitCode, InputError
from edgetag.judging.checks import within
from edgetag.judging.decisions import Decision, exit_code_of
from edgetag.machine import Acceleration
from edgetag.recipe import Variant
from edgetag.records import Record, Result
from edgetag.targets.result import InstructionCount, TargetsResult
from edgetag.workspace import Workspace


class InstructionRatio(Record):
    """One file on one runtime and processor that both runs have.

    Attributes:
        variant: Which file,
        runtime: on which engine, such as `litert@arm64`,
        cpu: and processor.
        same_file: Whether it is the same file, by digest.
        before_accelerator: What the engine was asked for, and what ran; None before schema 1.1,
            and in a result that does not say.
        after_accelerator: Likewise.
        before: Instructions of an inference.
        after: Likewise.
        ratio: `after / before`. Counts are the same in every run, so it has no interval.
        verdict: Against the largest ratio allowed.
    """

    variant: Variant
    runtime: str
    cpu: str | None
    same_file: bool
    before_accelerator: Acceleration | None = None
    after_accelerator: Acceleration | None = None
    before: int
    after: int
    ratio: float
    verdict: Decision


class InstructionComparison(Result):
    """`edgetag bench compare --by instructions`.

    The largest growth comes first; counts without a partner are named.

    `failed_after` are those that the first has and the second could not count, with the reason:
    such a file keeps no limit.
    """

    SCHEMA: ClassVar[str] = "edgetag.instruction-comparison/1.2"
    max_ratio: float
    ratios: tuple[InstructionRatio, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    failed_after: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """0 if all pass, 1 if one fails, 3 if there is nothing to compare."""
        return exit_code_of((ratio.verdict for ratio in self.ratios), self.failed_after)


def read_counts(path: Path) -> TargetsResult:
    """Read the counts of a run folder, or of a targets.json.

    Raises:
        InputError: There are none, the file is damaged, or the run has exported one anew that was
            counted.
    """
    file = path / "targets" / "targets.json" if path.is_dir() else path
    result = TargetsResult.read(file, "target count RECIPE --on arm64")
    if not result.counts:
        raise InputError(f"{file}: has no counts; run: edgetag target count RECIPE --on arm64")
    if path.is_dir():
        counted = ((count.variant, count.sha256) for count in result.counts)
        require_same_files(Workspace(path), counted, "edgetag target count RECIPE --on arm64")
    return result


def compare_instructions(
    before: TargetsResult, after: TargetsResult, max_ratio: float
) -> InstructionComparison:
    """Compare the counts that both have; the computers that counted do not matter.

    `after / before` may be at most `max_ratio`.
    """
    first, second = ({count.key: count for count in result.counts} for result in (before, after))
    ratios = [_ratio(first[key], second[key], max_ratio) for key in first if key in second]
    lost = {failure.key: failure.reason for failure in after.failures}
    alone = [count for key, count in first.items() if key not in second]
    return InstructionComparison(
        max_ratio=max_ratio,
        ratios=tuple(sorted(ratios, key=lambda ratio: -ratio.ratio)),
        only_before=tuple(_named(count) for count in alone if count.key not in lost),
        only_after=tuple(_named(count) for key, count in second.items() if key not in first),
        failed_after=tuple(
            f"{_named(count)}: {lost[count.key]}" for count in alone if count.key in lost
        ),
    )


def _named(count: InstructionCount) -> str:
    return f"{count.variant} on {count.place}"


def _ratio(before: InstructionCount, after: InstructionCount, max_ratio: float) -> InstructionRatio:
    ratio = after.instructions / before.instructions
    return InstructionRatio(
        variant=before.variant,
        runtime=before.engine,
        cpu=before.cpu,
        same_file=before.sha256 == after.sha256,
        before_accelerator=before.accelerator,
        after_accelerator=after.accelerator,
        before=before.instructions,
        after=after.instructions,
        ratio=ratio,
        verdict=within((ratio, ratio), max_ratio),
    )
