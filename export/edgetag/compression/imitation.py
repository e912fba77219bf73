"""What of a compressed network stays near the float one: its logits, and what its blocks pass on.

Logits alone say little about where a deep network went astray; the outputs of blocks say it at
each (as in FitNets, Romero et al. 2015, and in block-wise reconstruction, Li et al. 2021, "BRECQ").
"""

from collections.abc import Sequence

from edgetag.compression.sparsity import WEIGHTED
from edgetag.networks.graph import readers
from edgetag.tf import keras, tf
from edgetag.training.fitting import End

BLOCKS_WEIGHT = 1.0
"""Of the mean over blocks beside the logits."""


def ends_near(student: keras.Model, teacher: keras.Model) -> tuple[Sequence[End], keras.Model]:
    """Return what of a student follows its teacher, and the model that gives that.

    Args:
        student: A quantization-aware model.
        teacher: The float model, from `folded`. Blocks of another shape, as a narrower network
            may have, are not compared.
    """
    wrapped = {layer.name.removeprefix("quant_"): layer for layer in student.layers}
    pairs = [(wrapped[layer.name].output, layer.output) for layer in block_ends(teacher)]
    pairs = [(ours, theirs) for ours, theirs in pairs if ours.shape == theirs.shape]
    ends = [End(student.layers[-1].input, relative_error, 1.0)]
    ends += [End(ours, relative_error, BLOCKS_WEIGHT / len(pairs)) for ours, _ in pairs]
    outputs = [teacher.layers[-1].input, *(theirs for _, theirs in pairs)]
    return ends, keras.Model(teacher.input, outputs)


def block_ends(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers that end a block: linear ones and sums, unless only a sum or ReLU reads."""
    within = (keras.layers.Add, keras.layers.ReLU)
    return [
        layer
        for layer in model.layers
        if isinstance(layer, (keras.layers.Add, *WEIGHTED))
        and not all(isinstance(reader, within) for reader in readers(layer))
    ]


def relative_error(wanted: tf.Tensor, given: tf.Tensor) -> tf.Tensor:
    """Return the mean squared difference, as a share of the variance of what is wanted, `[batch]`.

    Args:
        wanted: float32 `[batch, …]`, the teacher's.
        given: Likewise, the student's.
    """
    squared = tf.square(given - wanted)
    return tf.reduce_mean(squared, axis=range(1, len(squared.shape))) / tf.math.reduce_variance(
        wanted
    )
