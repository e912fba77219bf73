"""The block of results that benchmark_model of LiteRT 2.x prints, in milliseconds.

    ========== BENCHMARK RESULTS ==========
    Model initialization: 45.32 ms
    Warmup (first):       120.45 ms
    Inference (avg):      85.23 ms (50 runs)

`litert/tools/README.md` of LiteRT's repository documents it, `benchmark_litert_model.h` beside it
prints it; the first has `First inference` where the second has `Warmup (first)`.
"""

import re
from dataclasses import dataclass

ROUNDING_US = 5.0
"""Its times are rounded to hundredths of a millisecond."""

_LINE = re.compile(
    r"^([A-Z][a-z]+ (?:[a-z]+|\([a-z]+\))): +([0-9]{1,12}\.[0-9]{2})(?: ms| MB)?"
    r"(?: \(([0-9]{1,9}) runs\))?(?: |$)"
)


@dataclass(frozen=True)
class ResultsBlock:
    """What it tells, under the names of builds without it; times are in microseconds.

    Attributes:
        timings: As the line `Inference timings in us` has them.
        counts: As the line `count=… avg=…` of the regular runs has them.
        memory_init_mb: Growth of memory until the file was loaded,
        memory_overall_mb: and by the end, or its peak; None where they are not told.
    """

    timings: dict[str, float]
    counts: dict[str, float]
    memory_init_mb: float | None
    memory_overall_mb: float | None


def results_block(lines: list[str]) -> ResultsBlock | None:
    """Return what such a block tells, None where there is none.

    Args:
        lines: Without their levels; see `parse.clean_lines`.
    """
    told: dict[str, float] = {}
    runs = 0
    for line in lines:
        if match := _LINE.match(line):
            told[match[1]] = float(match[2])
            if match[1] == "Inference (avg)" and match[3]:
                runs = int(match[3])
    if "Model initialization" not in told:
        return None
    timings = {
        "Init": told.get("Model initialization"),
        "First inference": told.get("Warmup (first)", told.get("First inference")),
        "Warmup (avg)": told.get("Warmup (avg)"),
        "Inference (avg)": told.get("Inference (avg)"),
    }
    counts = {name: told.get(f"Inference ({name})") for name in ("avg", "min", "max", "std")}
    return ResultsBlock(
        timings=_microseconds(timings),
        counts={"count": float(runs), **_microseconds(counts)},
        memory_init_mb=told.get("Init footprint"),
        memory_overall_mb=told.get("Peak memory", told.get("Overall footprint")),
    )


def _microseconds(milliseconds: dict[str, float | None]) -> dict[str, float]:
    return {name: value * 1000 for name, value in milliseconds.items() if value is not None}
