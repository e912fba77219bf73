"""Setting weights to zero while the others adapt, with tensorflow-model-optimization (tfmot).

Zhu and Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model
compression" (2017): the sparsity rises by a cubic polynomial, then stays while training goes on.
"""

from fnmatch import fnmatchcase

from edgetag.compression.copying import copy_model
from edgetag.compression.sparsity import (
    WEIGHTED,
    SparsityNotReachedError,
    holds_n_of_m,
    layer_sparsities,
    require_sparsity,
)
from edgetag.compression.tfmot import tfmot
from edgetag.errors import InputError
from edgetag.networks.graph import producers
from edgetag.recipe import PruningSection
from edgetag.tf import keras

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


def wrap(
    model: keras.Model, section: PruningSection, targets: dict[str, float], steps: int
) -> keras.Model:
    """Return a copy that prunes itself while it is trained for `steps` steps.

    The model is left as it is; `targets` are from `chosen_layers`, `steps` the training steps
    to come.
    """
    copied = copy_model(model)
    n_of_m = section.n_of_m if section.structure == "n_of_m" else None

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        fresh = layer.__class__.from_config(layer.get_config())
        if layer.name not in targets:
            return fresh
        return tfmot.sparsity.keras.prune_low_magnitude(
            fresh,
            pruning_schedule=schedule(section.sparsity, section.ramp, steps),
            sparsity_m_by_n=n_of_m,  # tfmot too means: the first number of zeros in the second
        )

    wrapped = keras.models.clone_model(copied, clone_function=clone)
    for source, layer in zip(copied.layers, wrapped.layers, strict=True):
        layer.set_weights(source.get_weights())  # a pruning wrapper takes its inner layer's
    for layer in _wrappers(wrapped):
        layer.pruning_step.assign(0)  # as tfmot's UpdatePruningStep callback would
    return wrapped


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


def strip(wrapped: keras.Model, section: PruningSection, targets: dict[str, float]) -> keras.Model:
    """Return the trained model without pruning's wrappers, its sparsity proven.

    `wrapped` is from `wrap`, trained, with the same section and targets.

    Raises:
        SparsityNotReachedError: A layer is denser than its target.
    """
    for layer in _wrappers(wrapped):
        layer.pruning_obj.weight_mask_op()  # the optimizer's last step may have revived weights
    stripped = copy_model(tfmot.sparsity.keras.strip_pruning(wrapped))
    hint = "Give pruning.epochs more, so that at least one step follows each change of the masks."
    require_sparsity(layer_sparsities(stripped, targets), hint)
    if section.structure == "n_of_m":
        broken = [
            name
            for name in targets
            if not holds_n_of_m(stripped.get_layer(name).kernel.numpy(), *section.n_of_m)
        ]
        if broken:
            raise SparsityNotReachedError(
                f"n_of_m = {list(section.n_of_m)} does not hold in {', '.join(broken)}. {hint}"
            )
    return stripped


def _wrappers(model: keras.Model) -> list[keras.layers.Layer]:
    return [layer for layer in model.layers if hasattr(layer, "pruning_obj")]
