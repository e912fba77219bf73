"""What the export stage makes variants from: weights, models on disk, calibration images."""

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from edgetag import __version__
from edgetag.catalogue.variants import BASE, VARIANTS
from edgetag.compression.weights import trained_weights
from edgetag.conversion.representative import Representative, representative_images
from edgetag.dataset import open_dataset
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.recipe import PLACES, Recipe, Variant
from edgetag.workspace import Workspace, digest_file, digest_json

if TYPE_CHECKING:
    from edgetag.conversion.convert import Graph, SavedModel
    from edgetag.tf import keras

STAGE = "edgetag.conversion.stage"


class _Network(NamedTuple):
    """A network that several variants may share, with weights of their own."""

    quantized: bool
    narrow: str


class Sources:
    """What variants are made from; the costly parts are made once, when first used.

    `close` deletes what `saved_model` has left on disk.
    """

    def __init__(self, recipe: Recipe, workspace: Workspace) -> None:
        self.recipe = recipe
        self.workspace = workspace
        self.contract = recipe.network.preprocessing()
        self._folders = ExitStack()
        self._models: dict[_Network, keras.Model] = {}
        self._graphs: dict[_Network, Graph] = {}
        self._saved_models: dict[Variant, SavedModel] = {}
        self._float_files: dict[Variant, bytes] = {}

    def close(self) -> None:
        """Delete the saved models."""
        self._folders.close()

    def weights(self, variant: Variant) -> Path:
        """Return the weights that a variant is made from.

        Raises:
            InputError: They are missing; the stage that makes them is named.
        """
        needed = trained_weights(self.workspace, variant)
        for stage, path in needed.items():
            if not path.is_file():
                raise InputError(f"{path}: missing, and {variant} needs it; run: edgetag {stage}")
        return list(needed.values())[-1]

    def digest(self, variant: Variant) -> str:
        """Return a digest of everything that a variant's bytes follow from."""
        recipe, export = self.recipe, self.recipe.export
        inputs: dict[str, object] = {
            "edgetag": __version__,  # which the file's description names
            "made with": dependencies_of(STAGE).digest,
            "weights": digest_file(self.weights(variant)),
            "network": recipe.network.model_dump(mode="json", exclude=PLACES["network"]),
            "info": [recipe.name, export.author, export.license, recipe.data.tags],
        }
        if VARIANTS[variant].chosen_types:
            inputs["types"] = [export.input_type, export.output_type]
        if VARIANTS[variant].calibrated:
            manifest = digest_file(self.workspace.manifest)
            inputs["representative"] = [manifest, export.representative_images, recipe.seed]
            inputs["calibration"] = export.calibration_steps
        if variant in export.explain:
            inputs["explain"] = True
        return digest_json(inputs)

    def model(self, variant: Variant) -> "keras.Model":
        """Return the model that a variant is made from; the next call may change its weights."""
        from edgetag.networks import load_weights

        key = _network(variant)
        if key not in self._models:
            self._models[key] = self._built(variant)
        load_weights(self._models[key], self.weights(variant))
        return self._models[key]

    def _built(self, variant: Variant) -> "keras.Model":
        from edgetag.compression.channels import widths_of, with_widths
        from edgetag.compression.quantize import build_quantized
        from edgetag.networks import build_untrained

        widths = widths_of(self.workspace, variant)
        if _network(variant).quantized:
            return build_quantized(self.recipe, widths)
        model = build_untrained(self.recipe.network, len(self.recipe.data.tags))
        return with_widths(model, widths)

    def saved_model(self, variant: Variant) -> "SavedModel":
        """Return the same on disk, for the converter; variants of the float model share one."""
        name = variant if VARIANTS[variant].trained_by else BASE
        if name not in self._saved_models:
            self._saved_models[name] = self._saved(name)
        return self._saved_models[name]

    def _saved(self, variant: Variant) -> "SavedModel":
        from edgetag.conversion.convert import build_graph, saved

        model, key = self.model(variant), _network(variant)
        if key not in self._graphs:
            self._graphs[key] = build_graph(model)
        return self._folders.enter_context(saved(self._graphs[key]))

    @cached_property
    def representative(self) -> Representative:
        """The images that calibrate variants quantized after training."""
        dataset = open_dataset(self.workspace)
        return representative_images(
            dataset, self.recipe.export.representative_images, self.recipe.seed
        )

    def float_file(self, variant: Variant) -> bytes:
        """Return the float file that a calibrated one is brought near to, without a description."""
        from edgetag.conversion.convert import convert

        name = variant if VARIANTS[variant].narrow else BASE
        if name not in self._float_files:
            self._float_files[name] = convert(self.saved_model(name), BASE, self.contract)
        return self._float_files[name]


def _network(variant: Variant) -> _Network:
    line = VARIANTS[variant]
    return _Network("quantize" in line.trained_by, line.narrow)
