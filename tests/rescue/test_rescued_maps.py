"""What becomes of the second signature where layers of a file are exchanged."""

from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from scipy.special import expit

from edgetag.conversion.explain_signature import add_explain, check_explain, without_explain
from edgetag.conversion.flatfile import pack_model, parse_model, read_model
from edgetag.conversion.layers import matched_layers
from edgetag.errors import InputError
from edgetag.rescue.float_layers import FloatGraft
from edgetag.rescue.grafting import Graft
from edgetag.rescue.int16_layers import Int16Graft, can_be_int16
from tests.support.paths import MODELS

INT8, FP32 = MODELS / "tiny_int8_uint8.tflite", MODELS / "tiny_fp32.tflite"


def rescued(kept: list[int], graft: type[Graft]) -> bytes:
    """Return the file with some layers kept, as rescue makes it of a file with the signature."""
    model = read_model(INT8)
    add_explain(model, INT8)
    model = parse_model(pack_model(model), "explained")
    without_explain(model)
    floating = read_model(FP32)
    layers = matched_layers(model, floating, INT8)
    chosen = [layer for layer in (layers[i] for i in kept) if keeps(layer, graft)]
    assert chosen
    return graft(model, floating).apply(chosen)


def keeps(layer: Any, graft: type[Graft]) -> bool:
    return graft is FloatGraft or can_be_int16(layer.operator)


@pytest.mark.parametrize(
    ("kept", "graft"),
    [
        ([0], FloatGraft),
        ([1], FloatGraft),
        ([0, 1], FloatGraft),
        ([3], FloatGraft),
        ([0], Int16Graft),
    ],
    ids=["stem", "cam", "both", "sigmoid", "stem in 16 bits"],
)
def test_a_rescued_file_can_give_maps_again(kept: list[int], graft: type[Graft]) -> None:
    model = parse_model(rescued(kept, graft), "rescued")
    add_explain(model, "rescued")
    data = pack_model(model)
    check_explain(parse_model(data, "rescued"), "rescued")
    runner = Interpreter(model_content=data).get_signature_runner("explain")
    pixels = np.random.default_rng(1).integers(0, 256, (1, 64, 64, 3)).astype(np.uint8)
    found, ends = runner(image=pixels), runner.get_output_details()
    real = {}
    for name, values in found.items():
        step, zero = ends[name]["quantization"]
        real[name] = (values.astype(np.float64) - zero) * step
    np.testing.assert_allclose(expit(real["maps"].mean(axis=(1, 2))), real["scores"], atol=0.02)


def test_maps_that_stay_in_float_are_refused_for_a_file_of_integers() -> None:
    model = parse_model(rescued([1, 2], FloatGraft), "rescued")
    with pytest.raises(InputError, match="another element type"):
        add_explain(model, "rescued")
