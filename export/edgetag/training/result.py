"""What the train stage leaves: a summary, the history and the thresholds."""

from collections.abc import Sequence
from typing import ClassVar

from edgetag.errors import InputError
from edgetag.records import Record, Result
from edgetag.workspace import Workspace

MIN_IMAGES = 5
"""With fewer positives, or negatives, in validation a tag takes the recipe's threshold."""


class Thresholds(Result):
    """`train/thresholds.json`: from which score a tag counts as present.

    Attributes:
        policy: How they were chosen.
        split: The split they were chosen on; never the one that judges.
        thresholds: Tag → score in 0..1, for every tag of the vocabulary.
        defaulted: Tags too rare in that split to choose from, which got the recipe's value.
        unkept: Tags of which more negatives than the policy allows have a score of 1, so that even
            the highest threshold sets too many; none before schema 1.1.
    """

    SCHEMA: ClassVar[str] = "edgetag.thresholds/1.1"
    policy: str
    split: str
    thresholds: dict[str, float]
    defaulted: tuple[str, ...] = ()
    unkept: tuple[str, ...] = ()


def trained_thresholds(workspace: Workspace, tags: Sequence[str]) -> dict[str, float]:
    """Return the threshold of each tag of the float network; its outputs are just these tags.

    Weights do not say which tag an output is. The thresholds do: training lists them in order.

    Raises:
        InputError: Nothing is trained yet, or on other tags, or on these in another order.
    """
    thresholds = Thresholds.read(workspace.train / "thresholds.json", "train").thresholds
    if tuple(thresholds) != tuple(tags):
        raise InputError(
            f"{workspace.train}: the network was trained on {', '.join(thresholds)}, but the "
            f"recipe now lists {', '.join(tags)}; run: edgetag train"
        )
    return thresholds


class EpochRecord(Record):
    """One line of `train/history.jsonl`.

    Attributes:
        phase: Position of the phase in the recipe, from 0.
        epoch: Position of the epoch over all phases, from 0.
        loss: Mean training loss.
        validation_map: Mean average precision on the validation split.
        images_per_s: Training images a second, validation not counted.
        learning_rate: At the end of the epoch.
    """

    phase: int
    epoch: int
    loss: float
    validation_map: float
    images_per_s: float
    learning_rate: float


class TrainResult(Result):
    """`train/train.json`."""

    SCHEMA: ClassVar[str] = "edgetag.train/1.0"
    epochs: tuple[EpochRecord, ...]
    best_epoch: int
    best_validation_map: float
    parameters: int
    weights_sha256: str
    devices: tuple[str, ...]


class StepRate(Record):
    """How fast images are made and consumed, in images a second.

    Attributes:
        trains: Which weights the step moves.
        pipeline: Reading, changing and scaling images, with nothing else running.
        step: The training step alone, on one batch that is always the same.
        together: Both, as in training.
        ratio: `together / step`: 1 where the step never waits and loses no time to the pipeline.
    """

    trains: str
    pipeline: float
    step: float
    together: float
    ratio: float


class PipelineRate(Result):
    """Whether the input pipeline keeps up with training.

    Attributes:
        network: The architecture.
        input_size: In pixels.
        batch_size: Images of one step.
        devices: What the step ran on.
        rates: One per kind of phase in the recipe.
    """

    SCHEMA: ClassVar[str] = "edgetag.pipeline-rate/1.0"
    network: str
    input_size: int
    batch_size: int
    devices: tuple[str, ...]
    rates: tuple[StepRate, ...]
