"""What is known of every trial so far: kept, written down and told."""

from collections.abc import Iterable
from pathlib import Path

from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.search.choosing import front_of
from edgetag.search.plotting import plot_of
from edgetag.search.result import SearchResult, SearchTrial
from edgetag.writing import write_text


class Ledger:
    """Writes `search.json` and `front.svg` anew with everything that becomes known.

    Attributes:
        trials: The last that is known of each, by name, in the order in which they were looked at.
        float_map: Of the float model of the recipe's own network and size, once it is known.
    """

    def __init__(self, recipe: Recipe, root: Path, combinations: int, progress: Progress) -> None:
        self.trials: dict[str, SearchTrial] = {}
        self.float_map: float | None = None
        self._recipe, self._root = recipe, root
        self._combinations, self._progress = combinations, progress

    def keep(self, trial: SearchTrial, say: bool = False) -> SearchTrial:
        """Take up what is known of a trial now, write it down, and tell it where that is asked."""
        self.trials[trial.name] = trial
        result = self.write(self.trials.values())
        if trial.failure is not None:
            self._progress.say(f"{trial.name}: {trial.failure}")
        elif say and trial.measures is not None:
            front = ", ".join(result.front) or "nothing yet"
            value = trial.measures.map
            self._progress.say(
                f"{trial.name}: mAP {'not scored' if value is None else f'{value:.3f}'} after "
                f"{trial.trained:.0%} of its training; front: {front}"
            )
        return trial

    def write(self, trials: Iterable[SearchTrial], **more: object) -> SearchResult:
        """Write trials down, with more values of a `SearchResult` where it is about to end."""
        trials, recipe = tuple(trials), self._recipe
        values = {
            "recipe": recipe.name,
            "recipe_sha256": recipe.digest(),
            "seed": recipe.seed,
            "cost": recipe.search.cost,
            "budgets": recipe.search_budgets(),
            "combinations": self._combinations,
            "float_map": self.float_map,
            "trials": trials,
            "front": tuple(each.name for each in front_of(trials, recipe.search.cost)),
        }
        result = SearchResult(**(values | more))
        result.write(self._root / "search.json")
        write_text(self._root / "front.svg", plot_of(result))
        return result
