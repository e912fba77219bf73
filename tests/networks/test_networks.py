"""Architectures and imported weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgetag.preprocess import preprocess, scale
from edgetag.recipe import NetworkSection

pytestmark = pytest.mark.tensorflow

SMALL: dict[str, Any] = {"name": "mobilenet_v2", "width": 0.35, "depth": 0.25, "input_size": 64}
"""Of blocks and a head as all but `model3` have them, and built soonest."""

PHOTOS = {"chelsea.png": 285, "coffee.png": 967, "motorcycle_left.png": 665, "camera.png": 872}
"""scikit-image's photos and their ImageNet classes: Egyptian cat, espresso, moped, tripod."""


@pytest.mark.parametrize(
    ("name", "input_size", "millions"),
    [
        ("efficientnet_lite0", 224, 4.7),
        ("efficientnet_lite1", 256, 5.4),
        ("efficientnet_lite2", 256, 6.1),
    ],
)
def test_imported_imagenet_weights_name_known_photos(
    name: Any, input_size: int, millions: float
) -> None:
    from edgetag.networks import build_untrained
    from edgetag.networks.building import architecture

    skimage = pytest.importorskip("skimage")
    folder = Path(skimage.__file__).parent / "data"
    network = NetworkSection(name=name, input_size=input_size)
    contract = network.preprocessing()
    model = build_untrained(network, 1000)
    architecture(name).load_imagenet_weights(model, with_classes=True)
    pixels = np.stack([preprocess(folder / name, contract) for name in PHOTOS])
    scores = model(scale(pixels, contract), training=False).numpy()
    assert scores.argmax(axis=1).tolist() == list(PHOTOS.values())
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert round(trained / 1e6, 1) == millions  # as published


def test_the_score_is_the_mean_of_the_class_activation_map() -> None:
    from edgetag.networks import CAM, build
    from edgetag.tf import keras, tf

    model = build(NetworkSection(**SMALL), 5)
    maps = keras.Model(model.input, model.get_layer(CAM).output)
    image = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype(np.float32)
    expected = tf.sigmoid(tf.reduce_mean(maps(image), axis=(1, 2))).numpy()
    np.testing.assert_allclose(model(image).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize(
    "values",
    [
        {"name": "efficientnet_lite0", "input_size": 64},
        SMALL,
        {"name": "mobilenetv4_conv_small", "input_size": 64},
    ],
    ids=lambda values: values["name"],
)
def test_finer_maps_begin_as_the_coarse_ones_spread_over_more_cells(values: Any) -> None:
    from edgetag.networks import CAM, build
    from edgetag.tf import keras, tf

    image = np.random.default_rng(0).normal(size=(1, 64, 64, 3)).astype(np.float32)
    coarse, fine = (build(NetworkSection(**values, map_stride=s), 5) for s in (32, 16))
    assert coarse.get_layer(CAM).output_shape == (None, 2, 2, 5)
    assert fine.get_layer(CAM).output_shape == (None, 4, 4, 5)
    ends = [
        keras.Model(m.input, m.get_layer(n).output)
        for m, n in ((coarse, "top_bn"), (fine, "top_add"))
    ]
    before, after = (end(image).numpy() for end in ends)
    spread = tf.image.resize(before, (4, 4), "bilinear").numpy()
    np.testing.assert_allclose(after, spread, atol=1e-4)


@pytest.mark.parametrize(("depth", "blocks"), [(1.0, 17), (0.5, 11), (0.25, 7)])
def test_depth_leaves_out_blocks_and_no_stage(depth: float, blocks: int) -> None:
    from edgetag.networks import build_untrained

    network = NetworkSection(name="mobilenet_v2", width=0.35, depth=depth, input_size=96)
    model = build_untrained(network, 3)
    names = {layer.name for layer in model.layers}
    assert sum(name.endswith("_project") for name in names) == blocks
    assert model.get_layer("cam").output_shape == (None, 3, 3, 3)


def test_model3_has_the_talks_size() -> None:
    from edgetag.networks import build_untrained

    model = build_untrained(NetworkSection(name="model3", input_size=256), 20)
    assert model.get_layer("flatten").output_shape == (None, 28 * 28 * 64)
    assert 39_000_000 < model.count_params() < 41_000_000


def test_weights_survive_a_round_trip_and_refuse_another_model(tmp_path: Path) -> None:
    from edgetag.errors import InputError
    from edgetag.networks import build_untrained, load_weights, save_weights

    network = NetworkSection(**SMALL)
    first, second = build_untrained(network, 3, seed=1), build_untrained(network, 3, seed=2)
    save_weights(first, tmp_path / "model.npz")
    load_weights(second, tmp_path / "model.npz")
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(InputError, match="another model"):
        load_weights(build_untrained(network, 4), tmp_path / "model.npz")
