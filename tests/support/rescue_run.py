"""A run folder made without TensorFlow, and an int8 file in which one layer is spoilt."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgetag.arrays import write_arrays
from edgetag.conversion.explain_signature import add_explain
from edgetag.conversion.flatfile import constant, operators, pack_model, read_model
from edgetag.dependencies import dependencies_of
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, parse_recipe
from edgetag.runtimes import engines
from edgetag.runtimes.maps import MapRun, explain
from edgetag.training.result import Thresholds
from edgetag.validation.scores import (
    ReferenceMaps,
    ReferenceMeta,
    ReferenceScores,
    write_reference,
)
from edgetag.workspace import Workspace, digest_file
from tests.support.run_folders import (
    FLOAT,
    TAGS,
    noisy_pictures,
    score,
    tiny_recipe,
    write_cache,
    write_manifest,
    write_models,
)

RECIPE = tiny_recipe(
    "tiny",
    """[validation]
min_positives = 10
bootstrap_samples = 200
[benchmark]
warmup_runs = 1
runs = 10
[bundle]
variant = "int8"
""",
)
TEST, TRAIN = 200, 24


def outlier(file: Path, layer: str, steps: int) -> bytes:
    """Return an int8 file whose layer has the weights that one huge outlier would leave.

    Were the largest weight `steps` times as large, every step between weights would be too: the
    others are rounded to multiples of so many of their own steps.
    """
    model = read_model(file)
    graph = model.subgraphs[0]
    for op in operators(model, graph):
        tensor = graph.tensors[op.inputs[1]] if len(op.inputs) == 3 else None
        if tensor is None or layer not in tensor_label(graph, op.outputs[0]):
            continue
        values: Any = constant(model, tensor)
        coarse = (np.round(values / steps) * steps).clip(-127, 127).astype(np.int8)
        model.buffers[tensor.buffer].data = np.frombuffer(coarse.tobytes(), np.uint8)
        return pack_model(model)
    raise ValueError(f"no layer {layer} in {file}")


def tensor_label(graph: Any, position: int) -> str:
    return (graph.tensors[position].name or b"").decode()


@dataclass(frozen=True)
class RescueRun:
    """A workspace as the validate stage leaves it, and the recipe it was made by."""

    workspace: Workspace
    recipe: Recipe

    def with_recipe(self, more: str, *, benchmark: str = "", export: str = "") -> Recipe:
        """Return the recipe with more at its end, and in two of its sections."""
        text = RECIPE.replace("[benchmark]", f"[benchmark]\n{benchmark}")
        text = text.replace("[export]", f"[export]\n{export}")
        return parse_recipe(text + more, self.workspace.root / "recipe.toml")


def explained(file: Path) -> bytes:
    """Return a file with the second signature, which gives heat maps."""
    model = read_model(file)
    add_explain(model, file)
    return pack_model(model)


def float_maps(cache: Path, recipe: Recipe, identities: list[str]) -> ReferenceMaps:
    """Return the float file's heat maps of the test pictures."""
    file = cache.with_name("explained.tflite")
    file.write_bytes(explained(FLOAT))
    with SilentProgress().track("maps", TEST) as task:
        found = explain(
            engines.get("litert"),
            file,
            cache,
            np.arange(TEST),
            recipe.network.preprocessing(),
            task,
        )
    assert isinstance(found, MapRun)
    return ReferenceMaps(found.maps, tuple(identities[:TEST]))


def make_run(folder: Path, int8: bytes, other: int = 0, maps: bool = False) -> RescueRun:
    """Write a run of 200 test and 24 training pictures, labelled by noisy float scores.

    The last `other` of the test pictures are those of the split test_other. With `maps` the
    reference has the float file's heat maps.
    """
    workspace, recipe = Workspace(folder), parse_recipe(RECIPE, folder / "recipe.toml")
    pixels = noisy_pictures(TEST + TRAIN)
    scores = score(FLOAT, pixels, recipe)
    generator = np.random.default_rng(6)
    noisy = scores + generator.normal(0, 0.05, scores.shape)
    labels = (noisy > np.quantile(noisy, 0.7, axis=0)).astype(np.int8)
    identities = [f"id{i}" for i in range(len(pixels))]

    write_cache(workspace.cache, pixels)
    splits = ["test"] * (TEST - other) + ["test_other"] * other + ["train"] * TRAIN
    write_manifest(workspace, splits, dict(zip(TAGS, labels.T, strict=True)))

    write_arrays(workspace.train / "model.npz", {"weights": np.arange(3)})
    thresholds = Thresholds(policy="fixed", split="validation", thresholds=dict.fromkeys(TAGS, 0.5))
    thresholds.write(workspace.train / "thresholds.json")
    meta = ReferenceMeta(
        engine="LiteRT",
        device="this machine",
        versions={},
        weights_sha256=digest_file(workspace.train / "model.npz"),
        preprocessing=recipe.network.preprocessing().digest(),
        made_with=dependencies_of("edgetag.validation.reference").digest,
    )
    reference = ReferenceScores(
        scores[:TEST],
        tuple(identities[:TEST]),
        TAGS,
        tuple(splits[:TEST]),
        meta,
        maps=float_maps(workspace.cache, recipe, identities) if maps else None,
    )
    write_reference(workspace.validate / "reference.npz", reference)
    write_models(workspace, int8)
    return RescueRun(workspace, recipe)
