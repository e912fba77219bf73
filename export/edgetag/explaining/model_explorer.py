"""Errors of layers as colours of a graph: node data that Google's Model Explorer lays over a file.

The format is that of `model_explorer.node_data_builder.GraphNodeData`, whose keys may be names of
output tensors: https://github.com/google-ai-edge/model-explorer/wiki
"""

import json
from pathlib import Path
from typing import Any

from edgetag.explaining.result import Blame, LayerError
from edgetag.writing import write_text

FOLDER = "model-explorer"
WHITE, RED = "#ffffff", "#d03b3b"
GRADIENT = [{"stop": 0, "bgColor": WHITE}, {"stop": 1, "bgColor": RED}]
VALUES = {"error": "error of the output", "added": "error that the layer adds"}


def node_data(blame: Blame, value: str) -> dict[str, Any]:
    """Return one value of each layer, by the names of its output in both files.

    Args:
        blame: Layers of a quantized file.
        value: A key of `VALUES`.
    """
    results = {
        name: {"value": getattr(layer, value)} for layer in blame.layers for name in _names(layer)
    }
    return {
        "name": f"{blame.variant}: {VALUES[value]}",
        "results": results,
        "gradient": GRADIENT,
    }


def _names(layer: LayerError) -> set[str]:
    return {layer.name, layer.own_name} - {""}


def write_node_data(blames: tuple[Blame, ...], folder: Path) -> None:
    """Write `FOLDER/VARIANT-VALUE.json` for each variant and value; delete other JSON there.

    Args:
        blames: Of each quantized variant.
        folder: That of the explanation.
    """
    files = {
        folder / FOLDER / f"{blame.variant}-{value}.json": node_data(blame, value)
        for blame in blames
        for value in VALUES
    }
    for path in (folder / FOLDER).glob("*.json"):
        if path not in files:
            path.unlink()
    for path, data in files.items():
        write_text(path, json.dumps(data, indent=2) + "\n")
