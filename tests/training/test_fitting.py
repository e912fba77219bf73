"""The loop that training and compression share, on a network of two layers."""

from typing import Any

import numpy as np
import pytest

from edgetag.dataset import Dataset
from edgetag.progress import SilentProgress
from edgetag.recipe import AugmentSection
from tests.support.small_run import CONTRACT, tiny

pytestmark = pytest.mark.tensorflow


def run(model: Any, dataset: Dataset, epochs: float = 2, **options: Any) -> Any:
    from edgetag.training.fitting import FitSettings, fit

    passed = {
        name: options.pop(name)
        for name in ("teacher", "ends", "callbacks", "on_epoch", "start")
        if name in options
    }
    usual: dict[str, Any] = {"learning_rate": 0.05, "batch_size": 8, "augment": AugmentSection()}
    settings = FitSettings(epochs=epochs, **usual | options)
    rows = dataset.rows("train")
    return fit(model, dataset, rows, CONTRACT, settings, SilentProgress(), **passed)


def moved(model: Any, before: list[Any]) -> dict[str, bool]:
    """Return which layers have other weights than before."""
    changed = {}
    for variable, old in zip(model.weights, before, strict=True):
        layer, part = variable.name.split(":")[0].split("/")
        changed[f"{layer}/{part}"] = bool((variable.numpy() != old).any())
    return changed


def test_the_loss_falls_and_epochs_are_told(dataset: Dataset) -> None:
    told: list[int] = []

    def tell(epoch: Any) -> None:
        told.append(epoch.epoch)

    epochs = run(tiny(), dataset, 6, on_epoch=tell)
    assert told == [epoch.epoch for epoch in epochs] == list(range(6))
    assert epochs[-1].loss < epochs[0].loss
    assert all(epoch.images_per_s > 0 for epoch in epochs)


def test_training_the_head_leaves_all_else_as_it_was(dataset: Dataset) -> None:
    model = tiny()
    before = model.get_weights()
    run(model, dataset, trains="head")
    changed = moved(model, before)
    assert {name for name, different in changed.items() if different} == {"cam/kernel", "cam/bias"}
    assert len(model.trainable_weights) == 6  # set back


@pytest.mark.parametrize("mixed", [False, True])
def test_composites_teach_maps_to_lie_on_what_is_pasted(dataset: Dataset, mixed: bool) -> None:
    from edgetag.networks import maps_of
    from edgetag.training.batches import Batches
    from edgetag.training.distribution import precision
    from edgetag.training.losses import map_loss

    augment = AugmentSection(flip=False, crop=0, color=0, composites=1.0)
    rows = dataset.rows("train")
    seen = Batches(dataset, rows, CONTRACT, 16, 9, augment, cells=6)
    images, _, cells = next(iter(seen.steps(0, 1)))
    assert (cells.numpy() > 0).any()
    losses = []
    with precision(mixed):
        model = tiny()
    for _ in range(2):
        losses.append(float(map_loss(cells, maps_of(model)(images)).numpy().mean()))
        run(model, dataset, 8, augment=augment, learning_rate=0.02)
    assert losses[1] < losses[0]


def test_part_of_an_epoch_is_rounded_up_to_whole_steps(dataset: Dataset) -> None:
    from edgetag.tf import keras

    class Count(keras.callbacks.Callback):
        steps = 0

        def on_train_batch_end(self, *_: object) -> None:
            self.steps += 1

    for epochs, steps in ((0.1, 1), (1.5, 3), (2, 4)):
        count = Count()
        finished = run(tiny(), dataset, epochs, callbacks=[count])
        assert count.steps == steps
        assert finished[-1].learning_rate == pytest.approx(0.0, abs=1e-9)  # cosine ends at 0


