"""Which layer of one file is which of another."""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from edgetag.errors import InputError
from edgetag.explaining.apart import take_apart
from edgetag.explaining.graph import Graph, Layer, align, read_graph
from edgetag.runtimes.session import Tensor
from tests.support.paths import MODELS
from tests.support.run_folders import FLOAT, INT8

FILES = ("tiny_fp32", "tiny_int8_uint8", "tiny_int8_int8", "tiny_int16x8")
IMAGE = Tensor("image", (1, 8, 8, 3), "float32", 0.0, 0)


def graph(*layers: tuple[str, int]) -> Graph:
    """Layers of an operator and a number of channels each."""
    return Graph(
        IMAGE,
        tuple(
            Layer(operator, position, Tensor(f"t{position}", (1, channels), "float32", 0.0, 0))
            for position, (operator, channels) in enumerate(layers)
        ),
    )


CHAIN = (("CONV_2D", 8), ("DEPTHWISE_CONV_2D", 8), ("CONV_2D", 4), ("MEAN", 4), ("LOGISTIC", 4))


@pytest.mark.parametrize("name", FILES)
def test_quantizing_keeps_the_layers(name: str) -> None:
    reference, other = read_graph(FLOAT), read_graph(MODELS / f"{name}.tflite")
    everything = [(number, number) for number in range(len(reference.layers))]
    assert align(reference, other) == everything
    assert [layer.operator for layer in other.layers] == ["CONV_2D", "CONV_2D", "MEAN", "LOGISTIC"]


def test_layers_that_one_file_lacks_leave_the_others_aligned() -> None:
    assert align(graph(*CHAIN), graph(*CHAIN[:1], *CHAIN[2:])) == [(0, 0), (2, 1), (3, 2), (4, 3)]


def test_extra_layers_are_passed_over() -> None:
    more = graph(*CHAIN[:2], ("PAD", 8), ("RELU6", 8), *CHAIN[2:])
    assert align(graph(*CHAIN), more) == [(0, 0), (1, 1), (2, 4), (3, 5), (4, 6)]


def test_another_shape_is_another_layer() -> None:
    wider = graph(("CONV_2D", 16), *CHAIN[1:])
    assert align(graph(*CHAIN), wider) == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_another_network_is_refused() -> None:
    other = graph(("FULLY_CONNECTED", 4), ("LOGISTIC", 4))
    with pytest.raises(InputError, match=r"only 1 of 5 layers .* different networks"):
        align(graph(*CHAIN), other)


def test_integers_without_a_scale_are_not_compared() -> None:
    layers = list(graph(*CHAIN).layers)
    layers[1] = Layer("DEPTHWISE_CONV_2D", 1, Tensor("t1", (1, 8), "int8", 0.0, 0))
    aligned = align(graph(*CHAIN), Graph(IMAGE, tuple(layers)))
    assert aligned == [(0, 0), (2, 2), (3, 3), (4, 4)]


def test_a_layer_taken_apart_sees_only_what_it_is_fed() -> None:
    layers = read_graph(FLOAT).layers
    content, fed = take_apart(FLOAT, [layer.position for layer in layers])
    apart = Interpreter(model_content=content)
    apart.allocate_tensors()
    generator = np.random.default_rng(2)
    apart.set_tensor(apart.get_input_details()[0]["index"], np.zeros((1, 64, 64, 3), np.float32))
    given = []
    for layer, place in zip(layers, fed, strict=True):
        given.append(generator.normal(0, 1, layer.tensor.shape).astype(np.float32))
        apart.set_tensor(place, given[-1])
    apart.invoke()
    mean, logistic = (apart.get_tensor(layer.position) for layer in layers[-2:])
    np.testing.assert_allclose(mean, given[-3].mean(axis=(1, 2)), atol=1e-6)
    np.testing.assert_allclose(logistic, 1 / (1 + np.exp(-given[-2])), atol=1e-5)


def test_a_damaged_file_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "half.tflite"
    path.write_bytes(INT8.read_bytes()[:2000])
    with pytest.raises(InputError, match="export it again"):
        read_graph(path)
