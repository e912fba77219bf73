"""The train stage: from the image cache to float weights and thresholds."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgetag.dataset import Dataset, open_dataset
from edgetag.dataset.prospects import unfit_for_training
from edgetag.dataset.unlabelled import joined, place_of
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.metrics import Scores, mean_average_precision
from edgetag.networks import Scorer, build, build_untrained, save_weights
from edgetag.networks.equalization import equalize
from edgetag.preprocess import scale
from edgetag.progress import Progress, SilentProgress
from edgetag.recipe import PLACES, Recipe, ThresholdSection
from edgetag.tf import keras, tf
from edgetag.training import checkpoint as checkpoints
from edgetag.training import distribution
from edgetag.training.checkpoint import Checkpoint
from edgetag.training.cluster import read_cluster
from edgetag.training.inputs import inputs_fingerprint
from edgetag.training.journal import Journal
from edgetag.training.kept_scores import keep_scores
from edgetag.training.left_out import forget_left_out, leave_out
from edgetag.training.phases import train_phases
from edgetag.training.result import Thresholds, TrainResult
from edgetag.training.teachers import open_teacher
from edgetag.training.thresholds import choose_thresholds
from edgetag.workspace import Workspace, digest_file, digest_json

MODEL = "model.npz"
THRESHOLDS = "thresholds.json"
RESULT = "train.json"
VALIDATION = "validation"
EQUALIZING_IMAGES = 256
BATCH_SIZE = 64
"""Of these; it changes nothing but speed."""


def run(
    recipe: Recipe, workspace: Workspace, progress: Progress, *, fresh: bool = False
) -> TrainResult:
    """Train the float network, going on after the last finished epoch where there is one.

    With a `TF_CONFIG` every worker calls this with the same recipe and data; the chief alone
    writes files and reports, and every worker returns the chief's result.

    Args:
        recipe: What to train.
        workspace: Holds the built data; gets `train/model.npz` (the weights of the best epoch),
            `history.jsonl`, `thresholds.json`, `train.json`, `tensorboard/` and a checkpoint.
        progress: Is told of phases, epochs and steps.
        fresh: Train from the start, whatever an earlier run left.

    Raises:
        InputError: The data or the machine do not allow it.
    """
    cluster = read_cluster()
    if not cluster.is_chief:
        progress = SilentProgress()
    strategy = distribution.choose_strategy()
    dataset = open_dataset(workspace)
    _check_data(recipe, dataset)
    taught = dataset
    if recipe.teacher.pictures is not None:
        taught = joined(dataset, open_dataset(place_of(workspace), recipe.network.input_size))
    if recipe.training.deterministic:
        tf.config.experimental.enable_op_determinism()
    if recipe.training.suspect_labels != "learn":
        taught = leave_out(recipe, workspace, taught, strategy, progress)
    else:
        forget_left_out(workspace)
    mixed = _use_mixed_precision(recipe, progress)
    with distribution.precision(mixed), strategy.scope():
        model = build(
            recipe.network,
            len(dataset.vocabulary),
            seed=recipe.seed,
            batch_norm_momentum=recipe.training.batch_norm_momentum,
        )
    with strategy.scope():
        teacher = open_teacher(recipe, "train")
    if teacher is not None:
        progress.say(f"taught by {teacher.told}")
    # What is scored and saved is one float32 copy on one device. A model of a strategy would need
    # every worker for each read of a batch norm's statistics.
    scorer = model
    if mixed or distribution.is_distributed(strategy):
        scorer = build_untrained(recipe.network, len(dataset.vocabulary))
    validation = _Validation(Scorer(scorer, recipe.network.preprocessing()), dataset, progress)

    def validate(trained: keras.Model) -> float:
        if scorer is not trained:
            weights = trained.get_weights()  # on every worker, as they are summed over workers
            scorer.set_weights(weights)
        value = json.dumps(validation.mean_average_precision() if cluster.is_chief else 0.0)
        # Every worker takes the chief's number, so that they all stop at the same epoch.
        return float(json.loads(distribution.broadcast(strategy, value.encode())))

    if fresh and cluster.is_chief:
        (workspace.train / checkpoints.FILE).unlink(missing_ok=True)
    fingerprint = training_fingerprint(recipe, workspace, taught)
    resumed = read_checkpoint(workspace, fingerprint, strategy, progress)
    goes_on = resumed is not None
    journal = Journal(workspace.train, goes_on=goes_on) if cluster.is_chief else None
    if journal is not None:
        progress.say(_over_tags(dataset))
        journal.write_history(resumed.records if resumed else ())
    state = train_phases(
        model,
        taught,
        recipe.network.preprocessing(),
        recipe.training,
        recipe.seed,
        fingerprint,
        resumed,
        validate,
        journal.store if journal else lambda _: None,
        progress,
        teacher,
    )
    scorer.set_weights(state.best)
    result = None
    if cluster.is_chief:
        _equalize(scorer, dataset, recipe, progress)
        devices = distribution.device_names(strategy)
        result = _finish(scorer, state, recipe, workspace, validation, devices).to_json()
    shared = distribution.broadcast(strategy, result.encode() if result else None)
    return TrainResult.from_json(shared.decode(), workspace.train / RESULT)


def training_fingerprint(recipe: Recipe, workspace: Workspace, dataset: Dataset) -> str:
    """Return a digest of everything that decides the weights.

    The policy of thresholds is left out: it can be changed without training again.
    """
    return digest_json(
        {
            "training": recipe.training.model_dump(mode="json", exclude={"thresholds"}),
            "teacher": recipe.teacher.settings("train"),
            "network": recipe.network.model_dump(mode="json", exclude=PLACES["network"]),
            "begins with": inputs_fingerprint(recipe),
            "seed": recipe.seed,
            "tags": dataset.vocabulary.names,
            "manifest": digest_file(workspace.manifest),
            "cache": dataset.cache.shards.fingerprint,
            "made with": dependencies_of(__name__).digest,
        }
    )


def _check_data(recipe: Recipe, dataset: Dataset) -> None:
    size = dataset.cache.shards.input_size
    if dataset.vocabulary != recipe.data.vocabulary() or size != recipe.network.input_size:
        raise InputError(
            f"{dataset.cache.shards.folder}: the data was built for other tags or another input "
            "size than the recipe's; run: edgetag data build"
        )
    if problems := unfit_for_training(recipe, dataset.counts()):
        raise InputError("\n".join(problems))


def _over_tags(dataset: Dataset) -> str:
    tags = dataset.counts()[VALIDATION].tags
    scored = sum(1 for counts in tags.values() if counts.positives and counts.negatives)
    return (
        f"validation mAP is over {scored} of {len(tags)} tags: those that some images there "
        "have and others lack"
    )


def _use_mixed_precision(recipe: Recipe, progress: Progress) -> bool:
    if not recipe.training.mixed_precision:
        return False
    if tf.config.list_physical_devices("GPU"):
        return True
    progress.say("mixed_precision needs a GPU and none is visible: training in float32")
    return False


class _Validation:
    """Looks at the validation split with the weights that the scorer's model has at the moment."""

    def __init__(self, scorer: Scorer, dataset: Dataset, progress: Progress) -> None:
        self._scorer = scorer
        self._dataset = dataset
        self._progress = progress
        self._rows = dataset.rows(VALIDATION)
        self._labels = dataset.labels(self._rows)

    def mean_average_precision(self) -> float:
        """Return the mean over all tags with a positive and a negative validation image.

        Rare tags count as well here: for choosing an epoch a noisy average precision is better
        than none, and noise is the same for every epoch.
        """
        return mean_average_precision(self.scores("validation"), self._labels, min_positives=1)

    def thresholds(self, scores: Scores, policy: ThresholdSection) -> Thresholds:
        """Choose the threshold of every tag by scores of the split."""
        vocabulary = self._dataset.vocabulary
        chosen = choose_thresholds(scores, self._labels, vocabulary, policy, VALIDATION)
        if chosen.unkept:
            self._progress.say(
                f"warning: more pictures without {', '.join(chosen.unkept)} have a score of 1 than "
                "training.thresholds.max_fpr allows: no threshold keeps it"
            )
        return chosen

    def keep(self, scores: Scores, weights: Path, workspace: Workspace) -> None:
        """Keep scores of the split for the stages to come."""
        keep_scores(weights, workspace, self._dataset, scores)

    def scores(self, what: str) -> Scores:
        return self._scorer.run(self._dataset, self._rows, self._progress, what=what)


