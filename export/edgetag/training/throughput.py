"""Does the input pipeline keep up with training? Measured on the recipe's own data and network."""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from edgetag.dataset import open_dataset
from edgetag.networks import build_untrained
from edgetag.progress import Progress, SilentProgress
from edgetag.recipe import Recipe
from edgetag.tf import keras, tf
from edgetag.training.batches import PREFETCHED, Batches
from edgetag.training.distribution import choose_strategy, device_names
from edgetag.training.fitting import FitSettings, compiled, map_cells, trainable
from edgetag.training.losses import loss_settings
from edgetag.training.result import PipelineRate, StepRate
from edgetag.workspace import Workspace

ROUNDS = 5
"""Rounds of each measurement, taken in turn so that drift of the machine hits all alike."""

ENDLESS = 1 << 30


def measure(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress | None = None,
    round_seconds: float = 1.0,
) -> PipelineRate:
    """Time the input pipeline, the training step, and both together.

    Args:
        recipe: Gives network, batch size, augmentation and the kinds of phases.
        workspace: Holds the built data.
        progress: Is told of rounds.
        round_seconds: Length of a round; there are 5 of each of the three measurements.

    Returns:
        Medians over the rounds. Random weights are trained; nothing is written.
    """
    progress = progress or SilentProgress()
    strategy = choose_strategy()
    dataset = open_dataset(workspace)
    training, rows = recipe.training, dataset.rows("train")
    loss = loss_settings(training, dataset.vocabulary, dataset.labels(rows))
    with strategy.scope():
        model = build_untrained(recipe.network, len(dataset.vocabulary), recipe.seed)
    contract = recipe.network.preprocessing()
    batches = Batches(
        dataset,
        rows,
        contract,
        training.batch_size,
        recipe.seed,
        training.augment,
        map_cells(model),
    )
    rates = []
    for trains in dict.fromkeys(phase.trains for phase in training.phases):
        settings = FitSettings(
            1, 1e-4, training.batch_size, loss=loss, augment=training.augment, trains=trains
        )
        with trainable(model, settings):
            trainer, _ = compiled(model, settings, ENDLESS)
            rates.append(_measure_step(trainer, batches, trains, round_seconds, progress))
    return PipelineRate(
        network=recipe.network.name,
        input_size=recipe.network.input_size,
        batch_size=training.batch_size,
        devices=device_names(strategy),
        rates=tuple(rates),
    )


def _measure_step(
    trainer: keras.Model, batches: Batches, trains: str, seconds: float, progress: Progress
) -> StepRate:
    step = trainer.make_train_function()
    constant = tf.data.Dataset.from_tensors(next(iter(batches.steps(0, 1)))).repeat()
    same = iter(constant)
    fresh = _skip_prefetched(iter(batches.steps(0, ENDLESS)))
    step(same)  # builds the graph
    work: dict[str, Callable[[], Any]] = {
        "pipeline": lambda: next(fresh),
        "step": lambda: step(same)["loss"].numpy(),
        "together": lambda: step(fresh)["loss"].numpy(),
    }
    work["together"]()
    measured: dict[str, list[float]] = {name: [] for name in work}
    with progress.track(f"timing batches ({trains})", ROUNDS * len(work), "rounds") as task:
        for _ in range(ROUNDS):
            for name, once in work.items():
                _skip_prefetched(fresh)
                measured[name].append(_rate(once, seconds) * batches.batch_size)
                task.advance()
    median = {name: statistics.median(values) for name, values in measured.items()}
    return StepRate(trains=trains, ratio=median["together"] / median["step"], **median)


def _rate(once: Callable[[], Any], seconds: float) -> float:
    """Return how often a second `once` can be called."""
    calls, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds or calls < 2:
        once()
        calls += 1
    return calls / (time.perf_counter() - began)


def _skip_prefetched(batches: Iterator[Any]) -> Iterator[Any]:
    """Take what was made ahead, so that no measurement lives off what another left."""
    for _ in range(PREFETCHED):
        next(batches)
    return batches
