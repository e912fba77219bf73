"""Setting weights to zero while the others adapt, with tensorflow-model-optimization (tfmot).

Zhu and Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model
compression" (2017): the sparsity rises by a cubic polynomial, then stays while training goes on.
"""

from fnmatch import fnmatchcase

import numpy as np

from edgetag.compression.sparsity import (
    WEIGHTED,
    SparsityNotReachedError,
    holds_n_of_m,
    layer_sparsities,
    require_sparsity,
)
from edgetag.compression.tfmot import Pruning, tfmot
from edgetag.errors import InputError
from edgetag.networks.graph import producers
from edgetag.recipe import PruningSection
from edgetag.tf import keras, tf

MASK_UPDATES = 50
"""How often, at most, the masks are chosen anew while sparsity rises."""


def chosen_layers(model: keras.Model, section: PruningSection) -> dict[str, float]:
    """Name the layers to prune, with the share of zeros each must reach.

    Returns:
        Layer name → target, in the model's order.

    Raises:
        InputError: No layer is left, or the structure does not fit the network.
    """
    policy = tfmot.sparsity.keras.PruneForLatencyOnXNNPack()
    if section.structure == "xnnpack":
        _require_xnnpack_network(model, policy)
    targets = {}
    for layer in model.layers:
        # tfmot prunes no depthwise convolution: it has few weights and needs them all.
        prunable = isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)
        wanted = _matches(layer.name, section.layers) and not _matches(layer.name, section.exclude)
        if prunable and wanted and (section.structure != "xnnpack" or policy.allow_pruning(layer)):
            targets[layer.name] = _target(layer, section)
    if not targets:
        raise InputError(
            "pruning.layers and pruning.exclude leave no layer to prune; the network's layers are: "
            + ", ".join(layer.layer for layer in layer_sparsities(model))
        )
    return targets


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _target(layer: keras.layers.Layer, section: PruningSection) -> float:
    if section.structure != "n_of_m":
        return section.sparsity
    zeros, of = section.n_of_m
    inputs = layer.kernel.shape[-2]
    blocks, rest = divmod(inputs, of)
    return (blocks * zeros + max(0, rest - (of - zeros))) / inputs


def _require_xnnpack_network(model: keras.Model, policy: object) -> None:
    """Let tfmot's policy check a twin of the network that differs only in form.

    XNNPACK wants explicit padding at strided convolutions and a pooling that keeps its
    dimensions. Neither changes which layers may be pruned, and the pruned model must not have the
    latter: LiteRT on ARM64 gives a wrong shape with it.
    """
    inputs = keras.Input(model.input_shape[1:])
    outputs: dict[str, object] = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            outputs[layer.name] = inputs
            continue
        config = layer.get_config()
        feeding = [outputs[x.name] for x in producers(layer)]
        if isinstance(layer, keras.layers.GlobalAveragePooling2D):
            config["keepdims"] = True
        pads_itself = config.get("padding") == "same" and config.get("strides") == (2, 2)
        if isinstance(layer, WEIGHTED) and pads_itself:
            config["padding"] = "valid"
            feeding = [keras.layers.ZeroPadding2D(layer.kernel_size[0] // 2)(feeding[0])]
        twin = layer.__class__.from_config(config)
        try:
            outputs[layer.name] = twin(feeding[0] if len(feeding) == 1 else feeding)
        except ValueError as error:
            raise InputError(_no_xnnpack(model, str(error))) from None
    try:
        policy.ensure_model_supports_pruning(  # type: ignore[attr-defined]
            keras.Model(inputs, outputs[model.output_names[0]])
        )
    except ValueError as error:
        raise InputError(_no_xnnpack(model, str(error))) from None


def _no_xnnpack(model: keras.Model, reason: str) -> str:
    return (
        f"pruning.structure = 'xnnpack', but XNNPACK's sparse kernels do not fit {model.name}: "
        f"{reason}; use 'unstructured' or 'n_of_m'"
    )


class MaskUpdates(keras.callbacks.Callback):
    """Sets the smallest weights of layers to zero before each step of a training.

    tfmot's own wrappers do this within the training graph. There TensorFlow's graph optimizer lets
    masks be read while they are chosen anew: equal trainings ended in other weights, also with
    deterministic operators. Between steps there is one order.

    Args:
        model: Is trained with this callback.
        section: How to prune.
        targets: From `chosen_layers`.
        steps: Training steps to come.
    """

    def __init__(
        self, model: keras.Model, section: PruningSection, targets: dict[str, float], steps: int
    ) -> None:
        super().__init__()
        self._pruned, self._section, self._targets = model, section, targets
        self._step = tf.Variable(0, dtype=tf.int64, trainable=False)
        kernels = [model.get_layer(name).kernel for name in targets]
        self._pruning = Pruning(
            training_step_fn=lambda: self._step,
            pruning_vars=[
                (kernel, tf.Variable(tf.ones_like(kernel)), tf.Variable(0.0)) for kernel in kernels
            ],
            pruning_schedule=schedule(section.sparsity, section.ramp, steps),
            block_size=(1, 1),
            block_pooling_type="AVG",
            # tfmot too means: the first number of zeros in the second
            sparsity_m_by_n=section.n_of_m if section.structure == "n_of_m" else None,
        )

    def on_train_batch_begin(self, batch: int, logs: object = None) -> None:  # noqa: ARG002
        """Choose masks anew where the schedule says so, and apply them."""
        self._step.assign_add(1)
        self._pruning.conditional_mask_update()
        self._pruning.weight_mask_op()

    def finish(self) -> None:
        """Apply the masks after the last step, which may have revived weights; prove the sparsity.

        Raises:
            InputError: The training diverged.
            SparsityNotReachedError: A layer is denser than its target.
        """
        self._pruning.weight_mask_op()
        # What is no number is no zero either, and a mask does not make it one.
        if not all(np.isfinite(weights).all() for weights in self._pruned.get_weights()):
            raise InputError(
                "pruning: the network's weights are no numbers any more: its training diverged. "
                "Lower pruning.learning_rate"
            )
        hint = (
            "Give pruning.epochs more, so that at least one step follows each change of the masks."
        )
        require_sparsity(layer_sparsities(self._pruned, self._targets), hint)
        if self._section.structure == "n_of_m":
            broken = [
                name
                for name in self._targets
                if not holds_n_of_m(
                    self._pruned.get_layer(name).kernel.numpy(), *self._section.n_of_m
                )
            ]
            if broken:
                raise SparsityNotReachedError(
                    f"n_of_m = {list(self._section.n_of_m)} does not hold in "
                    f"{', '.join(broken)}. {hint}"
                )


def schedule(sparsity: float, ramp: float, steps: int) -> tfmot.sparsity.keras.PruningSchedule:
    """Return a schedule whose last mask update is sure to happen, at the full sparsity.

    tfmot updates masks only at steps divisible by its frequency and not after the end step, and
    its steps count from 1: a careless choice skips the update that counts, silently.

    `ramp` is the share of the steps in which sparsity rises.
    """
    rising = max(1, min(steps, round(ramp * steps)))
    frequency = max(1, rising // MASK_UPDATES)
    return tfmot.sparsity.keras.PolynomialDecay(
        initial_sparsity=0.0,
        final_sparsity=sparsity,
        begin_step=0,
        end_step=rising - rising % frequency,
        frequency=frequency,
    )
