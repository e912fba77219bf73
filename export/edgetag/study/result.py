"""What a study leaves: one row per file, and the goals that were set.

Drops are float minus file, as fractions: 0.01 is one point.
"""

from typing import ClassVar, Literal

from edgetag.benchmarking.result import Ratio
from edgetag.errors import ExitCode
from edgetag.judging.checks import Bounds
from edgetag.machine import Acceleration, Machine
from edgetag.records import Record, Result

Reached = Literal["shown", "met", "missed", "unknown"]
"""`shown`: all of the interval is within the goal; `met`: the measured value is."""


class Accuracy(Record):
    """A file's scores over a split against the float model's, averaged over trainings.

    Attributes:
        split: The pictures.
        images: How many.
        groups: Concepts that the bootstrap drew.
        scored_tags: Tags with enough positives.
        map: Mean average precision, averaged over trainings; null where no tag is scored.
        map_drop: From the float model of the same training, averaged.
        map_drop_interval: Paired bootstrap over groups; in each draw the drops of all trainings
            are averaged. It tells how far other pictures would move the mean of these trainings.
        map_drop_by_seed: Of each training, in the order of the seeds.
        logit_rmse: Root of the mean square over trainings.
        logit_rmse_interval: Bootstrap over groups.
        logit_rmse_by_seed: Of each training.
    """

    split: str
    images: int
    groups: int
    scored_tags: int
    map: float | None
    map_drop: float | None
    map_drop_interval: Bounds | None
    map_drop_by_seed: tuple[float, ...]
    logit_rmse: float
    logit_rmse_interval: Bounds | None
    logit_rmse_by_seed: tuple[float, ...]


class Row(Record):
    """One file, or one file of every seed.

    Attributes:
        name: The variant's, or the tool's.
        accuracy: One entry per split; the first one decides.
        size_bytes: Mean over seeds.
        gzip_bytes: Likewise, compressed.
        latency_ms: Median of one picture on one thread; null where it was not timed.
        latency_ratio: To the base's of the same seed in the same rounds; null for no base.
        instructions: ARM instructions of one picture, of the first seed's file; null where no
            emulated machine is set up.
        instructions_ratio: To the base's.
        runtime: What scored and timed it; empty before schema 1.1.
        accelerator: What that was asked for, and what ran; None before schema 1.1.
        note: What else is to be known, in one line.
    """

    name: str
    accuracy: tuple[Accuracy, ...]
    size_bytes: int
    gzip_bytes: int
    latency_ms: float | None = None
    latency_ratio: Ratio | None = None
    instructions: int | None = None
    instructions_ratio: float | None = None
    runtime: str = ""
    accelerator: Acceleration | None = None
    note: str = ""


class GoalCheck(Record):
    """A goal and what came out.

    Attributes:
        row: Which file.
        goal: Which measure of it, see `goals`; over the split that decides, or the one behind @.
        limit: At most this.
        measured: Null where it was not measured.
        interval: Null where there is none.
        reached: How sure it is.
    """

    row: str
    goal: str
    limit: float
    measured: float | None
    interval: Bounds | None
    reached: Reached


class Study(Result):
    """What both kinds of study have.

    Attributes:
        name: The recipe's.
        base: The file that latencies and instructions are ratios to.
        confidence: Of intervals of accuracy; those of latency are at 95 %.
        machine: Where files were timed.
        load: Load of the machine before and after that; null where the system does not tell.
        measured_at: When it ended, UTC.
        versions: Package → version.
        rows: The files.
        goals: What was asked of them.
    """

    name: str
    base: str
    confidence: float
    machine: Machine
    load: Bounds | None
    measured_at: str
    versions: dict[str, str]
    rows: tuple[Row, ...]
    goals: tuple[GoalCheck, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """1 where a goal is missed, else 3 where one was not measured."""
        reached = {goal.reached for goal in self.goals}
        if "missed" in reached:
            return ExitCode.BUDGET_BROKEN
        return ExitCode.UNDECIDED if "unknown" in reached else ExitCode.ACCEPTED


class VariantsStudy(Study):
    """`study.json` of `edgetag study variants`.

    Attributes:
        seeds: One training each; their run folders lie beside this file.
        runtime: Which scored and timed the files, on one thread.
    """

    SCHEMA: ClassVar[str] = "edgetag.study-variants/1.1"
    seeds: tuple[int, ...]
    runtime: str


class Peer(Record):
    """What became of another tool.

    Attributes:
        name: The tool's.
        packages: What its environment was built of; empty for what runs in ours.
        settings: What it was asked for.
        reason: Why there are no files of it; empty where there are.
    """

    name: str
    packages: tuple[str, ...]
    settings: str
    reason: str = ""


class PeersStudy(Study):
    """`study.json` of `edgetag study peers`.

    Attributes:
        tools: The tools that the float network was taken through.
        calibrating_images: Pictures that all of them and we calibrated with.
    """

    SCHEMA: ClassVar[str] = "edgetag.study-peers/1.1"
    tools: tuple[Peer, ...]
    calibrating_images: int
