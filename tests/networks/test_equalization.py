"""Equalized channels: the same scores, like ranges between blocks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.recipe import NetworkSection

if TYPE_CHECKING:
    from edgetag.networks.equalization import Stream
    from edgetag.tf import keras

pytestmark = pytest.mark.tensorflow

SMALL = {
    "mobilenet_v2": {"width": 0.35, "depth": 0.5},
    "mobilenetv4_conv_small": {},
    "model3": {},
}


def uneven(name: str) -> "keras.Model":
    """Build a network whose batch norms have channels of very different sizes."""
    from edgetag.networks import build_untrained

    section = NetworkSection.model_validate({"name": name, "input_size": 64, **SMALL[name]})
    model = build_untrained(section, 3)
    generator = np.random.default_rng(0)
    for layer in model.layers:
        if layer.name.endswith("_bn"):
            shape = layer.gamma.shape
            layer.gamma.assign(np.exp(generator.normal(0, 1.5, shape)))
            layer.beta.assign(generator.normal(0, 0.1, shape))
    return model


def pictures() -> npt.NDArray[np.float32]:
    return np.random.default_rng(1).uniform(-1, 1, (8, 64, 64, 3)).astype(np.float32)


def unevenness(model: "keras.Model", streams: Sequence["Stream"]) -> list[float]:
    """Return of each stream how many times its widest channel reaches as far as its median one."""
    from edgetag.networks.equalization import _ranges

    return [x.max() / np.median(x) for x in _ranges(model, streams, [pictures()])]


@pytest.mark.parametrize("name", SMALL)
def test_equalized_channels_reach_alike_and_the_scores_stay(name: str) -> None:
    from edgetag.networks.equalization import equalize, streams

    model = uneven(name)
    before, scores = unevenness(model, streams(model)), model(pictures()).numpy()
    chosen = equalize(model, [pictures()[:4], pictures()[4:]])
    assert bool(chosen) == (name != "model3")  # its blocks end in activations
    for then, now in zip(before, unevenness(model, chosen), strict=True):
        assert now == pytest.approx(then**0.25, rel=0.01)
        assert now < then
    np.testing.assert_allclose(model(pictures()).numpy(), scores, rtol=1e-3, atol=1e-4)


def test_a_channel_that_is_always_zero_stays_as_it_is() -> None:
    from edgetag.networks.equalization import equalize, streams

    model = uneven("mobilenet_v2")
    norm = streams(model)[0].norms[0]
    dead = np.arange(norm.gamma.shape[0]) == 1
    for variable in (norm.gamma, norm.beta):
        variable.assign(np.where(dead, 0, variable.numpy()))
    others = [each for each in streams(model)[0].norms if each is not norm]
    for each in others:
        each.gamma.assign(np.where(dead, 0, each.gamma.numpy()))
        each.beta.assign(np.where(dead, 0, each.beta.numpy()))
    kernel = streams(model)[0].readers[0].weights[0].numpy()
    equalize(model, [pictures()])
    after = streams(model)[0].readers[0].weights[0].numpy()
    np.testing.assert_array_equal(after[:, :, 1], kernel[:, :, 1])
    assert all(np.isfinite(weights).all() for weights in model.get_weights())


def test_a_network_of_which_nothing_comes_stays_as_it_is() -> None:
    from edgetag.networks.equalization import equalize

    model = uneven("mobilenet_v2")
    for layer in model.layers:
        if layer.name.endswith("_bn"):
            layer.gamma.assign(layer.gamma * 0)
            layer.beta.assign(layer.beta * 0)
    before = model.get_weights()
    equalize(model, [pictures()])
    for then, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(now, then)


def test_sums_join_channels_that_go_together() -> None:
    from edgetag.networks.equalization import streams

    names = [[layer.name for layer in stream.members] for stream in streams(uneven("mobilenet_v2"))]
    assert any(name.endswith("_add") for members in names for name in members)
    flat = [name for members in names for name in members]
    assert len(flat) == len(set(flat))
