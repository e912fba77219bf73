"""The run's float network over cached images, by batches."""

from functools import cached_property
from typing import TYPE_CHECKING

from edgetag.dataset import Dataset, Rows
from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace

if TYPE_CHECKING:
    from edgetag.networks import Scorer


class FloatModel:
    """The trained network of a run, for pictures that validation has not scored.

    Args:
        recipe: Of the run.
        workspace: With trained weights.

    Raises:
        InputError: Nothing is trained here, or another network.
    """

    def __init__(self, recipe: Recipe, workspace: Workspace) -> None:
        from edgetag.networks import build_untrained, load_weights

        weights = workspace.train / "model.npz"
        if not weights.exists():
            raise InputError(f"{weights}: nothing is trained yet; run: edgetag train")
        self._contract = recipe.network.preprocessing()
        self._model = build_untrained(recipe.network, len(recipe.data.tags))
        load_weights(self._model, weights)

    def scores(self, dataset: Dataset, rows: Rows, progress: Progress, what: str) -> Scores:
        """Return the scores of some rows; `what` is said to be going on."""
        return self._scorer.run(dataset, rows, progress, what)

    @cached_property
    def _scorer(self) -> "Scorer":
        from edgetag.networks import Scorer

        return Scorer(self._model, self._contract)
