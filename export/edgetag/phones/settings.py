"""How files are measured on phones."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from edgetag.errors import InputError
from edgetag.phones.asking import START_S
from edgetag.phones.figures import DelegateName, processor_of
from edgetag.phones.job import MOST_RUNS, MOST_THREADS, RunsOn
from edgetag.phones.store import LocalFile
from edgetag.recipe import Recipe
from edgetag.tables.formats import format_count

ROUNDS = 3

WITHOUT_XNNPACK = "--use_xnnpack=false"

IN_FLOAT32 = ("--gpu_precision_loss_allowed=false", "--gpu-precision=fp32")
"""Have a GPU compute in float32, as the demo app does, and not in float16. Builds that run files by
the Interpreter know the first, those by CompiledModel the second; each goes on without the
other."""

LENGTHS = ("--warmup_runs=", "--num_runs=", "--min_secs=", "--max_secs=")
"""How flags begin that say how long to measure."""

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
        rounds: All files are measured so many times in turn, each time with its share of the
            runs and seconds, so that a phone that grows hot or cools down does so for all alike.
        min_share: What a delegate that is asked for must take of a graph, 0..1.
        limit_s: After so many seconds a run counts as hung; None for a guess by the others.
        fixed_performance: Whether phones are held in that mode, see `fixed_performance`.
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
    rounds: int = 3
    min_share: float = 0.5
    fixed_performance: bool = True

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        delegate: DelegateName = "auto",
        profile: bool = False,
        cores: str = "",
    ) -> "Settings":
        """Return what a recipe says, beside what is chosen each time.

        Raises:
            InputError: There are more rounds than runs, more threads or runs than a phone is asked
                for, or `cores` is no mask.
        """
        phones, desktop = recipe.phones, recipe.benchmark
        runs = phones.runs or desktop.runs
        return cls(
            threads=phones.threads or desktop.threads,
            warmup_runs=(desktop.warmup_runs if phones.warmup_runs is None else phones.warmup_runs),
            runs=runs,
            delegate=delegate,
            min_s=phones.min_s,
            max_s=phones.max_s,
            profile=profile,
            cores=cores,
            rounds=phones.rounds or min(ROUNDS, runs),
            min_share=phones.min_delegated,
            fixed_performance=phones.fixed_performance,
        )

    def __post_init__(self) -> None:
        if self.rounds > self.runs:
            raise InputError(f"phones.rounds {self.rounds} is more than the {self.runs} runs")
        for key, given, most in (
            ("threads", max(self.threads), MOST_THREADS),
            ("runs", self.runs, MOST_RUNS),
            ("warmup_runs", self.warmup_runs, MOST_RUNS),
        ):
            if given > most:
                raise InputError(
                    f"phones are asked for at most {format_count(most)} {key}, not for "
                    f"{format_count(given)}; set phones.{key} in the recipe"
                )
        if self.cores and not _MASK.fullmatch(self.cores):
            raise InputError(f"cores {self.cores!r}: give a mask in hex, such as f0")

    @property
    def runs_on(self) -> RunsOn:
        """What the app and a runner are to run on."""
        return processor_of(self.delegate)

    @property
    def runs_of_round(self) -> int:
        """At least so many runs in one round."""
        return -(-self.runs // self.rounds)

    @property
    def whole_limit_s(self) -> float:
        """Seconds until a run counts as hung; warm-up and runs may each last `max_s`."""
        return self.limit_s or START_S + 2 * self.max_s

    def command(self, tool: LocalFile, model: LocalFile, threads: int) -> list[str]:
        """Return what is run on the phone in one round."""
        on_cores = ["taskset", self.cores] if self.cores else []
        flags = [
            f"--graph={model.remote}",
            f"--num_threads={threads}",
            f"--warmup_runs={self.warmup_runs}",
            f"--num_runs={self.runs_of_round}",
            f"--min_secs={self.min_s / self.rounds:g}",
            f"--max_secs={self.max_s / self.rounds:g}",
        ]
        flags += {
            "auto": [],
            "cpu": [WITHOUT_XNNPACK],
            "xnnpack": ["--use_xnnpack=true"],
            "gpu": ["--use_gpu=true", *IN_FLOAT32],
        }[self.delegate]
        return [*on_cores, tool.remote, *flags]


def pinned(command: str) -> str:
    """Return the mask of cores that a command stayed on, as `Settings.cores`."""
    first, second, *_ = [*shlex.split(command), "", ""]
    return second if first == "taskset" else ""


@dataclass(frozen=True)
class Options:
    """What a user asks for.

    Attributes:
        settings: How to measure.
        serial: Of the only phone to visit; None for all.
        tool: Path of benchmark_model; None for no latency.
        runner: Path of the user's runner; None for no scores by it.
        app: Id of the demo app on the phones; None for no scores and latency by it.
        time_app: Whether the app times files besides scoring them.
        variants: Files by name; empty for all.
        images: Images that are scored, at most; None for as many as the recipe says.
        clean: Whether to delete from the phones what edgetag left and does not need.
    """

    settings: Settings
    serial: str | None = None
    tool: Path | None = None
    runner: Path | None = None
    variants: tuple[str, ...] = ()
    images: int | None = None
    clean: bool = False
    app: str | None = None
    time_app: bool = True

    def __post_init__(self) -> None:
        if self.tool is None and (self.settings.cores or self.settings.profile):
            option = "--cores" if self.settings.cores else "--profile"
            raise InputError(
                f"{option}: of the programs that measure, benchmark_model alone can do that; give "
                "--benchmark-model FILE"
            )
        if self.tool and self.settings.delegate == "npu":
            raise InputError(
                "benchmark_model is not asked for NPUs, since it wants their makers' libraries "
                "beside it; measure an app that has them: --app PACKAGE --delegate npu"
            )
