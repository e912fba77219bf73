"""The phases of a recipe, one after the other, with the best epoch kept.

An epoch is better when its validation mAP is strictly higher. The first phase starts from the
network as built, each later one from the best weights so far, which need not be the last.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edgetag.dataset import Dataset
from edgetag.dataset.unlabelled import UNLABELLED
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress
from edgetag.recipe import AugmentSection, Phase, TrainingSection
from edgetag.tf import keras
from edgetag.training.checkpoint import Checkpoint
from edgetag.training.fitting import Epoch, FitSettings, FitStart, fit
from edgetag.training.losses import loss_settings
from edgetag.training.result import EpochRecord
from edgetag.training.teachers import Teacher

UNCHANGED = AugmentSection(flip=False, crop=0.0, color=0.0)


def train_phases(
    model: keras.Model,
    dataset: Dataset,
    contract: Preprocessing,
    training: TrainingSection,
    seed: int,
    fingerprint: str,
    checkpoint: Checkpoint | None,
    validate: Callable[[keras.Model], float],
    store: Callable[[Checkpoint], None],
    progress: Progress,
    teacher: Teacher | None = None,
) -> Checkpoint:
    """Run every phase that is left.

    Args:
        model: Built under the strategy that trains it; left with the last epoch's weights.
        dataset: Gives the training split, and pictures without labels for the teacher.
        contract: Scales the pixels.
        training: The recipe's section.
        seed: The recipe's; each phase has its own order of images.
        fingerprint: Is written into checkpoints.
        checkpoint: Where to go on; None starts at the beginning.
        validate: Returns the validation mAP of the model as it is.
        store: Is given the state after every epoch.
        progress: Is told of epochs.
        teacher: Whose answers are targets, too.

    Returns:
        The state after the last epoch.
    """
    rows = dataset.weighted(dataset.rows("train"), seed, training.answered_weight)
    loss = loss_settings(training, dataset.vocabulary, dataset.labels(rows))
    if UNLABELLED in dataset.splits():
        rows = np.concatenate([rows, dataset.rows(UNLABELLED)])
    ends, taught = teacher.ends_of(model) if teacher else ((), None)
    state = checkpoint
    if state is not None:
        model.set_weights(state.weights)

    def after(phase: int, epoch: Epoch) -> bool:
        nonlocal state
        state = _next_state(state, phase, epoch, model, validate, fingerprint)
        state = _end_phase(state, training)
        _say(state, training.phases, progress)
        store(state)
        return state.phase_done

    for index, phase in enumerate(training.phases):
        start = None
        if state is not None:
            if index < state.phase or (index == state.phase and state.phase_done):
                continue
            if index == state.phase:
                start = FitStart(state.phase_epochs, state.optimizer)
            else:
                model.set_weights(state.best)
        settings = FitSettings(
            epochs=phase.epochs,
            learning_rate=phase.learning_rate,
            batch_size=training.batch_size,
            optimizer=phase.optimizer,
            schedule=phase.schedule,
            loss=replace(loss, distillation=teacher.weight if teacher else 0.0),
            augment=training.augment if phase.augment else UNCHANGED,
            adversarial=training.adversarial,
            trains=phase.trains,
            seed=seed + index,
            deterministic=training.deterministic,
        )
        fit(
            model,
            dataset,
            rows,
            contract,
            settings,
            progress,
            teacher=taught,
            ends=ends,
            on_epoch=lambda epoch, index=index: after(index, epoch),  # type: ignore[misc]
            start=start,
            what=f"training phase {index + 1} of {len(training.phases)} ({phase.trains})",
        )
    if state is None:
        raise AssertionError("a recipe has at least one phase of one epoch")
    return state


def _next_state(
    before: Checkpoint | None,
    phase: int,
    epoch: Epoch,
    model: keras.Model,
    validate: Callable[[keras.Model], float],
    fingerprint: str,
) -> Checkpoint:
    records = before.records if before else ()
    record = EpochRecord(
        phase=phase,
        epoch=len(records),
        loss=epoch.loss,
        validation_map=validate(model),
        images_per_s=epoch.images_per_s,
        learning_rate=epoch.learning_rate,
    )
    weights = tuple(model.get_weights())
    gained = before is None or (record.validation_map > records[before.best_epoch].validation_map)
    return Checkpoint(
        fingerprint=fingerprint,
        records=(*records, record),
        phase_done=False,
        best_epoch=record.epoch if before is None or gained else before.best_epoch,
        weights=weights,
        best=weights if before is None or gained else before.best,
        optimizer=epoch.optimizer(),
    )


def _end_phase(state: Checkpoint, training: TrainingSection) -> Checkpoint:
    patience = training.early_stopping_epochs
    stopped = patience is not None and state.epochs_without_gain >= patience
    if stopped or state.phase_epochs == training.phases[state.phase].epochs:
        return replace(state, phase_done=True, optimizer=())
    return state


def _say(state: Checkpoint, phases: tuple[Phase, ...], progress: Progress) -> None:
    record = state.records[-1]
    best = " (best)" if state.best_epoch == record.epoch else ""
    planned = sum(phase.epochs for phase in phases)
    progress.say(
        f"epoch {record.epoch + 1} of {planned}, phase {record.phase + 1}: "
        f"loss {record.loss:.4f}, validation mAP {record.validation_map:.4f}{best}, "
        f"{record.images_per_s:.0f} images/s"
    )
    if state.phase_done and state.phase_epochs < phases[state.phase].epochs:
        progress.say(
            f"phase {record.phase + 1} ends early: {state.epochs_without_gain} epochs without a "
            "better validation mAP"
        )