def test_a_fit_goes_on_in_the_precision_of_another_machine(dataset: Dataset) -> None:
    from edgetag.training.distribution import precision
    from edgetag.training.fitting import FitStart

    start, steps = None, []
    for epoch, mixed in enumerate((True, False)):
        with precision(mixed):
            model = tiny()
        (last,) = run(model, dataset, epoch + 1, start=start)
        variables = last.optimizer()
        steps.append(int(variables[0]))
        start = FitStart(epoch + 1, variables)
    assert steps == [steps[0], 2 * steps[0]]


@pytest.mark.parametrize("mixed", [False, True])
def test_a_fit_that_goes_on_equals_one_that_never_stopped(dataset: Dataset, mixed: bool) -> None:
    from edgetag.training.distribution import precision
    from edgetag.training.fitting import FitStart

    with precision(mixed):
        whole, halves, resumed = tiny(), tiny(), tiny(seed=9)
    kept: list[Any] = []
    run(whole, dataset, 4)

    def stop_after_two(epoch: Any) -> bool:
        kept.append(epoch.optimizer())
        return bool(epoch.epoch == 1)

    run(halves, dataset, 4, on_epoch=stop_after_two)
    assert len(kept) == 2
    weights = halves.get_weights()
    resumed.set_weights(weights)
    epochs = run(resumed, dataset, 4, start=FitStart(2, kept[-1]))
    assert [epoch.epoch for epoch in epochs] == [2, 3]
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_teacher_alone_draws_the_student_to_its_scores(dataset: Dataset) -> None:
    from edgetag.training.losses import LossSettings

    teacher, student = tiny(1), tiny(2)
    images = dataset.images(dataset.rows("validation")).astype(np.float32) / 128 - 1
    taught = teacher(images).numpy()
    frozen = teacher.get_weights()
    far = np.abs(student(images).numpy() - taught).mean()
    run(student, dataset, 8, teacher=teacher, loss=LossSettings(distillation=1.0))
    assert np.abs(student(images).numpy() - taught).mean() < far / 2
    for a, b in zip(frozen, teacher.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_graph_of_a_step_is_built_once_whatever_is_imitated(dataset: Dataset) -> None:
    from edgetag.tf import tf
    from edgetag.training.fitting import End
    from edgetag.training.losses import LossSettings

    built: list[str] = []

    def distance(wanted: Any, given: Any) -> Any:
        built.append(given.name)
        return tf.reduce_mean(tf.square(wanted - given), axis=1)

    model, near = tiny(), tiny(1)
    ends = [End(model.layers[-1].input, distance, 1.0)]
    teacher = type(near)(near.input, [near.layers[-1].input])
    run(model, dataset, teacher=teacher, ends=ends, loss=LossSettings(distillation=0.5))
    assert len(built) == 1


@pytest.mark.parametrize("mixed", [False, True])
def test_gradients_that_float16_cannot_hold_move_weights_too(dataset: Dataset, mixed: bool) -> None:
    from edgetag.training.distribution import precision
    from edgetag.training.fitting import End
    from edgetag.training.losses import LossSettings
    from edgetag.training.teachers import label_divergence

    with precision(mixed):
        model = tiny()
    before, near = model.get_weights(), tiny(1)
    teacher = type(near)(near.input, [near.layers[-1].input])
    ends = [End(model.layers[-1].input, label_divergence, 1e-7)]
    run(model, dataset, teacher=teacher, ends=ends, loss=LossSettings(distillation=1.0))
    assert {name for name, changed in moved(model, before).items() if changed} >= {
        "stem/kernel",
        "cam/kernel",
    }


def test_pruning_callbacks_find_the_models_layers(dataset: Dataset) -> None:
    sparsity = pytest.importorskip("tensorflow_model_optimization").sparsity.keras
    schedule = sparsity.ConstantSparsity(0.5, 0, frequency=1)
    model = sparsity.prune_low_magnitude(tiny(), schedule)
    run(model, dataset, 1, callbacks=[sparsity.UpdatePruningStep()])
    kernel = sparsity.strip_pruning(model).get_layer("stem").kernel.numpy()
    assert (kernel == 0).mean() == pytest.approx(0.5, abs=0.02)
