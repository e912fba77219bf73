"""Architectures, and reading pretrained weights.

Importing a name from here imports TensorFlow; importing the package alone does not.

- `blocks`: convolution blocks that the mobile networks share, and how widths are rounded.
- `equalization`: channels between blocks, brought to like ranges.
- `given_weights`: the file of weights that a recipe names, before it is read.
- `graph`: which layers of a functional model read which.
"""

from typing import TYPE_CHECKING, Any

from edgetag.catalogue.networks import CAM

if TYPE_CHECKING:
    from edgetag.networks.building import build, build_untrained, head_layers
    from edgetag.networks.heat_maps import heat_map_function, map_place
    from edgetag.networks.scoring import BATCH_SIZE, Scorer, maps_of
    from edgetag.networks.weights import load_weights, save_weights

__all__ = [
    "BATCH_SIZE",
    "CAM",
    "Scorer",
    "build",
    "build_untrained",
    "head_layers",
    "heat_map_function",
    "load_weights",
    "map_place",
    "maps_of",
    "save_weights",
]


if not TYPE_CHECKING:  # else any name would pass for one that is there

    def __getattr__(name: str) -> Any:
        """Import a public name when it is first used (PEP 562)."""
        if name in __all__:
            from importlib import import_module

            for module in ("building", "heat_maps", "scoring", "weights"):
                holder = import_module(f"edgetag.networks.{module}")
                if hasattr(holder, name):
                    return getattr(holder, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
