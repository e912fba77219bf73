"""What Google's benchmark_model prints, over its versions.

    Inference timings in us: Init: 6395, First inference: 2761, Warmup (avg): 3243.58, …

Builds until about 2019 print `Average inference timings in us: Warmup: …, Init: …, Inference: …`
(or `no stats: …`) instead. Newer ones put `INFO: ` before each line, and the newest add p5,
median and p95 to the counts. Times are in microseconds there, and may be written as 1.14e+07.
LiteRT 2.x keeps the counts, and has a block of results (`results_block`) in the place of that line.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from edgetag.phones.delegates import delegations
from edgetag.phones.figures import Delegation, OperatorTime, PhoneLatency
from edgetag.phones.problems import PhoneError, Problem
from edgetag.phones.profile import MOST_MS, operators
from edgetag.phones.results_block import ROUNDING_US, ResultsBlock, results_block
from edgetag.phones.settings import IN_FLOAT32

LONGEST_LINE = 2000
"""Longer lines are cut: none that is read is longer, and patterns stay quick."""

LEAST_US = 1e-3
"""No inference is shorter."""

_NUMBER = r"([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,3})?)"
_PREFIX = re.compile(r"^(?:(?:INFO|VERBOSE|WARN|WARNING|ERROR): )?(.*)$")
_TIMINGS = re.compile(r"^(?:Average inference|Inference) timings in us: (.*)$")
_PART = re.compile(rf"([A-Z][\w ()]{{0,30}}|no stats): {_NUMBER}(?:,|$)")
_COUNTS = re.compile(r"^count=[0-9]+ .*$")
_COUNT = re.compile(rf"\b(count|first|curr|min|max|avg|std|p5|median|p95)={_NUMBER}(?= |$)")
_IGNORED = "Unconsumed cmdline flags: "
_NO_LOWER_PRECISION = "Allow lower precision in gpu: [0]"
_MEMORY = re.compile(
    rf"^(?:Memory footprint delta from the start of the tool|Peak memory footprint) \(MB\): "
    rf"init={_NUMBER} overall={_NUMBER}"
)
_PEAK = re.compile(rf"^Overall peak memory footprint \(MB\) via periodic monitoring: {_NUMBER}")
_COMPLAINT = re.compile(
    r"^ERROR: |^(?:Failed|Benchmarking failed|Loading model|Error|Unable|Could not|CANNOT LINK)"
    r"|Segmentation fault|Aborted|Killed|Illegal instruction|[Nn]ot executable|Permission denied"
)


@dataclass(frozen=True)
class Parsed:
    """What a run of benchmark_model told.

    `init_ms` is loading and preparing the file. What is None was not told, or there was no
    warm-up; `operators` are those of the profile, empty without one. `ignored` are the flags that
    this build does not know and went on without; `gpu_in_float32` whether it took the wish for
    that.
    """

    latency_ms: PhoneLatency
    warmup_avg_ms: float | None
    first_ms: float | None
    init_ms: float
    memory_init_mb: float | None
    memory_overall_mb: float | None
    delegations: tuple[Delegation, ...]
    operators: tuple[OperatorTime, ...]
    ignored: tuple[str, ...]
    gpu_in_float32: bool


def parse(output: str) -> Parsed:
    """Read the output of a run that ended well.

    Args:
        output: stdout and stderr; from a phone, so it may hold anything.

    Raises:
        PhoneError: It has no timings, or they contradict each other.
    """
    lines = clean_lines(output)
    block = results_block(lines)
    timings = block.timings if block else _last(_timings(line) for line in lines)
    counts = _last(_counts(line) for line in lines) or (block.counts if block else None)
    if timings is None or counts is None:
        raise PhoneError(
            Problem.BENCHMARK_FAILED, complaint(output) or "benchmark_model printed no timings"
        )
    inference = _first_of(timings, "Inference (avg)", "Inference", "no stats")
    init = timings.get("Init")
    if inference is None or init is None:
        raise PhoneError(Problem.WRONG_OUTPUT, "benchmark_model's timings lack Init or Inference")
    memory_init, memory_overall = _memory(lines, block)
    ignored = _ignored(lines)
    return Parsed(
        latency_ms=_latency(counts, inference),
        warmup_avg_ms=_ms(_first_of(timings, "Warmup (avg)", "Warmup")),
        first_ms=_ms(timings.get("First inference")),
        init_ms=init / 1000,
        memory_init_mb=memory_init,
        memory_overall_mb=memory_overall,
        delegations=delegations(lines),
        operators=operators(lines),
        ignored=ignored,
        # LiteRT 2.x tells no precision, only what it does not know.
        gpu_in_float32=_NO_LOWER_PRECISION in lines
        or (block is not None and IN_FLOAT32[1] not in ignored),
    )


def clean_lines(output: str) -> list[str]:
    """Return lines without their level, cut to a length and free of control characters."""
    lines = []
    for line in output.replace("\r", "").split("\n"):
        text = "".join(c for c in line[:LONGEST_LINE] if c.isprintable() or c == "\t")
        match = _PREFIX.match(text)
        lines.append(match[1] if match else text)
    return lines


def complaint(output: str) -> str:
    """Return the last line that tells an error, one that tells more than that there was one.

    Returns:
        "" where no line does.
    """
    lines = [
        line[:LONGEST_LINE].removeprefix("ERROR: ")
        for line in output.replace("\r", "").split("\n")
        if _COMPLAINT.search(line[:LONGEST_LINE])
    ]
    telling = [line for line in lines if not line.startswith("Benchmarking failed")]
    return (telling or lines or [""])[-1]


def _ignored(lines: list[str]) -> tuple[str, ...]:
    told = [line.removeprefix(_IGNORED) for line in lines if line.startswith(_IGNORED)]
    return tuple(flag for line in told for flag in line.split())


def _timings(line: str) -> dict[str, float] | None:
    match = _TIMINGS.match(line)
    return _numbers(_PART.findall(match[1])) if match else None


def _counts(line: str) -> dict[str, float] | None:
    return _numbers(_COUNT.findall(line)) if _COUNTS.match(line) else None


def _numbers(pairs: list[tuple[str, str]]) -> dict[str, float]:
    values = {name.strip(): float(text) for name, text in pairs}
    return {name: value for name, value in values.items() if value <= MOST_MS * 1000}


def _latency(counts: dict[str, float], inference_us: float) -> PhoneLatency:
    """Put the counts of the regular runs together and check them against the average told."""
    runs, only = int(counts.get("count", 0)), counts.get("curr")
    average = counts.get("avg", only if runs == 1 else None)
    lowest, highest = counts.get("min", average), counts.get("max", average)
    if average is None or lowest is None or highest is None or runs < 1:
        raise PhoneError(Problem.WRONG_OUTPUT, "benchmark_model's counts lack count, min or max")
    # Printed with six digits, so 1.03e+06 may stand for what min and max tell in full.
    slack = 1e-4 * average
    if not (lowest - slack <= average <= highest + slack and average >= LEAST_US):
        raise PhoneError(
            Problem.WRONG_OUTPUT,
            f"benchmark_model's average {average:g} us is outside {lowest:g} to {highest:g} us",
        )
    if abs(average - inference_us) > 0.05 * average + ROUNDING_US:
        raise PhoneError(
            Problem.WRONG_OUTPUT,
            f"benchmark_model tells two averages, {average:g} and {inference_us:g} us",
        )
    return PhoneLatency(
        runs=runs,
        avg=average / 1000,
        std=_ms(counts.get("std")),
        min=lowest / 1000,
        max=highest / 1000,
        p5=_ms(counts.get("p5")),
        p50=_ms(counts.get("median")),
        p95=_ms(counts.get("p95")),
    )


def _memory(lines: list[str], block: ResultsBlock | None) -> tuple[float | None, float | None]:
    if block:
        return block.memory_init_mb, block.memory_overall_mb
    initial, overall = None, None
    for line in lines:
        if match := _MEMORY.match(line):
            initial, overall = _megabytes(match[1]), _megabytes(match[2])
        elif match := _PEAK.match(line):
            overall = _megabytes(match[1])
    return initial, overall


def _megabytes(text: str) -> float | None:
    return float(text) if math.isfinite(float(text)) else None


def _last(readings: Iterable[dict[str, float] | None]) -> dict[str, float] | None:
    return next((values for values in reversed(list(readings)) if values is not None), None)


def _first_of(values: dict[str, float], *names: str) -> float | None:
    return next((values[name] for name in names if name in values), None)


def _ms(microseconds: float | None) -> float | None:
    return None if microseconds is None else microseconds / 1000
