"""The prune stage: from `train/model.npz` to `prune/model.npz` with a proven share of zeros."""

from edgetag.catalogue.variants import trained_by
from edgetag.compression import pruning
from edgetag.compression.batch_norm import recalibrate
from edgetag.compression.fine_tuning import open_bench
from edgetag.compression.result import PruneResult
from edgetag.compression.sparsity import layer_sparsities, total_sparsity
from edgetag.networks import save_weights
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace, digest_file, write_text

XNNPACK_MIN_SPARSITY = 2 / 3
"""Below it XNNPACK runs its dense kernels."""


def needed(recipe: Recipe) -> bool:
    """Tell whether any variant of the recipe is made from the pruned model."""
    return bool(set(trained_by("prune")) & set(recipe.export.possible))


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> PruneResult:
    """Prune the float model, fine-tune it, and measure its batch norm anew.

    Raises:
        InputError: Data or float weights are missing, or nothing can be pruned so.
        SparsityNotReachedError: A layer ended denser than the recipe says.
    """
    section = recipe.pruning
    bench = open_bench(recipe, workspace, progress)
    start = workspace.train / "model.npz"
    original = bench.load(start)
    before = bench.validation_map(bench.scores_of(original, start, "scoring the float model"))

    targets = pruning.chosen_layers(original, section)
    steps = bench.steps(section)
    if section.structure == "xnnpack" and section.sparsity < XNNPACK_MIN_SPARSITY:
        progress.say(
            f"pruning.sparsity = {section.sparsity}: XNNPACK's sparse kernels need at least 2/3"
        )
    wrapped = pruning.wrap(original, section, targets, steps)
    bench.fine_tune(wrapped, section, original, freeze_batch_norm=False, what="pruning")
    pruned = pruning.strip(wrapped, section, targets)
    recalibrate(
        pruned,
        bench.dataset,
        bench.training,
        bench.contract,
        progress,
        batch_size=recipe.training.batch_size,
        seed=recipe.seed,
    )
    weights = workspace.prune / "model.npz"
    save_weights(pruned, weights)
    after = bench.validation_map(bench.scores_of(pruned, weights, "scoring the pruned model"))

    layers = layer_sparsities(pruned, targets)
    result = PruneResult(
        structure=section.structure,
        layers=layers,
        sparsity=total_sparsity(layers),
        steps=steps,
        validation_map_before=before,
        validation_map_after=after,
        weights_sha256=digest_file(weights),
    )
    write_text(workspace.prune / "prune.json", result.to_json())
    progress.say(
        f"pruned {len(targets)} layers: {result.sparsity:.1%} of all weights are zero, "
        f"validation mAP {_shown(before)} → {_shown(after)}"
    )
    return result


def _shown(value: float | None) -> str:
    return "not scored" if value is None else f"{value:.3f}"
