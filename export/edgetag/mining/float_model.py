"""The run's float network over cached images, by batches."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from edgetag.dataset import Dataset, Rows
from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.preprocess import Pixels, scale
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgetag.networks import Scorer
    from edgetag.tf import tf


class FloatModel:
    """The trained network of a run, for pictures that validation has not scored.

    Args:
        recipe: Of the run.
        workspace: With trained weights.

    Raises:
        InputError: Nothing is trained here, or another network.

    Attributes:
        has_maps: Whether it tells where it sees a tag.
    """

    def __init__(self, recipe: Recipe, workspace: Workspace) -> None:
        from edgetag.networks import build_untrained, load_weights

        weights = workspace.trained_weights()
        self._contract = recipe.network.preprocessing()
        self._model = build_untrained(recipe.network, len(recipe.data.tags))
        load_weights(self._model, weights)
        self.has_maps = recipe.network.has_maps

    def scores(self, dataset: Dataset, rows: Rows, progress: Progress, what: str) -> Scores:
        """Return the scores of some rows; `what` is said to be going on."""
        return self._scorer.run(dataset, rows, progress, what)

    def scores_of(self, pixels: Pixels) -> Scores:
        """Return the scores of a batch of images, `[batch, size, size, 3]` uint8."""
        scores: Scores = self._model(scale(pixels, self._contract), training=False).numpy()
        return scores

    def maps(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """Return where a batch of images shows each tag.

        Args:
            pixels: `[batch, size, size, 3]` uint8.

        Returns:
            `[batch, height, width, tags]` in 0..1.
        """
        maps: npt.NDArray[np.float32] = expit(self._maps(scale(pixels, self._contract)).numpy())
        return maps

    @cached_property
    def _maps(self) -> "Callable[[npt.NDArray[np.float32]], tf.Tensor]":
        from edgetag.networks import maps_of

        ends = maps_of(self._model)
        return lambda images: ends(images, training=False)

    @cached_property
    def _scorer(self) -> "Scorer":
        from edgetag.networks import Scorer

        return Scorer(self._model, self._contract)


def open_model(recipe: Recipe, workspace: Workspace) -> FloatModel | str:
    """Return the float model of a run, or why there is none."""
    try:
        return FloatModel(recipe, workspace)
    except InputError as error:
        return str(error)
