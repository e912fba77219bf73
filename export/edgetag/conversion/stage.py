"""The export stage: trained weights → one `.tflite` file per variant, described and checked."""

import hashlib
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from edgetag.catalogue.variants import BASE, VARIANTS
from edgetag.compression.result import QuantizeResult
from edgetag.compression.weights import trained_weights
from edgetag.conversion import checks, onnx_step, serving_step
from edgetag.conversion.explain_signature import check_explain, read_explain
from edgetag.conversion.exported import exported_path
from edgetag.conversion.flatfile import gzip_size, parse_model
from edgetag.conversion.metadata import ModelInfo, attach
from edgetag.conversion.op_versions import required_runtime
from edgetag.conversion.result import (
    Calibration,
    ExplainSignature,
    ExportedVariant,
    ExportResult,
    VariantRecord,
)
from edgetag.conversion.sources import Sources
from edgetag.errors import InputError, one_line
from edgetag.progress import Progress
from edgetag.recipe import Recipe, Variant
from edgetag.workspace import Workspace, digest_file
from edgetag.writing import write_bytes


def require(recipe: Recipe) -> None:
    """Refuse a recipe that asks for files whose makers are not installed.

    Raises:
        InputError: They are not.
    """
    if recipe.export.onnx:
        onnx_step.require_onnx()


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> ExportResult:
    """Write every variant of the recipe, and those of `if_needed` that were trained.

    A variant whose inputs have not changed since it was written is checked again but not
    converted again, so an export that was killed goes on where it stopped.

    Args:
        recipe: Names variants, element types and the target.
        workspace: Holds the weights and receives the files.
        progress: Is told of every variant.

    Raises:
        InputError: Weights of an earlier stage are missing, or a file fails a check.
    """
    require(recipe)
    variants = (*recipe.export.variants, *_trained_if_needed(recipe, workspace))
    result = make(recipe, workspace, variants, progress)
    with closing(Sources(recipe, workspace)) as sources:
        if recipe.export.serving:
            result = result.replace(serving=serving_step.serving_model(sources, progress))
        if recipe.export.onnx:
            result = result.replace(onnx=onnx_step.onnx_model(sources, progress))
    for warning in result.warnings:
        progress.say(warning)
    result.write(exported_path(workspace))
    _remove_dropped(result, workspace)
    return result


def _remove_dropped(result: ExportResult, workspace: Workspace) -> None:
    """Remove what an earlier export left that the recipe no longer asks for.

    Beside the others it would be taken for a file of the network of now.
    """
    kept = {file.variant for file in result.variants}
    dropped = [
        f"{name}.{end}" for name in VARIANTS if name not in kept for end in ("tflite", "json")
    ]
    if result.onnx is None:
        dropped += [onnx_step.FILE, onnx_step.WEIGHTS]
    for name in dropped:
        (workspace.export / name).unlink(missing_ok=True)
    served = workspace.export / serving_step.FOLDER
    if result.serving is None and served.is_dir():
        shutil.rmtree(served)


def make(
    recipe: Recipe, workspace: Workspace, variants: Sequence[Variant], progress: Progress
) -> ExportResult:
    """Write those of some variants that are not there yet; each leaves its file and record.

    Raises:
        InputError: As in `run`.
    """
    exported: list[ExportedVariant] = []
    warnings: list[str] = []
    with (
        closing(Sources(recipe, workspace)) as sources,
        progress.track("exporting", len(variants), "files") as task,
    ):
        for variant in variants:
            sources.weights(variant)  # a missing file is told before the work, not after it
        for variant in variants:
            task.advance(0, note=variant)
            record, warning = _export(variant, sources)
            exported.append(record)
            if warning:
                warnings.append(warning)
            task.advance(1, note=variant)
    return ExportResult(variants=tuple(exported), warnings=tuple(warnings))


def _trained_if_needed(recipe: Recipe, workspace: Workspace) -> tuple[Variant, ...]:
    """Return the variants of `if_needed` whose weights are those that `quantize.json` tells of."""
    path = workspace.quantize / "quantize.json"
    if not recipe.export.fallback or not path.is_file():
        return ()
    trained = {
        quantized.variant
        for quantized in QuantizeResult.read(path, "quantize").variants
        if (workspace.root / quantized.file).is_file()
        and digest_file(workspace.root / quantized.file) == quantized.weights_sha256
    }
    return tuple(variant for variant in recipe.export.fallback if variant in trained)


