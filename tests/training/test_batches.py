"""What a training step sees."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.dataset import Dataset
from edgetag.preprocess import scale
from edgetag.recipe import AugmentSection
from tests.support.small_run import CONTRACT

pytestmark = pytest.mark.tensorflow

UNCHANGED = AugmentSection(flip=False, crop=0.0, color=0.0)


def stream(dataset: Dataset, batch_size: int = 6, seed: int = 3, **augment: Any) -> Any:
    from edgetag.training.batches import Batches

    section = AugmentSection(**augment) if augment else UNCHANGED
    return Batches(dataset, dataset.rows("train"), CONTRACT, batch_size, seed, section)


def test_every_image_is_seen_once_before_any_is_seen_again(dataset: Dataset) -> None:
    batches = stream(dataset)
    seen = np.concatenate([batches.positions(step) for step in range(8)])  # 48 = 3 laps of 16
    laps = seen.reshape(3, 16)
    for lap in laps:
        assert sorted(lap) == list(range(16))
    assert not (laps[0] == laps[1]).all()


def test_batches_are_whole_and_known_from_seed_and_step(dataset: Dataset) -> None:
    first, second = stream(dataset), stream(dataset)
    second.positions(99)
    for step in (5, 0, 2):
        assert len(first.positions(step)) == 6
        np.testing.assert_array_equal(first.positions(step), second.positions(step))
    assert not (first.positions(0) == stream(dataset, seed=4).positions(0)).all()


def test_images_are_scaled_by_the_contract_and_unknown_labels_pass(dataset: Dataset) -> None:
    batches = stream(dataset, batch_size=16)
    images, labels = next(iter(batches.steps(0, 1)))
    rows = dataset.rows("train")[batches.positions(0)]
    np.testing.assert_array_equal(images, scale(dataset.images(rows), CONTRACT))
    np.testing.assert_array_equal(labels, dataset.labels(rows))
    assert (labels.numpy() == -1).any()


def test_shares_of_replicas_make_up_the_batch(dataset: Dataset) -> None:
    from edgetag.training.batches import Share

    batches = stream(dataset, batch_size=8, flip=True, crop=0.2, color=0.2)
    whole = [images.numpy() for images, _ in batches.steps(1, 3)]
    for first, count in ((0, 2), (2, 2)):  # two workers with two replicas each
        share = Share(replicas=4, first=first, count=count)
        parts = [images.numpy() for images, _ in batches.steps(1, 3, share)]
        assert len(parts) == 4
        for step in range(2):
            mine = np.concatenate(parts[2 * step : 2 * step + 2])
            np.testing.assert_array_equal(mine, whole[step][2 * first : 2 * first + 4])


def changed(images: npt.NDArray[np.uint8], draws: list[float], **augment: Any) -> Any:
    from edgetag.tf import tf
    from edgetag.training.augment import augment as change

    section = AugmentSection(**augment)
    return change(tf.constant(images), tf.constant([draws] * len(images)), section).numpy()


@pytest.mark.parametrize("crop", [0.0, 0.3])
def test_draws_in_the_middle_change_nothing_and_a_flip_mirrors(crop: float) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    options = {"crop": crop, "color": 0.2, "flip": True}
    still = changed(images, [0.9, 0.0, 0.5, 0.5, 0.5, 0.5, 0.5], **options)
    np.testing.assert_allclose(still, images, atol=1e-2)
    mirrored = changed(images, [0.1, 0.0, 0.5, 0.5, 0.5, 0.5, 0.5], **options)
    np.testing.assert_allclose(mirrored, images[:, :, ::-1], atol=1e-2)


def test_a_crop_stays_inside_the_image() -> None:
    ramp = np.broadcast_to(np.arange(64, dtype=np.uint8)[:, None, None], (1, 64, 64, 3))
    for corner in (0.0, 1.0):
        out = changed(ramp, [0.9, 1.0, corner, corner, 0.5, 0.5, 0.5], crop=0.25, color=0.0)
        expected = np.linspace(0, 63 * 0.75, 64) + 63 * 0.25 * corner
        np.testing.assert_allclose(out[0, :, 0, 0], expected, atol=1e-3)


def test_colours_change_within_their_limit_and_stay_pixels() -> None:
    grey = np.full((1, 64, 64, 3), 100, np.uint8)
    brighter = changed(grey, [0.9, 0, 0, 0, 1.0, 0.5, 0.5], crop=0.0, color=0.1)
    np.testing.assert_allclose(brighter, 110, atol=1e-3)
    noise = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    wild = changed(noise, [0.9, 0, 0, 0, 1.0, 1.0, 1.0], crop=0.0, color=0.5)
    assert (wild.min(), wild.max()) == (0.0, 255.0)


def test_colours_are_brightness_then_contrast_then_saturation() -> None:
    rng = np.random.default_rng(5)
    image = rng.integers(60, 180, (1, 64, 64, 3), dtype=np.uint8)
    b, c, s = 1.1, 0.9, 1.16  # from draws of 0.75, 0.25 and 0.9 with a limit of 0.2
    out = changed(image, [0.9, 0, 0, 0, 0.75, 0.25, 0.9], crop=0.0, color=0.2)
    x = image.astype(np.float64) * b
    x = x.mean() + (x - x.mean()) * c
    grey = (x @ np.array([0.299, 0.587, 0.114]))[..., None]
    np.testing.assert_allclose(out, (grey + (x - grey) * s).clip(0, 255), atol=1e-2)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_composites_are_known_from_seed_and_step_and_share_like_the_batch(
    dataset: Dataset, share: float
) -> None:
    from edgetag.training.batches import Share

    batches = stream(dataset, batch_size=8, flip=True, crop=0.2, color=0.2, composites=share)
    (images, labels), (again, _) = (next(iter(batches.steps(1, 2))) for _ in range(2))
    np.testing.assert_array_equal(images, again)
    second = next(iter(batches.steps(1, 2, Share(replicas=2, first=1))))
    np.testing.assert_array_equal(second[0], images[4:])
    np.testing.assert_array_equal(second[1], labels[4:])
    plain = next(iter(stream(dataset, batch_size=8, flip=True, crop=0.2, color=0.2).steps(1, 2)))
    assert (plain[0].numpy() == images.numpy()).all() == (share == 0)


def test_what_is_pasted_is_no_crop_ever_cut_away(dataset: Dataset) -> None:
    batches = stream(dataset, batch_size=16, flip=False, crop=0.5, color=0.0, composites=1.0)
    _, _, layers, _ = batches.read_composites(0, 0, 16)
    images, _ = next(iter(batches.steps(0, 1)))
    solid = layers[..., 3] == 255
    assert solid.any(axis=(1, 2)).all()
    np.testing.assert_allclose(
        images.numpy()[solid], scale(layers, CONTRACT)[..., :3][solid], atol=1e-5
    )