def read_checkpoint(
    workspace: Workspace,
    fingerprint: str,
    strategy: tf.distribute.Strategy,
    progress: Progress,
) -> Checkpoint | None:
    """Return where training stopped, or None where it starts; says which.

    Every worker calls this; the chief's file counts.
    """
    path = workspace.train / checkpoints.FILE
    data = path.read_bytes() if read_cluster().is_chief and path.exists() else None
    data = distribution.broadcast(strategy, data)
    if not data:
        return None
    try:
        checkpoint = checkpoints.parse(data)
    except ValueError as error:
        progress.say(f"{path}: damaged ({error}); training starts anew")
        return None
    if checkpoint.fingerprint != fingerprint:
        progress.say(
            f"{path}: of another recipe, other data or by other code; training starts anew"
        )
        return None
    progress.say(f"training goes on after epoch {len(checkpoint.records)}")
    return checkpoint


def _equalize(model: keras.Model, dataset: Dataset, recipe: Recipe, progress: Progress) -> None:
    """Bring the channels between blocks to like ranges, for int8; scores stay what they are."""
    rows, contract = dataset.rows("train"), recipe.network.preprocessing()
    chosen = np.random.default_rng(recipe.seed).permutation(rows)[:EQUALIZING_IMAGES]
    parts = np.array_split(np.sort(chosen), math.ceil(len(chosen) / BATCH_SIZE))
    with progress.track("equalizing channels", len(parts), "batches") as task:

        def batches() -> Iterator[tf.Tensor]:
            for part in parts:
                yield scale(dataset.images(part), contract)
                task.advance()

        equalize(model, batches())


def _finish(
    model: keras.Model,
    state: Checkpoint,
    recipe: Recipe,
    workspace: Workspace,
    validation: _Validation,
    devices: tuple[str, ...],
) -> TrainResult:
    weights = workspace.train / MODEL
    save_weights(model, weights)
    scores = validation.scores("choosing thresholds")
    validation.keep(scores, weights, workspace)
    thresholds = validation.thresholds(scores, recipe.training.thresholds)
    thresholds.write(workspace.train / THRESHOLDS)
    result = TrainResult(
        epochs=state.records,
        best_epoch=state.best_epoch,
        best_validation_map=state.records[state.best_epoch].validation_map,
        parameters=model.count_params(),
        weights_sha256=digest_file(weights),
        devices=devices,
    )
    result.write(workspace.train / RESULT)
    return result
