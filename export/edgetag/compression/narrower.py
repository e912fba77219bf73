"""The narrower networks that variants are made of, resumed one by one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edgetag.catalogue.variants import VARIANTS, trained_by
from edgetag.compression import channels
from edgetag.compression.allocation import (
    SHARES,
    Losses,
    allocated,
    channel_costs,
    measured_losses,
)
from edgetag.compression.channels import Importance, Inner
from edgetag.compression.fine_tuning import Bench, open_bench
from edgetag.compression.result import KeptLimit, NarrowedNetwork, NarrowResult
from edgetag.compression.weights import kept_record, weights_digest
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.networks import Scorer, save_weights
from edgetag.preprocess import scale
from edgetag.progress import Progress, SilentProgress
from edgetag.recipe import Recipe
from edgetag.sampling import spread
from edgetag.tf import keras, tf
from edgetag.training.losses import loss_function, loss_settings
from edgetag.training.taught import taught_by
from edgetag.training.teachers import Teacher, open_teacher
from edgetag.workspace import Workspace, digest_file

LOOKED_AT = 128
"""Training images over which layers are narrowed alone: twenty tags of each are thousands of
logits."""

BATCH_SIZE = 32
"""Images that are looked at together while channels are ranked; it changes nothing but memory."""


FITTING = {"budgets", "runtime"}
"""Keys of the section that are of no effect for a network without a budget."""

Goal = Callable[[float], Mapping[str, int]]
"""From a share of the multiplications within blocks to the widths of layers that keep it."""


@dataclass(frozen=True)
class Fitted:
    """How wide a network with a budget is, and what that comes to."""

    widths: Mapping[str, int]
    budget: tuple[KeptLimit, ...] = ()


class Fit(Protocol):
    """Finds how wide a network with a budget is."""

    def making(self, network: str, /) -> str:
        """Return a digest of all that a network's widths follow from, beside its weights."""

    def __call__(self, network: str, goal: Goal, /) -> Fitted:
        """Return the widths that keep a network's budget."""


def run(recipe: Recipe, workspace: Workspace, progress: Progress, fit: Fit) -> NarrowResult:
    """Make each narrower network that is not there yet.

    Raises:
        InputError: The recipe has no variant of one, something it starts from is missing, a layer
            cannot be narrowed, or no widths keep a budget.
    """
    lines = [VARIANTS[name] for name in recipe.export.possible if VARIANTS[name].narrow]
    if not lines:
        raise InputError(
            "there is no network to make narrower; name one of "
            f"{', '.join(trained_by('narrow'))} in export.variants"
        )
    wide = _Wide(open_bench(recipe, workspace, progress))
    shares = {line.narrow: line.keeps for line in lines}
    made = tuple(_network(wide, name, share, fit) for name, share in shares.items())
    result = NarrowResult(networks=made)
    result.write(workspace.narrow / "narrow.json")
    return result


