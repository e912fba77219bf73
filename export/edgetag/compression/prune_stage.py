"""The prune stage: one network with a proven share of zeros per float one, resumed one by one."""

from itertools import takewhile

from edgetag.catalogue.variants import VARIANTS, trained_by
from edgetag.compression import pruning
from edgetag.compression.channels import widths_of
from edgetag.compression.copying import copy_model
from edgetag.compression.fine_tuning import Bench, open_bench
from edgetag.compression.result import PrunedNetwork, PruneResult
from edgetag.compression.sparsity import layer_sparsities, total_sparsity
from edgetag.compression.weights import OWN, kept_record, trained_weights, weights_digest
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.networks import save_weights
from edgetag.progress import Progress
from edgetag.recipe import Recipe, Variant
from edgetag.tables.formats import counted
from edgetag.tf import keras
from edgetag.training.taught import taught_by
from edgetag.training.teachers import open_teacher
from edgetag.workspace import Workspace, digest_file

XNNPACK_MIN_SPARSITY = 2 / 3
"""Below it XNNPACK runs its dense kernels."""


def needed(recipe: Recipe) -> tuple[Variant, ...]:
    """Return the recipe's variants that are made of a pruned network."""
    return tuple(v for v in recipe.export.possible if v in trained_by("prune"))


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> PruneResult:
    """Prune each network that is not there yet: the float one, narrower ones.

    Raises:
        InputError: The recipe has no variant of one, data or weights are missing, or nothing can be
            pruned so.
        SparsityNotReachedError: A layer ended denser than the recipe says.
    """
    if not needed(recipe):
        raise InputError(
            f"there is nothing to prune; name one of {', '.join(trained_by('prune'))} in "
            "export.variants"
        )
    bench = open_bench(recipe, workspace, progress)
    # Of the variants of one network any will do: they share its weights.
    variants = {VARIANTS[name].narrow or OWN: name for name in needed(recipe)}
    result = PruneResult(networks=tuple(_network(bench, *each) for each in variants.items()))
    result.write(workspace.prune / "prune.json")
    return result


def _network(bench: Bench, name: str, variant: Variant) -> PrunedNetwork:
    workspace, section = bench.workspace, bench.recipe.pruning
    files = trained_weights(workspace, variant)
    weights, record = files["prune"], workspace.prune / f"{name}.json"
    starts = dict(takewhile(lambda each: each[0] != "prune", files.items()))
    start = list(starts.values())[-1]
    making: list[object] = [dependencies_of(__name__).digest, section.model_dump(mode="json")]
    making += taught_by(bench.recipe, "prune")
    inputs = weights_digest(bench, name, starts, making)
    if (kept := kept_record(PrunedNetwork, record, weights, inputs)) is not None:
        bench.progress.say(f"{weights.name}: unchanged, kept")
        return kept

    keras.utils.set_random_seed(bench.recipe.seed)
    original = bench.load(start, widths_of(workspace, variant))
    float_network = original if start == files["train"] else bench.load(files["train"])
    teacher = open_teacher(bench.recipe, "prune") or float_network
    before = bench.validation_map(bench.scores_of(original, start, "scoring the float model"))

    targets = pruning.chosen_layers(original, section)
    steps = bench.steps(section)
    if section.structure == "xnnpack" and section.sparsity < XNNPACK_MIN_SPARSITY:
        bench.progress.say(
            f"pruning.sparsity = {section.sparsity}: XNNPACK's sparse kernels need at least 2/3"
        )
    pruned = copy_model(original)
    masks = pruning.MaskUpdates(pruned, section, targets, steps)
    bench.fine_tune(pruned, section, teacher, callbacks=[masks], what="pruning")
    masks.finish()
    bench.recalibrate(pruned)
    save_weights(pruned, weights)
    after = bench.validation_map(bench.scores_of(pruned, weights, "scoring the pruned model"))

    layers = layer_sparsities(pruned, targets)
    result = PrunedNetwork(
        network=name,
        file=workspace.relative(weights),
        weights_sha256=digest_file(weights),
        inputs_sha256=inputs,
        structure=section.structure,
        layers=layers,
        sparsity=total_sparsity(layers),
        steps=steps,
        validation_map_before=before,
        validation_map_after=after,
    )
    result.write(record)
    of = "" if name == OWN else f" of {name}"
    bench.progress.say(
        f"pruned {counted(len(targets), 'layer')}{of}: {result.sparsity:.1%} of all weights are "
        f"zero, validation mAP {_shown(before)} → {_shown(after)}"
    )
    return result


def _shown(value: float | None) -> str:
    return "not scored" if value is None else f"{value:.3f}"
