"""Where a float model sees a tag, by its own maps or by Grad-CAM."""

from typing import Any

import numpy as np
import pytest

from tests.support.small_run import tiny

pytestmark = pytest.mark.tensorflow


def red_and_blue() -> Any:
    """Return a network without maps: its first tag is redness, its second blueness."""
    from edgetag.tf import keras

    image = keras.Input((8, 8, 3), name="image")
    x = keras.layers.Conv2D(2, 1, use_bias=False, activation="relu", name="colours")(image)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(2, name="logits", use_bias=False)(x)
    model = keras.Model(image, keras.layers.Activation("sigmoid", name="scores")(x))
    model.get_layer("colours").set_weights([np.array([[[[1, 0], [0, 0], [0, 1]]]], np.float32)])
    dense = np.zeros((64, 2, 2), np.float32)
    dense[:, 0, 0] = dense[:, 1, 1] = 0.1
    model.get_layer("logits").set_weights([dense.reshape(128, 2)])
    return model


@pytest.mark.parametrize(("tag", "place"), [(0, (1, 2)), (1, (6, 5))])
def test_grad_cam_is_hot_where_the_tags_evidence_is(tag: int, place: tuple[int, int]) -> None:
    from edgetag.networks import heat_map_function

    image = np.zeros((8, 8, 3), np.float32)
    image[1, 2, 0], image[6, 5, 2] = 3.0, 5.0
    model = red_and_blue()
    scores, heat = heat_map_function(model, tag)(image)
    expected = np.zeros((8, 8), np.float32)
    expected[place] = 1
    np.testing.assert_allclose(heat, expected)
    np.testing.assert_allclose(scores, model(image[None])[0])


def test_grad_cam_of_a_picture_without_evidence_is_cold_everywhere() -> None:
    from edgetag.networks import heat_map_function

    _, heat = heat_map_function(red_and_blue(), 0)(np.zeros((8, 8, 3), np.float32))
    assert not heat.any()


def test_where_scores_are_means_of_maps_the_maps_are_shown() -> None:
    from edgetag.networks import heat_map_function, map_place, maps_of
    from edgetag.tf import tf

    model, image = tiny(), np.random.default_rng(0).normal(size=(64, 64, 3)).astype(np.float32)
    scores, heat = heat_map_function(model, 1)(image)
    np.testing.assert_allclose(scores, model(image[None])[0], rtol=1e-5)
    expected = tf.sigmoid(maps_of(model)(image[None]))[0, ..., 1]
    np.testing.assert_allclose(heat, expected, rtol=1e-5)
    assert map_place(model) == (0, 64)
