"""Runs model files over golden inputs, each engine in a process of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from edgetag.bundling.contents import Expected
from edgetag.bundling.golden_maps import Cells, Known
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentTask
from edgetag.runtimes import Engine, LoadFailure, ScoreRun, score
from edgetag.runtimes.maps import explain


def run_over(
    engine: Engine, model: Path, folder: Path, pictures: int, contract: Preprocessing
) -> ScoreRun | LoadFailure:
    """Score the golden inputs.

    For `folder` see `temporary_images.images_on_disk`; it holds so many pictures.
    """
    rows = np.arange(pictures, dtype=np.int64)
    return score(engine, model, folder, rows, contract)


def cells_over(
    engine: Engine, model: Path, folder: Path, pictures: int, contract: Preprocessing
) -> Cells | LoadFailure:
    """Return the heat maps of the golden inputs; see `run_over`."""
    rows = np.arange(pictures, dtype=np.int64)
    run = explain(engine, model, folder, rows, contract, SilentTask())
    return run if isinstance(run, LoadFailure) else expit(run.maps)


@dataclass(frozen=True)
class Distance:
    """How far outputs are from those of one family.

    Attributes:
        expected: That family's.
        scores: Largest absolute difference of a score.
        cells: The same of a map's cell; None where there are no maps to compare.
    """

    expected: Expected
    scores: float
    cells: float | None

    @property
    def agrees(self) -> bool:
        """Whether both are within the family's tolerances."""
        maps = self.expected.maps
        cells_agree = self.cells is None or maps is None or self.cells <= maps.tolerance
        return self.scores <= self.expected.tolerance and cells_agree

    @property
    def largest(self) -> tuple[str, float, float]:
        """What differs, by how much and what is allowed; the maps where the scores agree."""
        maps = self.expected.maps
        if self.cells is None or maps is None or self.scores > self.expected.tolerance:
            return "scores", self.scores, self.expected.tolerance
        return "heat maps", self.cells, maps.tolerance


def nearest(
    scores: npt.NDArray[np.float32], cells: Cells | None, known: Sequence[Known]
) -> Distance:
    """Return the family that the outputs agree with, else the nearest by scores."""
    distances = [
        Distance(
            entry.expected,
            _largest(scores, np.array(entry.expected.scores, np.float32)),
            None if cells is None or entry.cells is None else _largest(cells, entry.cells),
        )
        for entry in known
    ]
    agreeing = [distance for distance in distances if distance.agrees]
    return min(agreeing or distances, key=lambda distance: distance.scores)


def _largest(given: npt.NDArray[np.float32], known: npt.NDArray[np.float32]) -> float:
    """Return the largest difference; maps of another size differ by all that they can."""
    if given.shape != known.shape:
        return 1.0
    return float(np.abs(given.astype(np.float64) - known).max())
