"""Two benchmarks of the same kind of machine side by side: ratios with intervals, and a gate.

An interval is about the runs of its benchmark. From hour to hour a machine may be faster or slower
than that tells: files that did not change show by how much.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Literal

from edgetag.benchmarking.result import DOUBT, BenchResult, Measurement
from edgetag.conversion.exported import require_same_files
from edgetag.errors import ExitCode, InputError
from edgetag.judging.checks import Bounds, within
from edgetag.judging.decisions import Decision, exit_code_of
from edgetag.machine import Acceleration
from edgetag.records import Record, Result
from edgetag.tables.formats import counted
from edgetag.userfiles import Content, content_of_file, exists
from edgetag.workspace import Workspace


def read_benchmark(path: Path) -> BenchResult:
    """Read the benchmark of a run folder, or a bench.json.

    Raises:
        InputError: There is none, the file is another or damaged, or the run has exported one
            anew that was measured.
    """
    if exists(path) and content_of_file(path) not in (None, Content.JSON):
        raise InputError(f"{path}: {content_of_file(path)}; {_WANTED}")
    if path.suffix == ".toml":
        raise InputError(f"{path}: a recipe; {_WANTED}")
    if not path.is_dir():
        return BenchResult.read(path, "bench")
    result = BenchResult.read(path / "bench" / "bench.json", "bench")
    measured = ((figure.variant, figure.sha256) for figure in result.results)
    require_same_files(Workspace(path), measured, "edgetag bench")
    return result


_WANTED = "a run folder, or the bench.json of one, is wanted here"


class Ratio(Record):
    """One figure that both benchmarks have.

    Attributes:
        variant: Which file,
        runtime: on which engine,
        threads: with how many threads.
        same_file: Whether it is the same file, by digest.
        before_accelerator: What the engine was asked for, and what ran; None before schema 1.2,
            and in a benchmark that does not say.
        after_accelerator: Likewise.
        before_ms: Median.
        after_ms: Median.
        ratio: `after / before`: above 1 is slower.
        interval: From the ends of both medians' intervals, so at least as wide as it must be.
        stable: Whether both figures are.
        equal: Whether both are one and the same measurement.
        drift: How many times faster or slower files seem that did not change, at most, where others
            did: on the same version of the runtime, with as many threads. None where there is none,
            and before schema 1.4.
        verdict: Against the largest ratio allowed: pass if the interval lies below, fail if above,
            else undecided. It must lie `drift` times below or above, and `DOUBT` times where a
            figure is unstable.
    """

    variant: str
    runtime: str
    threads: int
    same_file: bool
    before_accelerator: Acceleration | None = None
    after_accelerator: Acceleration | None = None
    before_ms: float
    after_ms: float
    ratio: float
    interval: Bounds | None
    stable: bool
    equal: bool = False
    drift: float | None = None
    verdict: Decision


class Comparison(Result):
    """`edgetag bench compare`.

    The slowest change comes first; figures without a partner are named.

    `failed_after` are those that the first has and whose files the second could not run, with the
    reason: such a file keeps no limit.
    """

    SCHEMA: ClassVar[str] = "edgetag.bench-comparison/1.4"
    before_device: str
    after_device: str
    before_mode: Literal["quick", "full"] = "quick"
    after_mode: Literal["quick", "full"] = "quick"
    max_ratio: float
    ratios: tuple[Ratio, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    failed_after: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """0 if all pass, 1 if one fails, 3 if one is undecided or there is nothing to compare."""
        return exit_code_of((ratio.verdict for ratio in self.ratios), self.failed_after)


def compare(
    before: BenchResult, after: BenchResult, max_ratio: float, other_machine: bool = False
) -> Comparison:
    """Compare the medians that both have.

    `after / before` may be at most `max_ratio`.

    Raises:
        InputError: They are of other kinds of machine.
    """
    kinds = [result.machine.kind for result in (before, after)]
    if kinds[0] != kinds[1] and not other_machine:
        raise InputError(
            f"measured on other kinds of machine: {kinds[0]}, and {kinds[1]}; --other-machine "
            "compares them all the same"
        )
    first, second = _by_place(before), _by_place(after)
    pairs = [(first[place], second[place]) for place in first if place in second]
    ratios = [_ratio(*pair, max_ratio, _drift(pair, pairs)) for pair in pairs]
    lost = {(f.variant, f.runtime, f.threads, 1): f.reason for f in after.failures}
    alone = [place for place in first if place not in second]
    return Comparison(
        before_device=before.machine.cpu,
        after_device=after.machine.cpu,
        before_mode=before.mode,
        after_mode=after.mode,
        max_ratio=max_ratio,
        ratios=tuple(sorted(ratios, key=lambda ratio: -ratio.ratio)),
        only_before=tuple(_named(place) for place in alone if place not in lost),
        only_after=tuple(_named(place) for place in second if place not in first),
        failed_after=tuple(f"{_named(place)}: {lost[place]}" for place in alone if place in lost),
    )


Place = tuple[str, str, int, int]


def _by_place(result: BenchResult) -> dict[Place, Measurement]:
    return {(m.variant, m.runtime, m.threads, m.batch): m for m in result.results}


def _named(place: Place) -> str:
    variant, runtime, threads, batch = place
    return f"{variant} on {runtime}, {counted(threads, 'thread')}, batch {batch}"


Pair = tuple[Measurement, Measurement]
"""One file's figures before and after, on one runtime with one number of threads."""


def _same_file(pair: Pair) -> bool:
    before, after = pair
    return bool(before.sha256) and before.sha256 == after.sha256


def _place(figure: Measurement) -> tuple[str, str, int]:
    return figure.runtime, figure.runtime_version, figure.threads


def _drift(pair: Pair, pairs: Iterable[Pair]) -> float | None:
    """Return how much files that did not change seem to have, where a pair's own was measured."""
    place = _place(pair[0])
    beside = [each for each in pairs if _place(each[0]) == place == _place(each[1])]
    unchanged = [each for each in beside if _same_file(each)]
    if len(unchanged) == len(beside):
        return None
    ratios = [after.latency_ms.p50 / before.latency_ms.p50 for before, after in unchanged]
    return max((max(ratio, 1 / ratio) for ratio in ratios), default=None)


def _ratio(before: Measurement, after: Measurement, max_ratio: float, drift: float | None) -> Ratio:
    first, second = before.latency_ms, after.latency_ms
    equal, stable = before == after, before.stable and after.stable
    interval: Bounds | None = None
    if equal:
        interval = (1.0, 1.0)
    elif first.p50_interval and second.p50_interval:
        interval = (
            second.p50_interval[0] / first.p50_interval[1],
            second.p50_interval[1] / first.p50_interval[0],
        )
    doubt = 1.0 if equal else max(drift or 1.0, 1.0 if stable else DOUBT)
    verdict: Decision = "undecided"
    if interval is not None:
        verdict = within((interval[0] / doubt, interval[1] * doubt), max_ratio)
    return Ratio(
        variant=before.variant,
        runtime=before.runtime,
        threads=before.threads,
        same_file=_same_file((before, after)),
        before_accelerator=before.accelerator,
        after_accelerator=after.accelerator,
        before_ms=first.p50,
        after_ms=second.p50,
        ratio=second.p50 / first.p50,
        interval=interval,
        stable=stable,
        equal=equal,
        drift=drift,
        verdict=verdict,
    )
