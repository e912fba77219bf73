"""The bundle stage: one zip with everything an app needs to tag images as the recipe does."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgetag import __version__
from edgetag.bundling import contents
from edgetag.bundling.archive import described, pack
from edgetag.bundling.card import model_card
from edgetag.bundling.contents import BundleThresholds
from edgetag.bundling.desktop import exported_onnx, remove_desktop_bundle, write_desktop_bundle
from edgetag.bundling.golden import make_golden, stacked
from edgetag.bundling.golden_maps import pack_maps
from edgetag.bundling.limits import judged_limits
from edgetag.bundling.names import labels_of
from edgetag.bundling.opening import read_bundle
from edgetag.bundling.pictures import read_folder
from edgetag.bundling.released import released_verdict
from edgetag.bundling.result import (
    BundledVariant,
    BundleManifest,
    BundleResult,
    ExplainSignature,
    LeftOut,
)
from edgetag.bundling.sources import golden_sources
from edgetag.conversion.exported import exported_file
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset.attribution import read_attribution
from edgetag.dataset.result import DatasetResult
from edgetag.errors import EdgetagError, InputError
from edgetag.judging.decisions import EXIT_CODES, worst
from edgetag.preprocess import Pixels
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.shipping import read_decisions, read_shipping
from edgetag.training.result import Thresholds
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace
from edgetag.writing import write_bytes

Models = tuple[tuple[ExportedVariant, Path], ...]


class NothingShipsError(EdgetagError):
    """No file passes, and the recipe asks for the best of those that do."""


def require(recipe: Recipe) -> None:
    """Refuse files that the recipe names for the bundle and that cannot be packed.

    Raises:
        InputError: They are missing or of another kind.
    """
    read_attribution(recipe)
    if (folder := recipe.bundle.golden_pictures) is not None:
        read_folder(folder, recipe.network.preprocessing())


def run(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    variants: tuple[str, ...] | None = None,
) -> BundleResult:
    """Pack what ships into `bundle/<name>-<version>.zip`.

    Equal runs give equal bytes, however fast and wherever they were. A variant that the recipe
    names is packed although validation did not pass it; the manifest says so.

    Args:
        recipe: Names what ships, or asks for the best.
        workspace: Holds the files; `bundle/` is written.
        progress: Is told of what to know of the bundle.
        variants: What ships; default: what is chosen by what lies in the run folder.

    Raises:
        InputError: An earlier stage's file is missing, damaged or does not fit the recipe.
        NothingShipsError: No file passes, and the recipe asks for the best of those that do.
    """
    variants = read_shipping(recipe, workspace).variants if variants is None else variants
    if not variants:
        raise _nothing_ships(recipe, workspace)
    if recipe.bundle.desktop:
        exported_onnx(workspace)  # refused before anything is packed
    parts, files = _gather(recipe, workspace, variants, progress)
    manifest = _manifest(recipe, workspace, parts, files)
    packed = pack({contents.MANIFEST: manifest.to_json().encode(), **files})
    path = workspace.bundle_file(recipe.name, recipe.bundle.version)
    write_bytes(path, packed)
    read_bundle(path)
    if not recipe.bundle.desktop:
        remove_desktop_bundle(recipe, workspace)
    result = BundleResult(
        file=workspace.relative(path),
        sha256=hashlib.sha256(packed).hexdigest(),
        size_bytes=len(packed),
        manifest=manifest,
        golden_pictures=len(parts.inputs),
        left_out=parts.left_out,
        desktop=write_desktop_bundle(recipe, workspace, parts.inputs, progress)
        if recipe.bundle.desktop
        else None,
    )
    result.write(workspace.bundle / "bundle.json")
    _tell(result, progress)
    return result


@dataclass(frozen=True)
class _Parts:
    """What the manifest and the result say of the files beside their bytes."""

    exported: tuple[ExportedVariant, ...]
    verdict: Verdict
    inputs: Pixels
    left_out: tuple[LeftOut, ...]


def _nothing_ships(recipe: Recipe, workspace: Workspace) -> NothingShipsError:
    verdict = Verdict.read(workspace.validate / "verdict.json", "validate")
    decisions = read_decisions(recipe, workspace)
    told = ", ".join(f"{name}: {decision}" for name, decision in decisions.items())
    error = NothingShipsError(
        f"{workspace.root}: no file passes ({told}), so there is nothing "
        'to bundle; edgetag report says why, and [bundle] variants = ["int8"] would pack a file '
        "whatever the verdict"
    )
    deciding = (name for name in decisions if name not in verdict.passed_over)
    decided = worst([verdict.verdict, *(decisions[name] for name in deciding)])
    error.exit_code = EXIT_CODES["undecided" if decided == "pass" else decided]
    return error


def _gather(
    recipe: Recipe, workspace: Workspace, variants: tuple[str, ...], progress: Progress
) -> tuple[_Parts, dict[str, bytes]]:
    """Return every file but the manifest, by its name in the bundle."""
    models = _models(workspace, variants)
    exported = tuple(file for file, _ in models)
    verdict = Verdict.read(workspace.validate / "verdict.json", "validate")
    trained = Thresholds.read(workspace.train / "thresholds.json", "train")
    data = DatasetResult.read(workspace.dataset / "summary.json", "data build")
    thresholds = _thresholds(recipe, workspace, verdict, exported)
    contract, labels = recipe.network.preprocessing(), labels_of(recipe)
    default, model = models[0]
    sources = golden_sources(recipe, workspace, model, thresholds.thresholds[default.variant])
    inputs = stacked(sources)
    golden, known, left_out = make_golden(
        sources, models, len(recipe.data.tags), contract, progress
    )
    card = model_card(recipe, exported, data, trained, verdict, labels, golden, left_out)
    files = {
        contents.SCHEMA: (
            json.dumps(BundleManifest.json_schema(written=True), indent=2) + "\n"
        ).encode(),
        contents.LABELS_TEXT: contents.labels_text(recipe.data.tags),
        contents.LABELS: labels.to_json().encode(),
        contents.THRESHOLDS: thresholds.to_json().encode(),
        contents.PREPROCESSING: (contract.model_dump_json(indent=2) + "\n").encode(),
        contents.GOLDEN: golden.to_json().encode(),
        contents.GOLDEN_INPUTS: inputs.tobytes(),
        contents.CARD: card.encode(),
        contents.VERDICT: released_verdict(verdict).encode(),
    }
    for picture, source in zip(golden.pictures, sources, strict=True):
        files[picture.file] = source.data
    if golden.maps is not None:
        files[golden.maps] = pack_maps(known)
    for file, path in models:
        files[_model_name(file)] = path.read_bytes()
    if (attribution := read_attribution(recipe)) is not None:
        files[contents.ATTRIBUTION] = attribution
    return _Parts(exported, verdict, inputs, left_out), files


def _models(workspace: Workspace, variants: tuple[str, ...]) -> Models:
    return tuple(exported_file(workspace, variant) for variant in variants)


def _model_name(file: ExportedVariant) -> str:
    return f"{file.variant}{contents.MODEL_SUFFIX}"


def _thresholds(
    recipe: Recipe,
    workspace: Workspace,
    verdict: Verdict,
    exported: tuple[ExportedVariant, ...],
) -> BundleThresholds:
    """Return the thresholds that the variants were judged by: the app must decide alike."""
    path = workspace.validate / "verdict.json"
    thresholds: dict[str, dict[str, float]] = {}
    for file in exported:
        judged = verdict.thresholds.get(file.variant)
        if judged is None:
            raise InputError(f"{path}: {file.variant} was not judged; run: edgetag validate")
        if verdict.digests_of(file.variant) - {file.sha256}:
            raise InputError(
                f"{path}: it judges another file called {file.variant} than {file.file}, such as "
                "one given by hand; run: edgetag validate"
            )
        if set(judged) != set(recipe.data.tags):
            raise InputError(f"{path}: its tags are not those of the recipe; run: edgetag validate")
        thresholds[file.variant] = {tag: judged[tag] for tag in recipe.data.tags}
    return BundleThresholds(thresholds=thresholds)


def _manifest(
    recipe: Recipe,
    workspace: Workspace,
    parts: _Parts,
    files: Mapping[str, bytes],
) -> BundleManifest:
    run_file = workspace.read_run_file()
    return BundleManifest(
        name=recipe.name,
        version=recipe.bundle.version,
        tags=recipe.data.tags,
        input_size=recipe.network.input_size,
        variants=tuple(_described_variant(file, parts.verdict) for file in parts.exported),
        recipe_sha256=recipe.digest(),
        versions=run_file.versions if run_file else {"edgetag": __version__},
        files=described(files),
    )


def _described_variant(file: ExportedVariant, verdict: Verdict) -> BundledVariant:
    return BundledVariant(
        variant=file.variant,
        file=_model_name(file),
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        input_type=file.input_type,
        output_type=file.output_type,
        min_runtime_version=file.min_runtime_version,
        verdict=verdict.decisions.get(file.variant, "undecided"),
        explain=_explain(file),
        limits=judged_limits(verdict, file.variant),
    )


def _explain(file: ExportedVariant) -> ExplainSignature | None:
    """Return the signature that gives maps, None where the export made none."""
    maps = file.explain_maps
    if maps is None:
        return None
    return ExplainSignature(signature=maps.signature, height=maps.height, width=maps.width)


def _tell(result: BundleResult, progress: Progress) -> None:
    for variant in result.manifest.variants:
        if variant.verdict != "pass":
            progress.say(f"note: validation's verdict on {variant.variant} is {variant.verdict!r}")
    for missing in result.left_out:
        progress.say(
            f"note: {missing.variant} has no known outputs of {missing.family}, which does not run "
            f"it here: {missing.reason}"
        )
