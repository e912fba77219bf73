"""The float file that layers are taken from."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from edgetag.catalogue.variants import BASE, VARIANTS
from edgetag.conversion.result import ExportedVariant
from edgetag.conversion.sources import Sources
from edgetag.dependencies import dependencies_of
from edgetag.progress import Progress
from edgetag.recipe import PLACES, Recipe, Variant
from edgetag.records import Result
from edgetag.workspace import Workspace, digest_file, digest_json
from edgetag.writing import write_bytes

if TYPE_CHECKING:
    from edgetag.tf import keras


class FloatRecord(Result):
    """What a kept float file was made from."""

    SCHEMA: ClassVar[str] = "edgetag.rescue-float/1.0"
    inputs: str
    sha256: str


def float_file(
    recipe: Recipe,
    workspace: Workspace,
    variant: Variant,
    fp32: ExportedVariant,
    progress: Progress,
) -> Path:
    """Return the float file with the weights that a variant was quantized from.

    For a variant of the float model that is the exported `fp32`. One that was trained
    quantization-aware, or is narrower, has weights of its own; these are converted as they were
    before their rounding, once, which needs TensorFlow.

    Raises:
        InputError: Weights are missing or damaged, or TensorFlow is not installed.
    """
    line = VARIANTS[variant]
    if "quantize" not in line.trained_by and not line.narrow:
        return workspace.verified_file(fp32.file, fp32.sha256)
    file = workspace.rescue / "work" / f"{variant}-float.tflite"
    record_file = file.with_suffix(".json")
    sources = Sources(recipe, workspace)
    inputs = digest_json(
        {
            "made with": dependencies_of(__name__).digest,
            "weights": digest_file(sources.weights(variant)),
            "network": recipe.network.model_dump(mode="json", exclude=PLACES["network"]),
            "tags": recipe.data.tags,
        }
    )
    kept = FloatRecord.read_kept(record_file)
    if kept and file.exists() and (kept.inputs, kept.sha256) == (inputs, digest_file(file)):
        return file
    from edgetag.compression.channels import widths_of
    from edgetag.conversion.convert import convert, saved

    with progress.track(f"converting the float weights of {variant}", None) as task:
        bare = sources.model(variant)
        if "quantize" in line.trained_by:
            bare = bare_network(recipe, bare, widths_of(workspace, variant))
        with saved(bare) as model:
            write_bytes(file, convert(model, BASE, recipe.network.preprocessing()))
        task.advance()
    record = FloatRecord(inputs=inputs, sha256=digest_file(file))
    record.write(record_file)
    return file


def bare_network(recipe: Recipe, model: "keras.Model", widths: Mapping[str, int]) -> "keras.Model":
    """Return the float network with the weights of a quantization-aware one.

    Args:
        recipe: Recipe of the network.
        model: As `compression.quantize` trains it. Its wrappers hold the trained weights among
            their own; they are found by layer and by the last part of their names.
        widths: Of a narrower network; see `channels.widths_of`.
    """
    from edgetag.compression.channels import with_widths
    from edgetag.compression.folding import folded
    from edgetag.networks import build_untrained

    trained = {
        layer.layer.name: {_last(v.name): v for v in layer.weights}
        for layer in model.layers
        if hasattr(layer, "layer")
    }
    network = build_untrained(recipe.network, len(recipe.data.tags))
    bare = folded(with_widths(network, widths))
    for layer in bare.layers:
        if layer.weights:
            sources = trained[layer.name]
            layer.set_weights([sources[_last(v.name)].numpy() for v in layer.weights])
    return bare


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]
