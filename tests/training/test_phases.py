"""Phases, the best epoch and early stopping, with validation mAPs that are made up."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from edgetag.dataset import Dataset
from edgetag.recipe import AugmentSection, Phase
from tests.support.small_run import train, weights_of

pytestmark = pytest.mark.tensorflow


def test_the_best_weights_are_kept_and_the_next_phase_starts_from_them(dataset: Dataset) -> None:
    still = Phase(epochs=1, learning_rate=1e-30, optimizer="sgd")  # shows where it started
    phases = (Phase(epochs=3, learning_rate=0.05), still)
    state, stored, _ = train(dataset, [0.2, 0.6, 0.6, 0.1], phases)
    assert state.best_epoch == 1  # of equal ones the first
    for kept, weights in zip(state.best, stored[1].weights, strict=True):
        np.testing.assert_array_equal(kept, weights)
    kernels = [checkpoint.weights[0] for checkpoint in stored]
    assert (kernels[2] != kernels[1]).any()
    np.testing.assert_array_equal(kernels[3], kernels[1])
    assert [record.phase for record in state.records] == [0, 0, 0, 1]
    assert state.phase_done


def test_a_phase_without_gain_ends_early_and_says_so(dataset: Dataset) -> None:
    phases = (Phase(epochs=5), Phase(epochs=5))
    maps = [0.5, 0.4, 0.3, 0.2, 0.1]
    state, _, lines = train(dataset, maps, phases, early_stopping_epochs=2)
    assert [record.phase for record in state.records] == [0, 0, 0, 1, 1]
    assert any("phase 1 ends early: 2 epochs without" in line for line in lines)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_training_goes_on_from_any_epoch_as_if_it_never_stopped(
    dataset: Dataset, after: int
) -> None:
    phases = (Phase(trains="head", epochs=1), Phase(epochs=2), Phase(epochs=1, optimizer="sgd"))
    maps = [0.3, 0.6, 0.5, 0.7]
    whole, stored, _ = train(dataset, maps, phases)
    rest, _, lines = train(dataset, maps[after + 1 :], phases, stored[after])
    assert len(lines) == 3 - after  # no epoch twice
    assert (rest.best_epoch, rest.phase_done) == (3, True)
    assert [r.validation_map for r in rest.records] == maps
    for a, b in zip(whole.best, rest.best, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_a_phase_without_augmentation_learns_from_pictures_as_they_are(dataset: Dataset) -> None:
    off = AugmentSection(flip=False, crop=0.0, color=0.0)
    plain = (Phase(epochs=1, augment=False),)
    state, *_ = train(dataset, [0.1], plain)
    other, *_ = train(dataset, [0.1], (Phase(epochs=1),), augment=off)
    changed, *_ = train(dataset, [0.1], (Phase(epochs=1),))
    assert weights_of(state) == weights_of(other)
    assert weights_of(state) != weights_of(changed)


def test_pictures_of_weight_0_teach_nothing(dataset: Dataset) -> None:
    rows = dataset.rows("train")
    without = np.ones(len(dataset.manifest))
    without[rows[::2]] = 0
    weights = pl.Series("weight", without)
    weighted = replace(dataset, manifest=dataset.manifest.with_columns(weights))
    unlabelled = [
        pl.when(pl.Series(without) > 0).then(pl.col(f"tag:{name}")).alias(f"tag:{name}")
        for name in dataset.vocabulary.names
    ]
    blank = replace(weighted, manifest=weighted.manifest.with_columns(unlabelled))
    states = [train(data, [0.1], (Phase(epochs=1),))[0] for data in (weighted, blank)]
    assert weights_of(states[0]) == weights_of(states[1])
