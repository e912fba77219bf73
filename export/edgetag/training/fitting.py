"""The training loop that training, pruning and quantization-aware training share.

It runs `Model.fit` of Keras one epoch at a time over the stream of `batches`, so strategies of
`tf.distribute` and callbacks (such as tfmot's `UpdatePruningStep`) work as anywhere, and a caller
can look, store and stop between epochs.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy.typing as npt

from edgetag.dataset import Dataset, Rows
from edgetag.networks import CAM, head_layers
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress, Task
from edgetag.recipe import AdversarialSection, AugmentSection
from edgetag.tf import keras, tf
from edgetag.training.adam import Adam
from edgetag.training.adversarial import Attacker, share_attacker
from edgetag.training.batches import Batches, Share
from edgetag.training.filter_gradients import use_quick_filter_gradients
from edgetag.training.losses import LossSettings, loss_function, map_loss

SGD_MOMENTUM = 0.9

MAP_WEIGHT = 0.1
"""Of the loss of maps beside that of scores, where composites say what the maps must show."""

MakeOptimizer = Callable[[Any], keras.optimizers.Optimizer]
"""From a learning rate, a number or a schedule of Keras."""


@dataclass(frozen=True)
class FitSettings:
    """How to fit.

    Attributes:
        epochs: May be a fraction; rounded up to whole steps.
        learning_rate: At the start.
        batch_size: Images of one step, over all replicas; rounded up to a multiple of them.
        optimizer: `sgd` has momentum 0.9.
        schedule: `cosine` falls to 0 over all the steps.
        loss: Options of the loss.
        augment: Random changes to images.
        adversarial: Which images are changed against the network, and how.
        trains: Which weights move; batch norms that do not move stay in inference mode.
        seed: Decides orders, random changes and dropout.
        deterministic: Make dropout of an epoch independent of the epochs before it.
    """

    epochs: float
    learning_rate: float
    batch_size: int
    optimizer: Literal["adam", "sgd"] = "adam"
    schedule: Literal["cosine", "constant"] = "cosine"
    loss: LossSettings = field(default_factory=LossSettings)
    augment: AugmentSection = field(default_factory=AugmentSection)
    adversarial: AdversarialSection = field(default_factory=AdversarialSection)
    trains: Literal["head", "all"] = "all"
    seed: int = 1
    deterministic: bool = False


@dataclass(frozen=True)
class End:
    """A tensor of a model in training that stays near that of its teacher.

    Attributes:
        tensor: Of the model's graph.
        loss: From the teacher's values and the model's to `[batch]`.
        weight: Of the loss beside the others.
    """

    tensor: Any
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    weight: float


@dataclass(frozen=True)
class FitStart:
    """Where to go on.

    Attributes:
        epoch: The first epoch to run.
        optimizer: The optimizer's variables after the epoch before, in its order.
    """

    epoch: int
    optimizer: tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True)
class Epoch:
    """A finished epoch.

    Attributes:
        epoch: From 0.
        loss: Mean training loss.
        images_per_s: Steady rate: the first step, which builds the graph, is left out.
        learning_rate: After the last step.
        optimizer: Returns the optimizer's variables, for `FitStart`.
    """

    epoch: int
    loss: float
    images_per_s: float
    learning_rate: float
    optimizer: Callable[[], tuple[npt.NDArray[Any], ...]]


def fit(
    model: keras.Model,
    dataset: Dataset,
    rows: Rows,
    contract: Preprocessing,
    settings: FitSettings,
    progress: Progress,
    *,
    teacher: keras.Model | None = None,
    ends: Sequence[End] = (),
    callbacks: Sequence[keras.callbacks.Callback] = (),
    on_epoch: Callable[[Epoch], bool] | None = None,
    start: FitStart | None = None,
    optimizer: MakeOptimizer | None = None,
    what: str = "training",
) -> tuple[Epoch, ...]:
    """Fit a model in place.

    Args:
        model: From scaled images to scores; built under the strategy that is to train it.
        dataset: Gives images and labels.
        rows: `[n]` rows to train on.
        contract: Scales the pixels.
        settings: How to fit.
        progress: Is told of every step.
        teacher: Its scores of the same images become targets, with the weight
            `settings.loss.distillation`.
        ends: What else the teacher, which then gives the scores and these, is imitated in.
        callbacks: Of Keras; each epoch is a `fit` of its own, so train begins and ends with it.
        on_epoch: Called after each epoch; returning True ends the fit.
        start: Goes on after an earlier epoch instead of starting at the first.
        optimizer: Makes another optimizer than the one that `settings` name.
        what: The task's name for `progress`.

    Returns:
        The epochs that ran.
    """
    strategy = model.distribute_strategy
    replicas = strategy.num_replicas_in_sync
    batch_size = replicas * math.ceil(settings.batch_size / replicas)
    steps_per_epoch = math.ceil(len(rows) / batch_size)
    total = max(1, math.ceil(settings.epochs * steps_per_epoch - 1e-9))
    batches = Batches(
        dataset, rows, contract, batch_size, settings.seed, settings.augment, map_cells(model)
    )
    done: list[Epoch] = []
    with trainable(model, settings):
        trainer, schedule = compiled(model, settings, total, teacher, ends, optimizer)
        if settings.adversarial.share:
            with strategy.scope():
                trainer.attack = share_attacker(
                    model, settings.adversarial, contract, settings.seed
                )
        if start is not None:
            # The scale of a loss, which training in float16 alone keeps, comes last, and is sought
            # anew where a training goes on with a GPU that began without one; it may end so, too.
            for variable, value in zip(_variables(trainer), start.optimizer, strict=False):
                variable.assign(value)
        for epoch in range(start.epoch if start else 0, math.ceil(total / steps_per_epoch)):
            first, last = epoch * steps_per_epoch, min((epoch + 1) * steps_per_epoch, total)
            if settings.deterministic:
                # Dropout's generators live in the graph; this sets them back, so that an epoch
                # is the same whether it is reached at once or after a resume. It also makes
                # TensorFlow prepare the graph again, seconds for a large one.
                tf.random.set_seed(settings.seed)
            title = f"{what}, epoch {epoch + 1}"
            with progress.track(title, (last - first) * batch_size, "images") as task:
                meter = _Meter(task, batch_size)
                history = trainer.fit(
                    _distributed(batches, first, last, strategy),
                    initial_epoch=epoch,
                    epochs=epoch + 1,
                    steps_per_epoch=last - first,
                    callbacks=[*callbacks, meter],
                    verbose=0,
                )
            finished = Epoch(
                epoch=epoch,
                loss=float(history.history["loss"][-1]),
                images_per_s=meter.images_per_s,
                learning_rate=float(schedule(last)) if callable(schedule) else schedule,
                optimizer=lambda: tuple(v.numpy() for v in _variables(trainer)),
            )
            done.append(finished)
            if on_epoch is not None and on_epoch(finished):
                break
    return tuple(done)


def compiled(
    model: keras.Model,
    settings: FitSettings,
    steps: int,
    teacher: keras.Model | None = None,
    ends: Sequence[End] = (),
    optimizer: MakeOptimizer | None = None,
) -> tuple[keras.Model, Any]:
    """Return a trainer that shares the model's layers, and its learning rate over steps.

    Args:
        model: To be trained, inside `trainable`.
        settings: How to fit.
        steps: Over which the learning rate falls.
        teacher: Its scores become targets beside the labels.
        ends: What else it is imitated in.
        optimizer: Makes another optimizer than the one that the settings name.
    """
    options, share = settings.loss, settings.loss.distillation
    if ends or teacher is None or not share:
        teacher, options = teacher if ends else None, replace(options, distillation=0.0)
    losses: list[Any] = [loss_function(options, int(model.output_shape[-1]))]
    weights, outputs, cam = [1.0], [model.output], _cam(model)
    if settings.augment.composites and cam is not None:
        losses, weights, outputs = [*losses, map_loss], [1.0, MAP_WEIGHT], [*outputs, cam.output]
    if ends:
        weights = [weight * (1 - share) for weight in weights]
        weights += [share * end.weight for end in ends]
        losses += [end.loss for end in ends]
        outputs += [end.tensor for end in ends]
    use_quick_filter_gradients()
    with model.distribute_strategy.scope():
        outputs = [_in_float32(output) for output in outputs]
        trainer = _Trainer(model.inputs, outputs if len(outputs) > 1 else outputs[0])
        trainer.teacher, trainer.imitates_ends = _Untracked(teacher), bool(ends)
        schedule = _schedule(settings, steps)
        # XLA (jit_compile) makes steps of depthwise convolutions many times slower on a CPU.
        chosen = optimizer(schedule) if optimizer else _optimizer(settings, schedule)
        if model.dtype_policy.compute_dtype == "float16":
            # Gradients smaller than float16 can hold would be 0. Keras does this by itself only
            # where the trainer, too, is built under such a policy.
            chosen = keras.mixed_precision.LossScaleOptimizer(chosen)
        trainer.compile(chosen, loss=losses, loss_weights=weights, jit_compile=False)
        # Variables that a first step makes have TensorFlow build the graph of a step twice.
        trainer.optimizer.build(trainer.trainable_variables)
        trainer.compiled_loss.build(trainer.outputs)
    return trainer, schedule


def map_cells(model: keras.Model) -> int:
    """Return how many cells lie along a side of a model's maps, 0 where it has none."""
    cam = _cam(model)
    return 0 if cam is None else int(cam.output_shape[1])


