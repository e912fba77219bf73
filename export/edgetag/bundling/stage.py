"""The bundle stage: one zip with everything an app needs to tag images as the recipe does."""

import hashlib
from collections.abc import Mapping

from edgetag import __version__
from edgetag.bundling.archive import MANIFEST, check_bundle, pack
from edgetag.bundling.result import BundleFile, BundleManifest, BundleResult
from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.errors import InputError
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.training.result import Thresholds
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace, write_bytes, write_text


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> BundleResult:
    """Pack the variant that the recipe names into `bundle/<name>-<version>.zip`.

    The bytes depend on the content alone. A variant that validation did not pass is packed too;
    the manifest says so.

    Raises:
        InputError: An earlier stage's file is missing, damaged or does not fit the recipe.
    """
    exported = _chosen(recipe, workspace)
    verdict = Verdict.read(workspace.validate / "verdict.json", "validate")
    files = {
        "model.tflite": workspace.verified_file(exported.file, exported.sha256).read_bytes(),
        "labels.txt": "".join(f"{tag}\n" for tag in recipe.data.tags).encode(),
        "thresholds.json": _thresholds(recipe, workspace, verdict).to_json().encode(),
        "preprocessing.json": _preprocessing(recipe),
        "verdict.json": verdict.to_json().encode(),
    }
    decision = verdict.decisions.get(exported.variant, "undecided")
    run_file = workspace.read_run_file()
    manifest = BundleManifest(
        name=recipe.name,
        version=recipe.bundle.version,
        variant=exported.variant,
        tags=len(recipe.data.tags),
        input_size=recipe.network.input_size,
        input_type=exported.input_type,
        output_type=exported.output_type,
        min_runtime_version=exported.min_runtime_version,
        verdict=decision,
        recipe_sha256=recipe.digest(),
        versions=run_file.versions if run_file else {"edgetag": __version__},
        files=_described(files),
    )
    packed = pack({MANIFEST: manifest.to_json().encode(), **files})
    path = workspace.bundle / f"{recipe.name}-{recipe.bundle.version}.zip"
    write_bytes(path, packed)
    check_bundle(path)
    result = BundleResult(
        file=workspace.relative(path),
        sha256=hashlib.sha256(packed).hexdigest(),
        size_bytes=len(packed),
        manifest=manifest,
    )
    write_text(workspace.bundle / "bundle.json", result.to_json())
    if decision != "pass":
        progress.say(f"note: validation's verdict on {exported.variant} is {decision!r}")
    return result


def _chosen(recipe: Recipe, workspace: Workspace) -> ExportedVariant:
    path = workspace.export / "export.json"
    for exported in ExportResult.read(path, "export").variants:
        if exported.variant == recipe.bundle.variant:
            return exported
    raise InputError(
        f"{path}: has no {recipe.bundle.variant}, which bundle.variant names; run: edgetag export"
    )


def _thresholds(recipe: Recipe, workspace: Workspace, verdict: Verdict) -> Thresholds:
    """Return the thresholds that the variant was judged by: the app must decide alike."""
    path = workspace.train / "thresholds.json"
    trained = Thresholds.read(path, "train")
    judged = verdict.thresholds.get(recipe.bundle.variant)
    if judged is None:
        raise InputError(
            f"{workspace.validate / 'verdict.json'}: {recipe.bundle.variant} was not judged; "
            "run: edgetag validate"
        )
    if set(judged) != set(recipe.data.tags):
        raise InputError(
            f"{workspace.validate / 'verdict.json'}: its tags are not those of the recipe; "
            "run: edgetag validate"
        )
    return trained.model_copy(update={"thresholds": judged})


def _preprocessing(recipe: Recipe) -> bytes:
    return (recipe.network.preprocessing().model_dump_json(indent=2) + "\n").encode()


def _described(files: Mapping[str, bytes]) -> tuple[BundleFile, ...]:
    return tuple(
        BundleFile(name=name, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        for name, data in sorted(files.items())
    )
