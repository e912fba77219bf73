"""What `edgetag rescue` leaves: how many layers must be kept, and what each of them costs."""

from typing import ClassVar, Literal

from edgetag.benchmarking.result import Latency
from edgetag.errors import ExitCode
from edgetag.judging.checks import Bounds, Check, ReasonedCheck
from edgetag.judging.decisions import EXIT_CODES, Decision
from edgetag.machine import Acceleration, Machine
from edgetag.recipe import Variant
from edgetag.records import Record, Result

Keep = Literal["float", "int16"]


class LayerError(Record):
    """What quantizing one layer alone does to the scores.

    Attributes:
        name: Name of the layer's output tensor in the float file.
        label: The network's name of the layer, for people.
        operator: Such as `CONV_2D`.
        error: Root mean square of the change of the scores, 0 to 1, when this layer is quantized
            and all others are float.
    """

    name: str
    label: str
    operator: str
    error: float


class Step(Record):
    """The variant with some layers kept.

    Attributes:
        name: Name of the file, such as `int8-float-8`: the 8 layers of the largest error; behind
            `without`, the ranks of those that were quantized after all.
        file: Path relative to the run folder.
        sha256: Digest of the file.
        layers: Names of the kept layers, the one of the largest error first.
        added: Those that no step before has.
        dropped: Layers of large error that it does without, since the others are enough.
        map: Mean average precision, None where no tag is scored or the file does not run.
        map_drop: From the float reference, as a fraction.
        map_drop_interval: Paired bootstrap.
        budgets: Every limit of the variant that could be judged here.
        accuracy: Verdict of the limits on accuracy, by which layers are chosen.
        verdict: Worst of all limits, those on size, latency, memory and heat maps included.
        size_bytes: Bytes of the file.
        gzip_bytes: Bytes of the file after gzip.
        latency_ms: Taken in turns with the other steps; None where the file does not run.
        failure: Why the file does not run, None where it does.
    """

    name: str
    file: str
    sha256: str
    layers: tuple[str, ...]
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    map: float | None
    map_drop: float | None
    map_drop_interval: Bounds | None
    budgets: tuple[ReasonedCheck, ...]
    accuracy: Decision
    verdict: Decision
    size_bytes: int
    gzip_bytes: int
    latency_ms: Latency | None
    failure: str | None = None


class FloatFile(Record):
    """The float file's cost, to compare with."""

    size_bytes: int
    gzip_bytes: int
    latency_ms: Latency | None


class RescueResult(Result):
    """`rescue/<variant>-<keep>.json`.

    Attributes:
        variant: What was rescued.
        keep: How layers are kept.
        runtime: Where accuracy was measured,
        runtime_version: its version,
        threads: and its number of threads.
        accelerator: What it was asked for, and what ran; None before schema 1.2.
        timed_runtime: Where latency was, which is where the recipe judges it,
        timed_threads: with so many threads.
        timed_accelerator: What that was asked for, and what ran; None before schema 1.3.
        machine: Where this was.
        split: The split that decides.
        images: How many images it has.
        ranking: Layers by error, the largest first; empty where nothing was to be chosen.
        ranking_images: Training images behind the ranking.
        fp32: The float file.
        steps: By how far down the ranking they reach; the first keeps nothing. All were judged on
            the same images.
        rescued: Whether a step keeps every limit.
        chosen: Name of the step with the fewest layers that keeps the limits on accuracy.
        file: Its file, relative to the run folder.
        outcome: What came out, in a sentence or two.
    """

    SCHEMA: ClassVar[str] = "edgetag.rescue/1.3"
    variant: Variant
    keep: Keep
    runtime: str
    runtime_version: str
    threads: int
    accelerator: Acceleration | None = None
    timed_runtime: str = "litert"
    timed_threads: int = 1
    timed_accelerator: Acceleration | None = None
    machine: Machine
    split: str
    images: int
    ranking: tuple[LayerError, ...]
    ranking_images: int
    fp32: FloatFile
    steps: tuple[Step, ...]
    rescued: bool
    chosen: str | None
    file: str | None
    outcome: str

    @property
    def exit_code(self) -> ExitCode:
        """That of the chosen file; where none is, of the one with the most layers allowed."""
        last = self.steps[-2 if self.ranking else -1]  # behind it, all layers, which are enough
        return EXIT_CODES[(self.find(self.chosen) or last).verdict]

    def find(self, name: str | None) -> Step | None:
        """Return a step by its name, None where there is none."""
        return next((step for step in self.steps if step.name == name), None)


class Adoption(Result):
    """`rescue/<variant>-adopted.json`: whether other pictures agree with a rescue.

    Attributes:
        variant: Whose place the file takes.
        step: The rescue's step that made it.
        chosen_on: The split that chose it,
        split: and the one that judged it now.
        images: Images of that split.
        map: Mean average precision there, None where no tag is scored.
        map_drop: From the float reference, as a fraction.
        map_drop_interval: Paired bootstrap.
        checks: The variant's limits on accuracy.
        verdict: Worst of them.
        adopted: Whether the file took the variant's place in `export/`: only a pass does.
    """

    SCHEMA: ClassVar[str] = "edgetag.adoption/1.0"
    variant: Variant
    step: str
    chosen_on: str
    split: str
    images: int
    map: float | None
    map_drop: float | None
    map_drop_interval: Bounds | None
    checks: tuple[Check, ...]
    verdict: Decision
    adopted: bool
