"""The quantize stage: one quantization-aware training per `*-qat` variant, resumed by variant."""

from collections.abc import Sequence
from pathlib import Path

from edgetag.catalogue.variants import VARIANTS, trained_by
from edgetag.compression.channels import widths_of
from edgetag.compression.fine_tuning import Bench, open_bench
from edgetag.compression.folding import folded
from edgetag.compression.imitation import ends_near
from edgetag.compression.quantize import quantization_aware, warm_up
from edgetag.compression.result import QuantizedVariant, QuantizeResult
from edgetag.compression.rounding import StepAdam, rounding_steps
from edgetag.compression.schemes import settle_ranges
from edgetag.compression.sparsity import layer_sparsities, require_sparsity, total_sparsity
from edgetag.compression.weights import kept_record, trained_weights, weights_digest
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.metrics import logit_rmse
from edgetag.networks import save_weights
from edgetag.progress import Progress
from edgetag.recipe import Recipe, Variant
from edgetag.tf import keras
from edgetag.workspace import Workspace, digest_file


def needed(recipe: Recipe) -> tuple[Variant, ...]:
    """Return the recipe's variants that are trained quantization-aware."""
    return tuple(v for v in recipe.export.possible if v in trained_by("quantize"))


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> QuantizeResult:
    """Train each quantization-aware variant that is not there yet.

    Raises:
        InputError: The recipe has no such variant, something it starts from is missing, or a
            layer cannot be quantized.
    """
    variants = needed(recipe)
    if not variants:
        raise InputError(
            "there is nothing to train quantization-aware; name one of "
            f"{', '.join(trained_by('quantize'))} in export.variants"
        )
    result = QuantizeResult(variants=train(recipe, workspace, variants, progress))
    result.write(workspace.quantize / "quantize.json")
    return result


def train(
    recipe: Recipe, workspace: Workspace, variants: Sequence[Variant], progress: Progress
) -> tuple[QuantizedVariant, ...]:
    """Train those of some variants that are not there yet; each leaves its weights and record.

    Raises:
        InputError: As in `run`.
    """
    bench = open_bench(recipe, workspace, progress)
    return tuple(_variant(bench, variant) for variant in variants)


def start_weights(workspace: Workspace, variant: Variant) -> Path:
    """Return the float weights that a variant begins from."""
    *_, start, _own = trained_weights(workspace, variant).values()
    return start


def _variant(bench: Bench, variant: Variant) -> QuantizedVariant:
    workspace, section = bench.workspace, bench.recipe.quantization
    files = trained_weights(workspace, variant)
    weights = files["quantize"]
    record = workspace.quantize / f"{variant}.json"
    making = [dependencies_of(__name__).digest, section.model_dump()]
    starts = {stage: path for stage, path in files.items() if stage != "quantize"}
    inputs = weights_digest(bench, variant, starts, making)
    if (finished := kept_record(QuantizedVariant, record, weights, inputs)) is not None:
        bench.progress.say(f"{variant}: unchanged, kept")
        return finished

    keras.utils.set_random_seed(bench.recipe.seed)
    sparse = "prune" in VARIANTS[variant].trained_by
    start = start_weights(workspace, variant)
    original = bench.load(start, widths_of(workspace, variant))
    model = quantization_aware(original, bench.contract, ema_decay=section.ema_decay)
    warm_up(
        model,
        bench.dataset,
        bench.training,
        bench.contract,
        bench.progress,
        steps=section.warmup_steps,
        batch_size=bench.recipe.training.batch_size,
        seed=bench.recipe.seed,
    )
    float_scores = bench.scores_of(original, start, f"{variant}: scoring the float model")
    settle_ranges(model)
    score = bench.scorer(model)
    warm = logit_rmse(score(f"{variant}: scoring after the warm-up"), float_scores)
    bench.progress.say(f"{variant}: after the warm-up its logits are {warm:.3f} off")

    teacher = original if start == files["train"] else bench.load(files["train"])
    ends, near = ends_near(model, folded(teacher))
    steps = rounding_steps(model, keep_zeros=sparse)
    bench.fine_tune(
        model,
        section,
        near,
        ends=ends,
        optimizer=lambda rate: StepAdam(rate, steps),
        what=variant,
    )
    # First, since it refuses what diverged: what is no number is no zero either.
    scores = score(f"{variant}: scoring")
    layers = layer_sparsities(model)
    if sparse:
        starting = {layer.layer: layer.sparsity for layer in layer_sparsities(original)}
        layers = layer_sparsities(model, starting)
        require_sparsity(layers, "Quantization-aware training lost zeros; report this as a bug.")

    save_weights(model, weights)
    result = QuantizedVariant(
        variant=variant,
        file=workspace.relative(weights),
        weights_sha256=digest_file(weights),
        inputs_sha256=inputs,
        warmup_steps=section.warmup_steps,
        logit_rmse_after_warmup=warm,
        logit_rmse=logit_rmse(scores, float_scores),
        sparsity=total_sparsity(layers),
        validation_map_before=bench.validation_map(float_scores),
        validation_map=bench.validation_map(scores),
    )
    result.write(record)
    return result
