"""Adversarial pictures: changed so little that nobody sees it, and so that a network errs.

Goodfellow, Shlens and Szegedy, "Explaining and Harnessing Adversarial Examples" (ICLR 2015): one
step along the sign of the gradient (FGSM). Madry et al., "Towards Deep Learning Models Resistant to
Adversarial Attacks" (ICLR 2018): many small steps, from a random place within the budget (PGD).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgetag.labels import Labels
from edgetag.preprocess import Pixels, Preprocessing, scale
from edgetag.recipe import AdversarialSection
from edgetag.tf import keras, tf

Attacker = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]
"""From images, labels and a number, as `attacker` says, to images."""

AttackKind = Literal["fgsm", "pgd"]

STRIDES = 2.5
"""Of PGD: its steps together are so many times as long as the budget, as Madry et al. took it."""


@dataclass(frozen=True)
class Attack:
    """How pictures are changed.

    Attributes:
        kind: `fgsm` is one step as long as the budget, `pgd` many within it.
        epsilon: The budget: largest change of a pixel's channel, in steps of 8 bits, 1/255 each.
        steps: Of `pgd`.
        step_size: Of `pgd`, in steps of 8 bits; None for `STRIDES × epsilon / steps`.
    """

    kind: AttackKind
    epsilon: int
    steps: int
    step_size: float | None = None

    @property
    def stride(self) -> float:
        """How far a step of the attack goes, in steps of 8 bits."""
        if self.kind == "fgsm":
            return float(self.epsilon)
        return self.step_size or STRIDES * self.epsilon / self.steps


def attacker(model: keras.Model, attack: Attack, contract: Preprocessing, seed: int) -> Attacker:
    """Return what changes images so that a network's answers fit their labels worse.

    It raises the cross-entropy of all known labels together, by gradients of the network as it is
    used, with the batch norms' stored statistics. Unknown labels count for nothing.

    Args:
        model: From scaled images to scores; its last layer is the sigmoid.
        attack: The budget, and how it is spent.
        contract: Scales the pixels.
        seed: Decides, with the number of a batch, where `pgd` begins.

    Returns:
        Takes float32 images `[batch, size, size, 3]`, scaled, labels `[batch, tags]` of 1, 0 and
        -1, and the number of the batch. Returns images of the same shape, each value within the
        budget and of a pixel in 0..255.
    """
    change = _changer(model, attack.kind, attack.steps, contract, seed)
    reach, stride = attack.epsilon / contract.std, attack.stride / contract.std
    return lambda images, labels, number: change(images, labels, number, reach, stride)


def _changer(
    model: keras.Model, kind: AttackKind, steps: int, contract: Preprocessing, seed: int
) -> Callable[..., tf.Tensor]:
    """Return an `Attacker` that takes two numbers more: the budget and a step, scaled as images."""
    # The logits: where a score is 0 or 1 in float32, the sigmoid passes no gradient on.
    logits_of = keras.Model(model.inputs, model.layers[-1].input)
    lowest, highest = -contract.mean / contract.std, (255 - contract.mean) / contract.std

    def change(
        images: tf.Tensor,
        labels: tf.Tensor,
        number: tf.Tensor,
        reach: float | tf.Tensor,
        stride: float | tf.Tensor,
    ) -> tf.Tensor:
        labels = tf.cast(labels, tf.float32)
        targets, known = tf.maximum(labels, 0.0), tf.cast(labels >= 0, tf.float32)
        floor = tf.maximum(images - reach, lowest)
        ceiling = tf.minimum(images + reach, highest)

        def step(changed: tf.Tensor) -> tuple[tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(changed)
                logits = tf.cast(logits_of(changed, training=False), tf.float32)
                losses = tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)
                loss = tf.reduce_sum(losses * known)
            changed += stride * tf.sign(tape.gradient(loss, changed))
            return (tf.ensure_shape(tf.clip_by_value(changed, floor, ceiling), images.shape),)

        if kind == "fgsm":
            return step(images)[0]
        draw = tf.stack([tf.constant(seed, tf.int64), tf.cast(number, tf.int64)])
        start = images + tf.random.stateless_uniform(tf.shape(images), draw, -reach, reach)
        start = tf.ensure_shape(tf.clip_by_value(start, floor, ceiling), images.shape)
        return tf.while_loop(lambda _: True, step, (start,), maximum_iterations=steps)[0]

    return change


def share_attacker(
    model: keras.Model, section: AdversarialSection, contract: Preprocessing, seed: int
) -> Attacker:
    """Return what attacks the first pictures of each batch, as many as a recipe says.

    Which ones these are is chance, as the order of training pictures is. Arguments and result are
    those of `attacker`.
    """
    attack = Attack(section.attack, section.epsilon, section.steps, section.step_size)
    change = attacker(model, attack, contract, seed)

    def change_some(images: tf.Tensor, labels: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        # Of several workers none knows the size of its batches beforehand.
        total = tf.cast(tf.shape(images)[0], tf.float32)
        count = tf.maximum(1, tf.cast(tf.round(section.share * total), tf.int32))
        attacked = change(images[:count], labels[:count], number)
        return tf.ensure_shape(tf.concat([attacked, images[count:]], axis=0), images.shape)

    return change_some


class PixelAttacker:
    """Attacks pictures as they lie in the image cache, in whole steps of 8 bits.

    Its graph, which takes seconds for a large network, serves every budget and size of a batch.

    Args:
        model: As in `attacker`.
        kind: As in `Attack`.
        steps: As in `Attack`.
        contract: Scales the pixels.
        seed: Decides where `pgd` begins.
    """

    def __init__(
        self, model: keras.Model, kind: AttackKind, steps: int, contract: Preprocessing, seed: int
    ) -> None:
        number = tf.TensorSpec((), tf.float32)
        self._change = tf.function(
            _changer(model, kind, steps, contract, seed),
            input_signature=[
                tf.TensorSpec(model.input_shape, tf.float32),
                tf.TensorSpec(model.output_shape, tf.int8),
                tf.TensorSpec((), tf.int64),
                number,
                number,
            ],
        )
        self._kind: AttackKind = kind
        self._steps = steps
        self._contract = contract

    def attack(self, pixels: Pixels, labels: Labels, number: int, epsilon: int) -> Pixels:
        """Return a batch of pictures changed.

        Args:
            pixels: `[batch, size, size, 3]` uint8.
            labels: `[batch, tags]`.
            number: The batch's.
            epsilon: The budget, as in `Attack`.
        """
        std = self._contract.std
        stride = Attack(self._kind, epsilon, self._steps).stride
        scaled = scale(pixels, self._contract)
        changed = self._change(scaled, labels, number, epsilon / std, stride / std).numpy()
        whole = np.rint(changed * std + self._contract.mean).astype(np.int64)
        before = pixels.astype(np.int64)
        whole = whole.clip(before - epsilon, before + epsilon)
        return whole.clip(0, 255).astype(np.uint8)