def _export(variant: Variant, sources: Sources) -> tuple[ExportedVariant, str | None]:
    """Reuse or make one variant; return what it is and what warns of it."""
    folder = sources.workspace.export
    file, record_file = folder / f"{variant}.tflite", folder / f"{variant}.json"
    inputs = sources.digest(variant)
    reused = _reusable(file, record_file, inputs)
    data, calibration = (file.read_bytes(), None) if reused else _convert(variant, sources)
    model = parse_model(data, file)
    rescued = reused is not None and reused.rescued != ""
    warning = _check(model, variant, sources, file, rescued)  # before a bad file gets its name
    if reused:
        return reused, warning
    described = describe(model, data, variant, file, sources.workspace)
    exported = described.replace(calibration=calibration)
    write_bytes(file, data)
    VariantRecord(inputs=inputs, exported=exported).write(record_file)
    return exported, warning


def describe(
    model: Any, data: bytes, variant: Variant, file: Path, workspace: Workspace
) -> ExportedVariant:
    """Return what is said of an exported file.

    Args:
        model: The file, parsed.
        data: Its bytes.
        variant: Its name.
        file: Where it lies, or will.
        workspace: The run folder.
    """
    input_type, output_type = checks.boundary_types(model)
    return ExportedVariant(
        variant=variant,
        file=workspace.relative(file),
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        gzip_bytes=gzip_size(data),
        input_type=input_type,
        output_type=output_type,
        min_runtime_version=required_runtime(model),
        operators=checks.count_operators(model),
        float_tensors=checks.count_float_tensors(model),
        float_scores=checks.has_float_scores(model),
        sparsity=checks.sparsity(model),
        explain_maps=_explain_maps(model, file),
    )


def _explain_maps(model: Any, file: Path) -> ExplainSignature | None:
    maps = read_explain(model, file)
    return ExplainSignature(height=maps.height, width=maps.width) if maps else None


def _reusable(file: Path, record_file: Path, inputs: str) -> ExportedVariant | None:
    """Return what an earlier export says of a file that is still the one it wrote."""
    record = VariantRecord.read_kept(record_file)  # None: it was never finished, or is damaged
    if record is None or not file.exists() or record.inputs != inputs:
        return None
    return record.exported if digest_file(file) == record.exported.sha256 else None


def _convert(variant: Variant, sources: Sources) -> tuple[bytes, Calibration | None]:
    """Return a variant's file, and how it was calibrated behind its conversion."""
    from edgetag.conversion.convert import convert

    export, calibrated = sources.recipe.export, VARIANTS[variant].calibrated
    if variant == BASE:
        data = sources.float_file(BASE)
    else:
        data = convert(
            sources.saved_model(variant),
            variant,
            sources.contract,
            input_type=export.input_type,
            output_type=export.output_type,
            representative=sources.representative.calibrating if calibrated else None,
        )
    calibration = None
    if calibrated and export.calibration_steps:
        data, calibration = _calibrate(data, variant, sources)
    info = ModelInfo.of(sources.recipe, variant)
    return attach(data, info, variant in export.explain), calibration


def _calibrate(data: bytes, variant: Variant, sources: Sources) -> tuple[bytes, Calibration]:
    from edgetag.conversion.calibration.calibrate import calibrate
    from edgetag.conversion.calibration.pictures import Pictures

    images = sources.representative
    try:
        return calibrate(
            data,
            sources.float_file(variant),
            Pictures(images.calibrating, sources.contract),
            Pictures(images.others, sources.contract),
            sources.recipe.export.calibration_steps,
        )
    except RuntimeError as error:
        raise InputError(
            f"export of {variant}: LiteRT cannot run what TensorFlow Lite's converter makes of "
            f"{sources.recipe.network.name}: {one_line(str(error))}. Some of its layers may give "
            f"hardly anything: train it longer, or leave {variant} out of export.variants"
        ) from error


def _check(model: Any, variant: Variant, sources: Sources, file: Path, rescued: bool) -> str | None:
    """Check a file, of a rescued one all but what layers in float change; return a warning or None.

    Raises:
        InputError: It is not what the recipe asked for.
    """
    export, line = sources.recipe.export, VARIANTS[variant]
    checks.check_target_ops(model, export.target_ops, file)
    if line.computes == "integer" and not rescued:
        checks.check_full_integer(model, file)
    if line.chosen_types:
        checks.check_input_exact(model, sources.contract, file)
    if "prune" in line.trained_by and not rescued:
        pruned = checks.stored_sparsity(trained_weights(sources.workspace, variant)["prune"])
        checks.check_sparsity_kept(model, pruned, file)
    if variant in export.explain and not rescued:
        check_explain(model, file)
    return checks.runtime_warning(model, export.target_runtime, file)
