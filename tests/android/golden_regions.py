"""Writes heat maps with the boxes and crops that the Kotlin code must repeat: `regions.json`."""

import json
from pathlib import Path

import numpy as np

from edgetag.contract import Preprocessing
from edgetag.editing.regions import LEVEL, HeatMap, best_crop
from edgetag.preprocess import content_box

CASES = 300
RATIOS = (0.001, 0.5, 0.75, 1.0, 4 / 3, 16 / 9, 2.39, 1000.0)
CELLS = (1, 2, 3, 4, 7, 14)
INPUT_SIZES = (64, 96, 224, 225)


def write_regions(folder: Path) -> None:
    """Write random maps over pictures of many shapes; every third has few values, so with ties."""
    random = np.random.default_rng(33)
    cases = []
    for number in range(CASES):
        side, cells = int(random.choice(INPUT_SIZES)), int(random.choice(CELLS))
        size = (int(random.integers(1, 1500)), int(random.integers(1, 1500)))
        values = random.random((cells, cells), dtype=np.float32)
        if number % 3 == 0:
            values = (values * 3).astype(np.int64).astype(np.float32) / np.float32(4)
        contract = Preprocessing(input_size=side)
        found = HeatMap(values, size, content_box(size, contract), side)
        cases.append(
            {
                "input_size": side,
                "width": size[0],
                "height": size[1],
                "cells": cells,
                "values": values.ravel().tolist(),
                "boxes": [list(box) for box in found.boxes(found.threshold(LEVEL))],
                "crops": [list(best_crop(found, ratio)) for ratio in RATIOS],
            }
        )
    text = json.dumps({"level": LEVEL, "ratios": RATIOS, "cases": cases})
    (folder / "regions.json").write_text(text, encoding="utf-8")
