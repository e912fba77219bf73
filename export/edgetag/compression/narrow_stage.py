"""The narrow stage: the narrower networks that variants are made of, resumed one by one."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from edgetag.catalogue.variants import VARIANTS, trained_by
from edgetag.compression import channels
from edgetag.compression.allocation import SHARES, allocated, channel_costs, measured_losses
from edgetag.compression.batch_norm import recalibrate
from edgetag.compression.channels import Importance, Inner
from edgetag.compression.fine_tuning import Bench, open_bench
from edgetag.compression.result import NarrowedNetwork, NarrowResult
from edgetag.compression.weights import kept_record, weights_digest
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.networks import Scorer, save_weights
from edgetag.preprocess import scale
from edgetag.progress import Progress, SilentProgress
from edgetag.recipe import ChannelsSection, Recipe
from edgetag.sampling import spread
from edgetag.tf import keras, tf
from edgetag.training.losses import loss_function, loss_settings
from edgetag.workspace import Workspace, digest_file, write_text

BATCH_SIZE = 32
"""Images that are looked at together while channels are ranked; it changes nothing but memory."""


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> NarrowResult:
    """Make each narrower network that is not there yet.

    Raises:
        InputError: The recipe has no variant of one, something it starts from is missing, or a
            layer cannot be narrowed.
    """
    lines = [VARIANTS[name] for name in recipe.export.possible if VARIANTS[name].narrow]
    if not lines:
        raise InputError(
            f"export lists neither {' nor '.join(trained_by('narrow'))}; there is no network to "
            "make narrower"
        )
    bench = open_bench(recipe, workspace, progress)
    shares = {line.narrow: line.keeps for line in lines}
    made = tuple(_network(bench, name, share) for name, share in shares.items())
    result = NarrowResult(networks=made)
    write_text(workspace.narrow / "narrow.json", result.to_json())
    return result


def _network(bench: Bench, name: str, share: float) -> NarrowedNetwork:
    recipe, workspace, section = bench.recipe, bench.workspace, bench.recipe.compress.channels
    start, weights = workspace.train / "model.npz", workspace.narrow / f"{name}.npz"
    record = workspace.narrow / f"{name}.json"
    making = [dependencies_of(__name__).digest, section.model_dump(mode="json")]
    inputs = weights_digest(bench, name, {"train": start}, making)
    if (kept := kept_record(NarrowedNetwork, record, weights, inputs)) is not None:
        bench.progress.say(f"{name}: unchanged, kept")
        return kept

    keras.utils.set_random_seed(recipe.seed)
    original = bench.load(start)
    inner = channels.inner_layers(original, recipe.network.facts.inner)
    if not inner:
        raise InputError(f"{name}: {recipe.network.name} has no layer that can be narrowed")
    before = bench.validation_map(bench.scores_of(original, start, f"{name}: the float model"))
    had = {each.layer: each.channels for each in inner}
    goal = _widths(bench, original, inner, name, share)

    model, untrained = original, None
    for step in range(1, section.steps + 1):
        # Each step leaves out as many channels as the others, and is trained as long.
        part_left = 1 - step / section.steps
        widths = {
            layer: width + round((had[layer] - width) * part_left) for layer, width in goal.items()
        }
        model = _narrower(bench, model, widths, f"{name}: ranking channels")
        _recalibrate(bench, model)
        if step == section.steps:
            untrained = bench.validation_map(bench.scorer(model)(f"{name}: scoring untrained"))
        part = section.model_copy(update={"epochs": section.epochs / section.steps})
        bench.fine_tune(model, part, original, freeze_batch_norm=False, what=name)
    _recalibrate(bench, model)

    save_weights(model, weights)
    after = bench.validation_map(bench.scores_of(model, weights, f"{name}: scoring"))
    result = NarrowedNetwork(
        network=name,
        file=workspace.relative(weights),
        weights_sha256=digest_file(weights),
        inputs_sha256=inputs,
        widths=goal,
        channels=had,
        parameters=model.count_params(),
        parameters_before=original.count_params(),
        validation_map_before=before,
        validation_map_untrained=untrained,
        validation_map=after,
    )
    write_text(record, result.to_json())
    return result


def _widths(
    bench: Bench, model: keras.Model, inner: Sequence[Inner], name: str, share: float
) -> dict[str, int]:
    """Return layer → channels that are kept in the end."""
    section = bench.recipe.compress.channels
    had = {each.layer: each.channels for each in inner}
    uniform = {
        layer: channels.width_of(had[layer], kept, section.multiple)
        for layer, kept in _shares(had, section, share).items()
    }
    if section.allocation == "uniform":
        return uniform
    importance = _importance(bench, model, inner, f"{name}: ranking channels")
    scorer, rows = Scorer(model, bench.contract), spread(bench.training, section.images)
    quiet = SilentProgress()
    tried = len(inner) * len(SHARES) + 1
    with bench.progress.track(f"{name}: measuring layers", tried, "widths") as task:

        def score() -> Scores:
            task.advance()
            return scorer.run(bench.dataset, rows, quiet)

        losses = measured_losses(model, inner, importance, section.multiple, score)
    costs = channel_costs(model, inner)
    return allocated(losses, costs, sum(costs[layer] * width for layer, width in uniform.items()))


def _shares(
    channels_of: Mapping[str, int], section: ChannelsSection, keeps: float
) -> dict[str, float]:
    """Return layer → share of its channels that is kept, where all are narrowed alike.

    Raises:
        InputError: A pattern fits no layer.
    """
    for pattern in section.kept:
        if not any(fnmatchcase(name, pattern) for name in channels_of):
            raise InputError(
                f"compress.channels.kept: {pattern!r} fits no layer that can be narrowed; these "
                f"are: {', '.join(channels_of)}"
            )
    return {
        name: next(
            (share for pattern, share in section.kept.items() if fnmatchcase(name, pattern)), keeps
        )
        for name in channels_of
    }


def _narrower(
    bench: Bench, model: keras.Model, widths: Mapping[str, int], what: str
) -> keras.Model:
    """Return a network with so many channels, the most important ones of each layer."""
    inner = channels.inner_layers(model, bench.recipe.network.facts.inner)
    importance = _importance(bench, model, inner, what)
    return channels.narrowed(
        model,
        {name: channels.most_important(importance[name], width) for name, width in widths.items()},
    )


def _importance(
    bench: Bench, model: keras.Model, inner: Sequence[Inner], what: str
) -> dict[str, Importance]:
    section = bench.recipe.compress.channels
    if section.rank == "gamma":
        return channels.norm_importance(model, inner)
    if section.rank == "l1":
        return channels.weight_importance(model, inner)
    rows = spread(bench.training, section.images)
    parts = [rows[start : start + BATCH_SIZE] for start in range(0, len(rows), BATCH_SIZE)]
    with bench.progress.track(what, len(rows), "images") as task:

        def images() -> Iterator[npt.NDArray[np.float32]]:
            for part in parts:
                yield scale(bench.dataset.images(part), bench.contract)
                task.advance(len(part))

        if section.rank == "activation":
            return channels.activation_importance(model, inner, images())
        settings = loss_settings(
            bench.recipe.training, bench.dataset.vocabulary, bench.dataset.labels(bench.training)
        )
        function = loss_function(settings, len(bench.dataset.vocabulary))
        labels = [bench.dataset.labels(part).astype(np.float32) for part in parts]

        def loss(number: int, scores: tf.Tensor) -> tf.Tensor:
            return tf.reduce_sum(function(tf.constant(labels[number]), scores))

        return channels.taylor_importance(model, inner, images(), loss)


def _recalibrate(bench: Bench, model: keras.Model) -> None:
    recalibrate(
        model,
        bench.dataset,
        bench.training,
        bench.contract,
        bench.progress,
        batch_size=bench.recipe.training.batch_size,
        seed=bench.recipe.seed,
    )
