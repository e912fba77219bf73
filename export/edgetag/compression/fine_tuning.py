"""What pruning and quantization-aware training do alike: load, fine-tune, score."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgetag.compression.batch_norm import recalibrate
from edgetag.compression.channels import WHOLE, with_widths
from edgetag.dataset import Dataset, Rows, open_dataset
from edgetag.metrics import Scores, mean_average_precision
from edgetag.networks import Scorer, build_untrained, load_weights
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress
from edgetag.recipe import FineTuning, Recipe
from edgetag.tf import keras, tf
from edgetag.training.fitting import End, FitSettings, MakeOptimizer, fit
from edgetag.training.kept_scores import keep_scores, kept_scores
from edgetag.training.left_out import without_left_out
from edgetag.training.losses import loss_settings
from edgetag.training.teachers import Teacher
from edgetag.workspace import Workspace


@dataclass(frozen=True)
class Bench:
    """What a compression works with, opened once per stage.

    `training` and `validation` are rows of these splits.
    """

    recipe: Recipe
    workspace: Workspace
    dataset: Dataset
    training: Rows
    validation: Rows
    progress: Progress

    @property
    def contract(self) -> Preprocessing:
        """The network's preprocessing contract."""
        return self.recipe.network.preprocessing()

    def load(self, weights: Path, widths: Mapping[str, int] = WHOLE) -> keras.Model:
        """Build the recipe's float network, or a narrower one of some widths, and load weights."""
        model = build_untrained(
            self.recipe.network,
            len(self.dataset.vocabulary),
            self.recipe.seed,
            self.recipe.training.batch_norm_momentum,
        )
        model = with_widths(model, widths)
        load_weights(model, weights)
        return model

    def recalibrate(self, model: keras.Model) -> None:
        """Measure a model's batch norm anew over training images, in place."""
        recalibrate(
            model,
            self.dataset,
            self.training,
            self.contract,
            self.progress,
            batch_size=self.recipe.training.batch_size,
            seed=self.recipe.seed,
        )

    def steps(self, section: FineTuning) -> int:
        """Return how many steps `fine_tune` takes on one device."""
        per_epoch = math.ceil(len(self.training) / self.recipe.training.batch_size)
        return max(1, math.ceil(section.epochs * per_epoch - 1e-9))

    def fine_tune(
        self,
        model: keras.Model,
        section: FineTuning,
        teacher: keras.Model | Teacher,
        *,
        ends: Sequence[End] = (),
        optimizer: MakeOptimizer | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        what: str,
    ) -> None:
        """Fit a model in place, with the recipe's loss, augmentation and batch size.

        The teacher, the float model or networks of other runs, gives targets too where the recipe
        wants it: scores, or what `ends` names. `optimizer` and `callbacks` are those of `fit`, and
        `what` the task's name for progress. Over no epoch it does nothing.
        """
        if not section.epochs:
            return
        training = self.recipe.training
        labels = self.dataset.labels(self.training)
        loss = loss_settings(training, self.dataset.vocabulary, labels)
        settings = FitSettings(
            epochs=section.epochs,
            learning_rate=section.learning_rate,
            batch_size=training.batch_size,
            loss=replace(loss, distillation=section.distillation),
            augment=training.augment,
            seed=self.recipe.seed,
        )
        if isinstance(teacher, Teacher):
            ends, teacher = teacher.ends_of(model)
        fit(
            model,
            self.dataset,
            self.training,
            self.contract,
            settings,
            self.progress,
            teacher=teacher if section.distillation else None,
            ends=ends if section.distillation else (),
            optimizer=optimizer,
            callbacks=callbacks,
            what=what,
        )

    def scorer(self, model: keras.Model) -> Callable[[str], Scores]:
        """Return what scores the validation split by the weights that a model then has.

        It takes the task's name for progress and returns float32 `[images, tags]`. Its graph is
        built once.
        """
        made = Scorer(model, self.contract)
        return lambda what: made.run(self.dataset, self.validation, self.progress, what=what)

    def scores_of(self, model: keras.Model, weights: Path, what: str) -> Scores:
        """Return the validation scores of a float model, those that are kept where they are.

        They are kept beside the file of the weights; `what` is the task's name for
        progress.
        """
        scores = kept_scores(weights, self.workspace, self.dataset)
        if scores is None:
            scores = self.scorer(model)(what)
            keep_scores(weights, self.workspace, self.dataset, scores)
        return scores

    def validation_map(self, scores: Scores) -> float | None:
        """Return the mean average precision on validation, None where no tag can be scored."""
        value = mean_average_precision(scores, self.dataset.labels(self.validation))
        return None if np.isnan(value) else value


def open_bench(recipe: Recipe, workspace: Workspace, progress: Progress) -> Bench:
    """Open the data of a run; seed TensorFlow, and make it deterministic if the recipe says so.

    Raises:
        InputError: It is missing, or made with other tags than the recipe's.
    """
    if recipe.training.deterministic:
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(recipe.seed)
    dataset = open_dataset(workspace, tags=recipe.data.tags)
    if recipe.training.suspect_labels != "learn":
        dataset = without_left_out(dataset, workspace)
    return Bench(
        recipe,
        workspace,
        dataset,
        dataset.weighted(dataset.rows("train"), recipe.seed, recipe.training.answered_weight),
        dataset.rows("validation"),
        progress,
    )
