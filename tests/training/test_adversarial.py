"""Adversarial pictures: within their budget, worse than noise, and off unless asked for."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetag.dataset import Dataset
from edgetag.errors import InputError
from edgetag.recipe import AdversarialSection, Phase, TrainingSection, parse_recipe
from tests.support.small_run import CONTRACT, SIZE, small_recipe, tiny, train, weights_of

Pixels = npt.NDArray[np.float32]
Kind = Literal["fgsm", "pgd"]
EXACT = 1e-3
"""Of a step of 8 bits: scaling to the network's input and back rounds in float32."""


def attacked(
    images: Pixels, labels: npt.NDArray[np.int8], kind: Kind, epsilon: int, steps: int = 4
) -> Pixels:
    """Attack pixels 0..255, `[n, size, size, 3]`, and return them so."""
    from edgetag.tf import tf
    from edgetag.training.adversarial import Attack, attacker

    change = attacker(tiny(), Attack(kind, epsilon, steps), CONTRACT, 5)
    scaled = tf.constant((images - CONTRACT.mean) / CONTRACT.std, tf.float32)
    result: Pixels = change(scaled, tf.constant(labels), 3).numpy() * CONTRACT.std + CONTRACT.mean
    return result


def noise(seed: int, count: int = 4) -> Pixels:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (count, SIZE, SIZE, 3)).astype(np.float32)


@pytest.mark.tensorflow
@settings(max_examples=12, deadline=None)
@given(
    kind=st.sampled_from(("fgsm", "pgd")),
    epsilon=st.integers(1, 64),
    steps=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_attacked_pictures_stay_within_the_budget_and_are_pictures(
    kind: Kind, epsilon: int, steps: int, seed: int
) -> None:
    images, labels = noise(seed), np.tile(np.array([1, 0, 1], np.int8), (4, 1))
    changed = attacked(images, labels, kind, epsilon, steps)
    assert np.abs(changed - images).max() <= epsilon + EXACT
    assert changed.min() >= -EXACT
    assert changed.max() <= 255 + EXACT
    assert np.abs(changed - images).max() >= min(epsilon, 1) - EXACT


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["fgsm", "pgd"])
def test_every_budget_and_size_of_a_batch_is_attacked_by_one_graph(kind: Kind) -> None:
    from edgetag.training.adversarial import PixelAttacker

    attacker = PixelAttacker(tiny(), kind, 4, CONTRACT, 5)
    for epsilon, count in ((8, 4), (1, 4), (8, 3)):
        images, labels = noise(epsilon, count), np.tile(np.array([1, 0, 1], np.int8), (count, 1))
        changed = attacker.attack(images.astype(np.uint8), labels, 3, epsilon)
        alone = np.rint(attacked(images, labels, kind, epsilon))
        # Where two graphs round a gradient of nothing otherwise, its sign may differ.
        assert (changed == alone).mean() > 0.999
        assert np.abs(changed - images).max() == epsilon
    assert attacker._change.experimental_get_tracing_count() == 1


@pytest.mark.tensorflow
def test_a_picture_without_labels_is_left_as_it_is() -> None:
    images, unknown = noise(1), np.full((4, 3), -1, np.int8)
    np.testing.assert_allclose(attacked(images, unknown, "fgsm", 4), images, atol=EXACT)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["fgsm", "pgd"])
def test_an_unknown_label_counts_for_nothing(kind: Kind) -> None:
    images = noise(2, 1)
    alone = attacked(images, np.array([[1, -1, -1]], np.int8), kind, 4)
    positive = attacked(images, np.array([[1, 1, -1]], np.int8), kind, 4)
    assert (alone != positive).any()
    # As if the network had this output alone.
    from edgetag.tf import tf

    model = tiny()
    scaled = tf.constant((images - CONTRACT.mean) / CONTRACT.std, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(scaled)
        score = model(scaled, training=False)[:, 0]
    down = -np.sign(tape.gradient(score, scaled).numpy())
    if kind == "fgsm":
        np.testing.assert_allclose(alone, (images + 4 * down).clip(0, 255), atol=EXACT)


@pytest.mark.tensorflow
def test_an_attack_lowers_scores_of_right_decisions_more_than_noise_does() -> None:
    model, images = tiny(), noise(3, 16)

    def scores(pixels: Pixels) -> npt.NDArray[np.float32]:
        values: npt.NDArray[np.float32] = model.predict(
            (pixels - CONTRACT.mean) / CONTRACT.std, verbose=0
        )
        return values

    before = scores(images)
    labels = (before >= np.median(before, axis=0)).astype(np.int8)  # decided rightly, all of them
    sign = np.random.default_rng(4).choice((-1, 1), images.shape)
    fall = {
        "noise": before - scores((images + 4 * sign).clip(0, 255)),
        "fgsm": before - scores(attacked(images, labels, "fgsm", 4)),
        "pgd": before - scores(attacked(images, labels, "pgd", 4, 8)),
    }
    away = {name: float(np.where(labels, each, -each).mean()) for name, each in fall.items()}
    assert away["fgsm"] > 3 * abs(away["noise"])
    assert away["pgd"] > 3 * abs(away["noise"])


def trained(dataset: Dataset, **adversarial: Any) -> list[bytes]:
    section = AdversarialSection(**adversarial)
    state, *_ = train(dataset, [0.1], (Phase(epochs=1),), adversarial=section)
    return weights_of(state)


@pytest.mark.tensorflow
def test_attacked_pictures_are_learnt_from_and_none_are_unless_asked_for(dataset: Dataset) -> None:
    plain, *_ = train(dataset, [0.1], (Phase(epochs=1),))
    assert trained(dataset, epsilon=8, attack="pgd") == weights_of(plain)
    by_fgsm = trained(dataset, share=0.5, epsilon=8)
    assert by_fgsm != weights_of(plain)
    assert trained(dataset, share=0.5, epsilon=8) == by_fgsm
    assert trained(dataset, share=1.0, epsilon=8, attack="pgd", steps=2) != by_fgsm


@pytest.mark.tensorflow
def test_a_resumed_training_attacks_the_same_pictures_alike(dataset: Dataset) -> None:
    section = AdversarialSection(share=0.5, attack="pgd", steps=2, epsilon=8)
    phases = (Phase(epochs=2),)
    whole, stored, _ = train(dataset, [0.1, 0.2], phases, adversarial=section)
    rest, *_ = train(dataset, [0.2], phases, stored[0], adversarial=section)
    for a, b in zip(whole.weights, rest.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_an_attack_that_is_off_is_no_part_of_what_a_network_follows_from() -> None:
    plain, off = small_recipe(), small_recipe(adversarial={"epsilon": 9, "attack": "pgd"})
    assert "adversarial" not in plain.training.model_dump()
    assert plain.digest() == off.digest()
    on = small_recipe(adversarial={"share": 0.5})
    assert on.digest() != plain.digest()
    assert TrainingSection.model_validate(on.training.model_dump()) == on.training


@pytest.mark.parametrize(
    "option", ["epsilon = 0", "epsilon = 1.5", "steps = 0", "step_size = 0.0", "share = 1.1"]
)
def test_an_attack_without_a_budget_or_a_step_is_refused(tmp_path: Path, option: str) -> None:
    text = "\n".join(('name = "x"', "[data]", 'source = "l.csv"', 'tags = ["cat"]'))
    with pytest.raises(InputError, match=option.split()[0]):
        parse_recipe(f"{text}\n[training.adversarial]\n{option}\n", tmp_path / "recipe.toml")
