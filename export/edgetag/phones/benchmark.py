"""One file timed on one phone by Google's benchmark_model."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from edgetag.conversion.result import ExportedVariant
from edgetag.errors import InputError
from edgetag.phones.delegates import require, with_profile
from edgetag.phones.device import FOLDER, Answer, Phone
from edgetag.phones.parse import Parsed, complaint, parse
from edgetag.phones.problems import PhoneError, Problem, recognize
from edgetag.phones.result import (
    Condition,
    DelegateName,
    PhoneMeasurement,
    PhoneRecord,
)
from edgetag.phones.state import condition, notes, throttled
from edgetag.phones.store import LocalFile
from edgetag.workspace import digest_file

WHERE_FROM = (
    "build it with Bazel from the sources of TensorFlow or LiteRT (target benchmark_model, "
    "--config=android_arm64), or take Google's nightly build for android_aarch64"
)
PROFILE_RUNS = 10
"""Runs of the second round, the profiled one: its times are shares, not figures to quote."""

START_S = 120.0
"""Beyond the seconds asked for: loading, preparing a GPU, which takes seconds."""

_MACHINES = {
    b"\xb7\0": "arm64-v8a",
    b"\x28\0": "armeabi-v7a",
    b"\x3e\0": "x86_64",
    b"\x03\0": "x86",
}
"""e_machine of an ELF file, little-endian → Android's name of the instruction set."""

_MASK = re.compile(r"[0-9a-fA-F]{1,8}")


@dataclass(frozen=True)
class Settings:
    """How benchmark_model is to measure.

    Attributes:
        threads: Each number of threads is measured.
        delegate: What to run on.
        warmup_runs: At least so many before.
        runs: At least so many,
        min_s: at least so long,
        max_s: but no longer.
        profile: Whether a second, shorter run profiles the operators.
        cores: Mask of cores to stay on, in hex as taskset takes it; "" for any.
        limit_s: After so many seconds a run counts as hung; None for a guess by the others.
    """

    threads: tuple[int, ...]
    warmup_runs: int
    runs: int
    delegate: DelegateName = "auto"
    min_s: float = 1.0
    max_s: float = 150.0
    profile: bool = False
    cores: str = ""
    limit_s: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.min_s <= self.max_s:
            raise InputError(f"min-secs {self.min_s:g} must be over 0 and at most max-secs")
        if self.cores and not _MASK.fullmatch(self.cores):
            raise InputError(f"cores {self.cores!r}: give a mask in hex, such as f0")

    @property
    def whole_limit_s(self) -> float:
        """Seconds until a run counts as hung; warm-up and runs may each last `max_s`."""
        return self.limit_s or START_S + 2 * self.max_s

    def command(self, tool: LocalFile, model: LocalFile, threads: int) -> list[str]:
        """Return what is run on the phone."""
        pinned = ["taskset", self.cores] if self.cores else []
        flags = [
            f"--graph={model.remote}",
            f"--num_threads={threads}",
            f"--warmup_runs={self.warmup_runs}",
            f"--num_runs={self.runs}",
            f"--min_secs={self.min_s:g}",
            f"--max_secs={self.max_s:g}",
        ]
        flags += {
            "auto": [],
            "cpu": ["--use_xnnpack=false"],
            "xnnpack": ["--use_xnnpack=true"],
            "gpu": ["--use_gpu=true"],
        }[self.delegate]
        return [*pinned, tool.remote, *flags]


def find_tool(path: Path) -> LocalFile:
    """Return the benchmark_model that a user names.

    Raises:
        InputError: There is no such file.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; benchmark_model is Google's: {WHERE_FROM}")
    return LocalFile(path, digest_file(path), "bin")


def check_runs_on(program: Path, phone: PhoneRecord) -> None:
    """Refuse a program for another instruction set than the phone's.

    Raises:
        PhoneError: It is one; a file that is no ELF file is let through.
    """
    with program.open("rb") as file:
        head = file.read(20)
    abi = _MACHINES.get(head[18:20]) if head[:4] == b"\x7fELF" else None
    if abi is not None and phone.abis and abi not in phone.abis:
        raise PhoneError(
            Problem.WRONG_BINARY,
            f"{program.name} is built for {abi}, but the phone runs {', '.join(phone.abis)}",
        )


def measure(
    phone: Phone,
    tool: LocalFile,
    model: LocalFile,
    variant: ExportedVariant,
    threads: int,
    settings: Settings,
    before: Condition,
) -> PhoneMeasurement:
    """Time one file that the phone has.

    Args:
        phone: With `tool` and `model` on it.
        tool: benchmark_model.
        model: The file,
        variant: and what export says of it.
        threads: For the runtime.
        settings: How to measure.
        before: How the phone felt a moment ago.

    Raises:
        PhoneError: It failed, or a delegate that was asked for took nothing.
    """
    command = settings.command(tool, model, threads)
    parsed = _run(phone, command, settings.whole_limit_s)
    after = condition(phone)
    profiled = parsed
    if settings.profile:
        short = [flag for flag in command if not flag.startswith(("--num_runs", "--min_secs"))]
        more = [f"--num_runs={PROFILE_RUNS}", "--min_secs=0.1", "--enable_op_profiling=true"]
        profiled = _run(phone, [*short, *more], settings.whole_limit_s)
    delegations = with_profile(parsed.delegations, profiled.operators)
    require(settings.delegate, delegations)
    return PhoneMeasurement(
        phone=phone.listed.id,
        variant=variant.variant,
        sha256=model.sha256,
        size_bytes=variant.size_bytes,
        threads=threads,
        requested=settings.delegate,
        latency_ms=parsed.latency_ms,
        warmup_avg_ms=parsed.warmup_avg_ms,
        first_ms=parsed.first_ms,
        init_ms=parsed.init_ms,
        memory_init_mb=parsed.memory_init_mb,
        memory_overall_mb=parsed.memory_overall_mb,
        delegations=delegations,
        operators=profiled.operators,
        before=before,
        after=after,
        throttled=throttled(before) or throttled(after),
        notes=notes(before, after),
        command=shlex.join(command),
    )


def _run(phone: Phone, command: list[str], limit_s: float) -> Parsed:
    answer = phone.run(FOLDER, command, limit_s)
    if answer.code:
        raise _failure(answer)
    return parse(answer.text)


def _failure(answer: Answer) -> PhoneError:
    """Say why a program on the phone ended with another exit code than 0."""
    said = complaint(answer.text)
    known = recognize(answer.text)
    if known in (Problem.FULL, Problem.LOCKED, Problem.READ_ONLY):
        return PhoneError(known, said)
    if answer.code > 128:
        words = f"benchmark_model crashed (signal {answer.code - 128})"
        return PhoneError(Problem.CRASHED, f"{words}: {said}" if said else words)
    words = f"benchmark_model ended with exit code {answer.code}"
    return PhoneError(Problem.BENCHMARK_FAILED, f"{words}: {said}" if said else words)
