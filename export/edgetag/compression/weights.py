"""Where the weights lie that a variant is made from."""

from pathlib import Path

from edgetag.catalogue.variants import VARIANTS
from edgetag.recipe import Variant
from edgetag.workspace import Workspace


def trained_weights(workspace: Workspace, variant: Variant) -> dict[str, Path]:
    """Return stage → the weights that it leaves for a variant, in order; the last are its own."""
    files = {
        "train": workspace.train / "model.npz",
        "prune": workspace.prune / "model.npz",
        "quantize": workspace.quantize / f"{variant}.npz",
    }
    return {stage: files[stage] for stage in ("train", *VARIANTS[variant].trained_by)}
