"""Where the weights lie that a variant is made from, and whether they are still those wanted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from edgetag.catalogue.variants import VARIANTS
from edgetag.compression.result import NarrowedNetwork, PrunedNetwork, QuantizedVariant
from edgetag.errors import InputError
from edgetag.recipe import PLACES, Variant
from edgetag.workspace import Workspace, digest_file, digest_json

if TYPE_CHECKING:
    from edgetag.compression.fine_tuning import Bench

Kind = TypeVar("Kind", NarrowedNetwork, PrunedNetwork, QuantizedVariant)

OWN = "model"
"""What files of the recipe's own network are called, beside those of narrower ones."""


def trained_weights(workspace: Workspace, variant: Variant) -> dict[str, Path]:
    """Return stage → the weights that it leaves for a variant, in order; the last are its own."""
    network = VARIANTS[variant].narrow or OWN
    files = {
        "train": workspace.train / "model.npz",
        "narrow": workspace.narrow / f"{network}.npz",
        "prune": workspace.prune / f"{network}.npz",
        "quantize": workspace.quantize / f"{variant}.npz",
    }
    return {stage: files[stage] for stage in ("train", *VARIANTS[variant].trained_by)}


def weights_digest(
    bench: "Bench", name: str, starts: Mapping[str, Path], making: Sequence[object]
) -> str:
    """Digest all that decides the weights that a stage leaves.

    Args:
        bench: What the stage works with.
        name: What the weights are of.
        starts: Stage → the weights of it that they start from.
        making: The code and settings that make them.

    Raises:
        InputError: Weights that it starts from are missing.
    """
    recipe, workspace = bench.recipe, bench.workspace
    for stage, path in starts.items():
        if not path.exists():
            raise InputError(f"{path}: missing; run: edgetag {stage}")
    return digest_json(
        {
            "making": making,
            "name": name,
            "seed": recipe.seed,
            "network": recipe.network.model_dump(exclude=PLACES["network"]),
            "training": recipe.training.model_dump(exclude={"phases", "thresholds"}),
            "manifest": digest_file(workspace.manifest),
            "images": bench.dataset.cache.shards.fingerprint,
            "weights": [digest_file(path) for path in sorted(starts.values())],
        }
    )


def kept_record(kind: type[Kind], record: Path, weights: Path, inputs: str) -> Kind | None:
    """Return the record of an earlier run if it and its weights are those wanted now."""
    kept = kind.read_kept(record)
    if kept is None or not weights.exists() or kept.inputs_sha256 != inputs:
        return None
    return kept if kept.weights_sha256 == digest_file(weights) else None