def _cam(model: keras.Model) -> keras.layers.Layer | None:
    """Return the layer that makes the maps, also where tfmot has wrapped it for integers."""
    layers = (layer for layer in model.layers if layer.name.split("_")[-1] == CAM)
    return next(layers, None)


class _Untracked:
    """Hides a model from Keras, which would else take it for a part of another."""

    def __init__(self, model: keras.Model | None) -> None:
        self.model = model


class _Trainer(keras.Model):
    """A functional model over the layers of another, whose targets may grow by a teacher's."""

    teacher: _Untracked
    imitates_ends: bool
    attack: Attacker | None = None

    def train_step(self, data: tuple[tf.Tensor, ...]) -> dict[str, Any]:
        """One step on `(images, labels)`, or on `(images, labels, labels of cells)`.

        A teacher says what it sees in pictures before they are attacked.
        """
        images, labels, *cells = data
        targets = [tf.cast(labels, tf.float32), *cells]
        if self.teacher.model is not None:
            taught = tf.nest.flatten(self.teacher.model(images, training=False))
            taught = [tf.stop_gradient(tf.cast(values, tf.float32)) for values in taught]
            if self.imitates_ends:
                targets += taught
            else:
                targets[0] = tf.concat([targets[0], *taught], axis=1)
        if self.attack is not None:
            images = self.attack(images, labels, self.optimizer.iterations)
        return super().train_step((images, targets if len(targets) > 1 else targets[0]))


