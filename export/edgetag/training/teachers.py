"""Networks of other runs that teach one: read from their folders, several as one.

What is taught is the score of each label on its own (Yang et al., "Multi-Label Knowledge
Distillation", ICCV 2023): a divergence between the two answers of one label, and none between
labels, which do not exclude each other. No label is needed.
"""

from collections.abc import Sequence

from edgetag.networks import CAM, build_untrained, load_weights
from edgetag.recipe import NetworkSection, Recipe, TeacherSection
from edgetag.tf import keras, tf
from edgetag.training.fitting import End
from edgetag.training.taught import TeacherRun, teacher_runs


class Teacher:
    """One or several networks, as a model from a student's images to logits and maps.

    Args:
        runs: From `taught.teacher_runs`.
        network: The student's section.
        section: How much of what they say counts.

    Attributes:
        weight: Of all that it says beside the labels, while the float network is trained.
        told: Their networks, for people.
    """

    def __init__(
        self, runs: Sequence[TeacherRun], network: NetworkSection, section: TeacherSection
    ) -> None:
        image = keras.Input((network.input_size, network.input_size, 3))
        logits, maps = zip(*(_outputs(run, image) for run in runs), strict=True)
        self.told = ", ".join(run.network.name for run in runs)
        self.weight = section.weight
        self._map_weight = section.map_weight
        self._map_shape = _common_shape(maps) if section.map_weight else None
        outputs = [_mean(logits), *([_mean(maps)] if self._map_shape else [])]
        self._model = keras.Model(image, outputs)

    def ends_of(self, student: keras.Model) -> tuple[Sequence[End], keras.Model]:
        """Return what of a student follows the teacher, and the model that gives that."""
        ends = [End(student.layers[-1].input, label_divergence, 1.0)]
        for layer in student.layers:
            # Pruning wraps layers, which then have longer names.
            if layer.name.endswith(CAM) and layer.output_shape[1:] == self._map_shape:
                maps = End(layer.output, label_divergence, self._map_weight)
                return [*ends, maps], self._model
        return ends, keras.Model(self._model.input, self._model.outputs[0])


def open_teacher(recipe: Recipe, stage: str) -> Teacher | None:
    """Return who teaches in a stage, None where nobody does.

    Raises:
        InputError: A folder is no run with a trained network, or it knows other tags.
    """
    runs = teacher_runs(recipe, stage)
    return Teacher(runs, recipe.network, recipe.teacher) if runs else None


def label_divergence(wanted: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return the mean Kullback-Leibler divergence between the answers of each label, `[batch]`.

    Args:
        wanted: float32 `[batch, …, tags]`, the teacher's logits.
        logits: Likewise, the student's.
    """
    logits = tf.cast(logits, tf.float32)
    targets = tf.sigmoid(wanted)
    apart = tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)
    apart -= tf.nn.sigmoid_cross_entropy_with_logits(targets, wanted)
    return tf.reduce_mean(apart, axis=tuple(range(1, len(logits.shape))))


def _outputs(run: TeacherRun, image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
    model = build_untrained(run.network, len(run.tags))
    load_weights(model, run.weights)
    cam = next((layer.output for layer in model.layers if layer.name == CAM), None)
    logits = model.layers[-1].input
    ends = keras.Model(model.input, [logits, logits if cam is None else cam])
    size = run.network.input_size
    if size != image.shape[1]:
        image = keras.layers.Resizing(size, size)(image)
    logits, maps = ends(image, training=False)
    return logits, None if cam is None else maps


def _common_shape(maps: Sequence[tf.Tensor | None]) -> tuple[int, ...] | None:
    shapes = {None if each is None else tuple(each.shape[1:]) for each in maps}
    return shapes.pop() if len(shapes) == 1 else None


def _mean(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
    return keras.layers.Average()(list(tensors)) if len(tensors) > 1 else tensors[0]
