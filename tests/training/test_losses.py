"""The loss against plain numpy."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetag.labels import Labels
from edgetag.recipe import TrainingSection
from edgetag.tags import Vocabulary

pytestmark = pytest.mark.tensorflow

Floats = npt.NDArray[Any]
quickly = settings(max_examples=40)


def cross_entropy(target: Floats, scores: Floats) -> Floats:
    return -(target * np.log(scores) + (1 - target) * np.log(1 - scores))


def reference_cells(
    labels: Labels, scores: Floats, smoothing: float, weights: tuple[float, ...] | None
) -> Floats:
    truth = np.maximum(labels, 0) * (1 - smoothing) + smoothing / 2
    cells = cross_entropy(truth, scores)
    cells *= np.where(labels == 1, weights or (1.0,) * labels.shape[1], 1.0)
    return np.where(labels >= 0, cells, 0.0)


def reference_mining(labels: Labels, cells: Floats, ratio: float) -> float:
    total = 0.0
    for tag in range(labels.shape[1]):
        positive = cells[labels[:, tag] == 1, tag]
        negative = np.sort(cells[labels[:, tag] == 0, tag])[::-1]
        count = max(1, len(positive))
        kept = min(max(1, round(count * ratio)), len(negative))
        total += positive.sum() / count + (negative[:kept].sum() / kept if kept else 0.0)
    return total / labels.shape[1]


def loss_of(labels: Labels, scores: Floats, teacher: Floats | None = None, **options: Any) -> Any:
    """Return the loss averaged over the batch, as Keras does, and its gradient."""
    from edgetag.tf import tf
    from edgetag.training.losses import LossSettings, loss_function

    targets = labels.astype(np.float32)
    if teacher is not None:
        targets = np.concatenate([targets, teacher.astype(np.float32)], axis=1)
    variable = tf.Variable(scores.astype(np.float32))
    with tf.GradientTape() as tape:
        function = loss_function(LossSettings(**options), labels.shape[1])
        loss = tf.reduce_mean(function(tf.constant(targets), variable))
    return float(loss), tape.gradient(loss, variable).numpy()


@st.composite
def batches(draw: st.DrawFn) -> tuple[Labels, Floats]:
    images, tags = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    labels = rng.integers(-1, 2, (images, tags)).astype(np.int8)
    return labels, rng.uniform(0.02, 0.98, (images, tags)).astype(np.float32)


@given(batches(), st.sampled_from([0.0, 0.1]), st.booleans())
@quickly
def test_cross_entropy_is_the_mean_over_images_and_tags_of_known_cells(
    batch: tuple[Labels, Floats], smoothing: float, weighted: bool
) -> None:
    labels, scores = batch
    weights = tuple(1.0 + tag for tag in range(labels.shape[1])) if weighted else None
    loss, _ = loss_of(labels, scores, label_smoothing=smoothing, positive_weights=weights)
    expected = reference_cells(labels, scores, smoothing, weights).mean()
    assert loss == pytest.approx(expected, rel=1e-4, abs=1e-6)


@given(batches(), st.sampled_from([0.4, 1.0, 3.0, 100.0]), st.sampled_from([0.0, 0.1]))
@quickly
def test_hard_negatives_are_the_largest_losses_in_the_stated_number(
    batch: tuple[Labels, Floats], ratio: float, smoothing: float
) -> None:
    labels, scores = batch
    loss, _ = loss_of(labels, scores, negative_ratio=ratio, label_smoothing=smoothing)
    cells = reference_cells(labels, scores, smoothing, None)
    assert loss == pytest.approx(reference_mining(labels, cells, ratio), rel=1e-4, abs=1e-6)


@given(batches(), st.sampled_from([None, 2.0]))
@quickly
def test_unknown_cells_change_nothing_and_get_no_gradient(
    batch: tuple[Labels, Floats], ratio: float | None
) -> None:
    labels, scores = batch
    unknown = labels < 0
    loss, gradient = loss_of(labels, scores, negative_ratio=ratio)
    moved, _ = loss_of(labels, np.where(unknown, 0.99, scores), negative_ratio=ratio)
    assert moved == loss
    assert not gradient[unknown].any()


def test_a_batch_split_over_replicas_has_the_same_loss() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(-1, 2, (8, 3)).astype(np.int8)
    scores = rng.uniform(0.1, 0.9, (8, 3))
    halves = [loss_of(labels[part], scores[part])[0] for part in (slice(4), slice(4, 8))]
    assert np.mean(halves) == pytest.approx(loss_of(labels, scores)[0], rel=1e-6)


def test_distillation_mixes_in_the_teachers_scores_on_every_cell() -> None:
    rng = np.random.default_rng(4)
    labels = rng.integers(-1, 2, (5, 3)).astype(np.int8)
    scores, teacher = rng.uniform(0.1, 0.9, (2, 5, 3))
    loss, _ = loss_of(labels, scores, teacher, distillation=0.3)
    own = reference_cells(labels, scores, 0.0, None).mean()
    expected = 0.7 * own + 0.3 * cross_entropy(teacher, scores).mean()
    assert loss == pytest.approx(expected, rel=1e-5)


def test_weights_come_from_the_recipe() -> None:
    from edgetag.training.losses import loss_settings

    vocabulary = Vocabulary(("even", "rare", "never", "always"))
    labels = np.zeros((2000, 4), np.int8)
    labels[::2, 0] = labels[:4, 1] = labels[:, 3] = 1
    labels[-10:, 0] = -1

    def weights(value: object) -> tuple[float, ...] | None:
        training = TrainingSection.model_validate({"positive_weights": value})
        return loss_settings(training, vocabulary, labels).positive_weights

    assert weights("none") is None
    assert weights({"rare": 4.0}) == (1.0, 4.0, 1.0, 1.0)
    assert weights("balanced") == pytest.approx((1.0, 10.0, 1.0, 1.0))


def test_maps_cost_what_their_heat_lies_beside_the_thing_whatever_their_mean() -> None:
    from edgetag.tf import tf
    from edgetag.training.losses import map_loss

    cells = np.full((4, 2, 2, 2), -1.0, np.float32)
    cells[:3, ..., 0] = [[1, 1], [0, 0]]
    maps = np.zeros((4, 2, 2, 2), np.float32)
    maps[0, 0], maps[1, 1] = 50.0, 50.0  # all on the thing, all beside it, anywhere
    losses = map_loss(tf.constant(cells), tf.constant(maps)).numpy()
    # The last is known of no tag.
    np.testing.assert_allclose(losses, [0, 50, np.log(2), 0], atol=1e-4)
    np.testing.assert_allclose(map_loss(cells, maps + 7).numpy(), losses, atol=1e-4)