class _Meter(keras.callbacks.Callback):
    """Counts images for the progress bar and measures the rate."""

    def __init__(self, task: Task, batch_size: int) -> None:
        super().__init__()
        self._task = task
        self._batch_size = batch_size
        self._began = self._first = self._last = time.perf_counter()
        self._steps = 0

    def on_train_batch_end(
        self,
        batch: int,  # noqa: ARG002
        logs: dict[str, float] | None = None,
    ) -> None:
        """Count a step."""
        self._last = time.perf_counter()
        self._steps += 1
        if self._steps == 1:
            self._first = self._last
        loss = (logs or {}).get("loss")
        self._task.advance(self._batch_size, "" if loss is None else f"loss {loss:.4f}")

    @property
    def images_per_s(self) -> float:
        """The rate after the first step; with one step only, that step's."""
        steps, seconds = self._steps - 1, self._last - self._first
        if steps < 1:
            steps, seconds = self._steps, self._last - self._began
        return steps * self._batch_size / max(seconds, 1e-9)


@contextmanager
def trainable(model: keras.Model, settings: FitSettings) -> Iterator[None]:
    """Set which layers train, and set it back.

    Keras runs a batch norm that does not train in inference mode, with its stored statistics.
    """
    layers = [m for m in model.submodules if isinstance(m, keras.layers.Layer)]
    before = [layer.trainable for layer in layers]
    moving = head_layers(model) if settings.trains == "head" else None
    try:
        if moving is not None:
            for layer in model.layers:
                layer.trainable = layer in moving
        yield
    finally:
        for layer, was in zip(layers, before, strict=True):
            layer.trainable = was


def _in_float32(output: Any) -> Any:
    """Return an output as losses take it: Keras would else round targets to its type."""
    if output.dtype == tf.float32:
        return output
    return keras.layers.Activation("linear", dtype="float32")(output)


def _schedule(settings: FitSettings, steps: int) -> Any:
    if settings.schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)
    return settings.learning_rate


def _optimizer(settings: FitSettings, learning_rate: Any) -> keras.optimizers.Optimizer:
    if settings.optimizer == "sgd":
        return keras.optimizers.SGD(learning_rate, momentum=SGD_MOMENTUM, jit_compile=False)
    return Adam(learning_rate)


def _variables(trainer: keras.Model) -> list[tf.Variable]:
    optimizer = trainer.optimizer
    variables = list(optimizer.variables)
    if isinstance(optimizer, keras.mixed_precision.LossScaleOptimizer):
        scale = optimizer._loss_scale  # not among its variables, and what it is follows from them
        variables += [scale.current_loss_scale, scale.counter]
    return variables


def _distributed(batches: Batches, first: int, last: int, strategy: tf.distribute.Strategy) -> Any:
    if strategy.num_replicas_in_sync == 1:
        return batches.steps(first, last)

    def feed(context: tf.distribute.InputContext) -> Any:
        count = context.num_replicas_in_sync // context.num_input_pipelines
        share = Share(context.num_replicas_in_sync, context.input_pipeline_id * count, count)
        return batches.steps(first, last, share)

    return strategy.distribute_datasets_from_function(feed)
