"""Quantization-aware models: ranges, frozen parts, sparsity, and the file they convert to."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edgetag.dataset import Dataset
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing, scale
from edgetag.progress import SilentProgress
from edgetag.recipe import NetworkSection

if TYPE_CHECKING:
    from edgetag.tf import keras

pytestmark = pytest.mark.tensorflow


def train(
    model: "keras.Model",
    data: Dataset,
    contract: Preprocessing,
    steps: int,
    learning_rate: float = 1e-4,
) -> None:
    from edgetag.tf import keras

    rows = data.rows("train")[: 16 * steps]
    images, labels = scale(data.images(rows), contract), data.labels(rows)
    model.compile(keras.optimizers.Adam(learning_rate), "binary_crossentropy")
    model.fit(images, labels, batch_size=16, epochs=1, verbose=0)


@pytest.mark.slow
def test_without_the_range_warm_up_agreement_collapses(tiny_data: Dataset) -> None:
    from conftest import TAGS, fit_head

    from edgetag.compression.quantize import agreement, quantization_aware, warm_up
    from edgetag.networks import build_untrained, predict

    network = NetworkSection(name="mobilenet_v2", width=0.35, input_size=64)
    contract = network.preprocessing()
    original = build_untrained(network, len(TAGS))
    fit_head(original, tiny_data, contract)
    rows = tiny_data.rows("validation")
    thresholds = np.full(len(TAGS), 0.5, np.float32)
    expected = predict(original, tiny_data, rows, contract, SilentProgress())

    def agreed(ema_decay: float, warmup_steps: int) -> tuple[float, float]:
        """Agreement with the float model before and after a short fine-tuning."""
        model = quantization_aware(
            original, contract, ema_decay=ema_decay, preserve_sparsity=False
        )
        warm_up(
            model, tiny_data, tiny_data.rows("train"), contract, SilentProgress(),
            steps=warmup_steps, batch_size=32, seed=1,
        )  # fmt: skip
        found = []
        for _ in range(2):
            scores = predict(model, tiny_data, rows, contract, SilentProgress())
            found.append(agreement(expected, scores, thresholds))
            if len(found) == 1:
                train(model, tiny_data, contract, steps=8, learning_rate=1e-5)
        return found[0], found[1]

    print("with", agreed(0.9, 40), "without", agreed(0.999, 0))
    assert False