class _Wide:
    """The float network, and what is measured of it once for all narrower ones, when it is used."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.weights = bench.workspace.train / "model.npz"

    @cached_property
    def model(self) -> keras.Model:
        return self.bench.load(self.weights)

    @cached_property
    def teacher(self) -> keras.Model | Teacher:
        """Who teaches narrower networks: those that the recipe says, or the float network."""
        return open_teacher(self.bench.recipe, "narrow") or self.model

    @cached_property
    def inner(self) -> Sequence[Inner]:
        network = self.bench.recipe.network
        if not (inner := channels.inner_layers(self.model, network.facts.inner)):
            raise InputError(f"{network.name} has no layer that can be narrowed")
        return inner

    @cached_property
    def widths(self) -> dict[str, int]:
        """Layer → channels."""
        return {each.layer: each.channels for each in self.inner}

    @cached_property
    def losses(self) -> Losses:
        """What narrowing each layer alone would move."""
        bench, section = self.bench, self.bench.recipe.compress.channels
        importance = _importance(bench, self.model, self.inner, "ranking channels")
        scorer, rows = Scorer(self.model, bench.contract), spread(bench.training, LOOKED_AT)
        tried = len(self.inner) * len(SHARES) + 1
        with bench.progress.track("measuring layers", tried, "widths") as task:

            def score() -> Scores:
                task.advance()
                return scorer.run(bench.dataset, rows, SilentProgress())

            return measured_losses(self.model, self.inner, importance, section.multiple, score)


def _network(wide: _Wide, name: str, share: float, fit: Fit) -> NarrowedNetwork:
    bench, section = wide.bench, wide.bench.recipe.compress.channels
    folder = bench.workspace.narrow
    weights, record = folder / f"{name}.npz", folder / f"{name}.json"
    making: list[object] = [dependencies_of(__name__).digest, section.model_dump(exclude=FITTING)]
    if has_budget := name in section.budgets:
        making.append(fit.making(name))
    making += taught_by(bench.recipe, "narrow")
    inputs = weights_digest(bench, name, {"train": wide.weights}, making)
    if (kept := kept_record(NarrowedNetwork, record, weights, inputs)) is not None:
        bench.progress.say(f"{name}: unchanged, kept")
        return kept

    scores = bench.scores_of(wide.model, wide.weights, "scoring the float model")
    before, had = bench.validation_map(scores), wide.widths
    fitted = fit(name, partial(_goal, wide)) if has_budget else Fitted(_goal(wide, share))
    goal = fitted.widths
    keras.utils.set_random_seed(bench.recipe.seed)  # whatever was built to measure widths
    model, untrained = wide.model, None
    for step in range(1, section.steps + 1):
        # Each step leaves out as many channels as the others, and is trained as long.
        part_left = 1 - step / section.steps
        widths = {
            layer: width + round((had[layer] - width) * part_left) for layer, width in goal.items()
        }
        model = _narrower(bench, model, widths, f"{name}: ranking channels")
        bench.recalibrate(model)
        if step == section.steps:
            untrained = bench.validation_map(bench.scorer(model)(f"{name}: scoring untrained"))
        part = section.replace(epochs=section.epochs / section.steps)
        bench.fine_tune(model, part, wide.teacher, what=name)
    bench.recalibrate(model)

    save_weights(model, weights)
    after = bench.validation_map(bench.scores_of(model, weights, f"{name}: scoring"))
    result = NarrowedNetwork(
        network=name,
        file=bench.workspace.relative(weights),
        weights_sha256=digest_file(weights),
        inputs_sha256=inputs,
        widths=dict(goal),
        channels=had,
        budget=fitted.budget,
        parameters=model.count_params(),
        parameters_before=wide.model.count_params(),
        validation_map_before=before,
        validation_map_untrained=untrained,
        validation_map=after,
    )
    result.write(record)
    return result


def _goal(wide: _Wide, share: float) -> dict[str, int]:
    """Return layer → channels that are kept in the end."""
    section = wide.bench.recipe.compress.channels
    given = _given(tuple(wide.widths), section.kept)
    widths = {
        layer: channels.width_of(had, given.get(layer, share), section.multiple)
        for layer, had in wide.widths.items()
    }
    if section.allocation == "uniform":
        return widths
    free = {layer: loss for layer, loss in wide.losses.items() if layer not in given}
    costs = channel_costs(wide.model, wide.inner)
    budget = sum(costs[layer] * widths[layer] for layer in free)
    return widths | allocated(free, costs, budget)


def _given(layers: Sequence[str], kept: Mapping[str, float]) -> dict[str, float]:
    """Return layer → share of its channels that the recipe gives, for those that it names.

    Raises:
        InputError: A pattern fits no layer.
    """
    for pattern in kept:
        if not any(fnmatchcase(layer, pattern) for layer in layers):
            raise InputError(
                f"compress.channels.kept: {pattern!r} fits no layer that can be narrowed; these "
                f"are: {', '.join(layers)}"
            )
    # Of several that fit the first holds.
    return {
        layer: share
        for pattern, share in reversed(list(kept.items()))
        for layer in layers
        if fnmatchcase(layer, pattern)
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
