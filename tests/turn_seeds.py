"""How much of the circle of corrections is luck? `make loop-seeds`.

The circle of `tests/turns.py`, for every seed with other spoilt labels and other errors of the
person. A training takes a minute, so heads alone learn here: logistic regression on what the
network sees with the weights that it begins with. Intervals are over seeds, of the same pictures.
Nothing is asserted, since it measures a method on a data set.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.cli.stages import set_verbose
from edgetag.cli.terminal import console_progress, print_tables
from edgetag.dataset import open_dataset
from edgetag.label_noise.asking import worth_asking
from edgetag.label_noise.features import Features, features_of
from edgetag.label_noise.held_out import INVERSE_PENALTY
from edgetag.label_noise.leaving_out import labels_to_leave_out
from edgetag.labels import UNKNOWN, Labels
from edgetag.metrics import mean_average_precision
from edgetag.pipeline import run_until
from edgetag.pool import in_order
from edgetag.progress import Progress
from edgetag.recipe import load_recipe
from edgetag.tables import Column, Number, Rows, Table
from edgetag.tables.formats import format_count, format_percent
from edgetag.workspace import Workspace
from tests.turns import QUESTIONS, TURNS, WRONG, spoil

SEEDS = 12
Answered = npt.NDArray[np.bool_]
"""`[images, tags]`: labels that are the person's."""


@dataclass(frozen=True)
class Pictures:
    """Features, labels as they are, and groups."""

    features: Features
    labels: Labels
    groups: list[str]


@dataclass(frozen=True)
class Way:
    """How pictures are chosen, how often the person errs, and whether answers are judged too."""

    name: str
    turns: int
    by_chance: bool = False
    wrong: float = WRONG
    judged: bool = True


WAYS = (
    Way("mine", TURNS),
    Way("chance", TURNS, by_chance=True),
    Way("mine, by a person who never errs", TURNS, wrong=0.0, judged=False),
)

Label = tuple[str, int]
"""A way and the questions that were asked."""


@dataclass(frozen=True)
class Circles:
    """The circles of one data set.

    Attributes:
        taught: What heads learn from, and people answer about.
        tested: What they are measured on.
    """

    taught: Pictures
    tested: Pictures

    def learnt(self, labels: Labels) -> float:
        """Return the mean average precision of heads that learn from some labels."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(self.taught.features)
        learnt_from, tested = map(scaler.transform, (self.taught.features, self.tested.features))
        scores = np.zeros(self.tested.labels.shape, np.float32)
        for tag, column in enumerate(labels.T):
            known = column != UNKNOWN
            head = LogisticRegression(C=INVERSE_PENALTY, max_iter=300)
            head.fit(learnt_from[known], column[known])
            scores[:, tag] = head.predict_proba(tested)[:, 1]
        return mean_average_precision(scores, self.tested.labels)

    def left_out(self, labels: Labels, trusted: Answered) -> Labels:
        """Return labels without those that look wrong."""
        taught = self.taught
        judged = labels_to_leave_out(taught.features, labels, taught.groups, trusted)
        return np.where(judged.cells, UNKNOWN, labels).astype(labels.dtype)

    def of_the_way(self, seed: int) -> dict[Label, float]:
        """Return how much of the way from spoilt to clean labels each way brings."""
        spoilt = self.taught.labels.copy()
        generator = np.random.default_rng(seed)
        for tag in range(spoilt.shape[1]):
            spoil(spoilt[:, tag], generator)
        nobody = np.zeros(spoilt.shape, bool)
        start, clean = self.learnt(spoilt), self.learnt(self.taught.labels)
        reached = {("nothing asked", 0): self.learnt(self.left_out(spoilt, nobody))}
        for way in WAYS:
            for turn, (labels, answered) in enumerate(self._turns(way, spoilt, seed), start=1):
                trusted = nobody if way.judged else answered
                label = way.name, turn * QUESTIONS
                reached[label] = self.learnt(self.left_out(labels, trusted))
        return {label: (level - start) / (clean - start) for label, level in reached.items()}

    def _turns(self, way: Way, spoilt: Labels, seed: int) -> Iterator[tuple[Labels, Answered]]:
        """Yield the labels after each turn, and which of them are answers."""
        taught, generator = self.taught, np.random.default_rng(seed)
        labels, answered = spoilt, np.zeros(spoilt.shape, bool)
        asked = np.zeros(len(labels), bool)
        for _ in range(way.turns):
            if way.by_chance:
                order = generator.permutation(len(labels))
            else:
                judged = labels_to_leave_out(taught.features, labels, taught.groups, answered)
                order = np.argsort(-worth_asking(labels, judged, answered), kind="stable")
            rows = order[~asked[order]][:QUESTIONS]
            asked[rows] = True
            truth = taught.labels[rows]
            errs = generator.random(truth.shape) < way.wrong
            said = np.where(errs, 1 - truth, truth)
            labels, answered = labels.copy(), answered.copy()
            known = truth != UNKNOWN
            labels[rows] = np.where(known, said, labels[rows])
            answered[rows] |= known
            yield labels, answered


def opened(folder: Path, recipe_file: Path, progress: Progress) -> Circles:
    """Return the pictures of a recipe's training split and of the one that it validates on."""
    recipe, workspace = load_recipe(recipe_file), Workspace(folder)
    run_until("dataset", recipe, workspace, progress)
    dataset = open_dataset(workspace, recipe.network.input_size)
    every = np.arange(len(dataset.manifest), dtype=np.int64)
    features = features_of(recipe, workspace, dataset, every, progress)

    def of(name: str) -> Pictures:
        rows = dataset.rows(name)
        return Pictures(features[rows], dataset.labels(rows), list(dataset.groups(rows)))

    return Circles(of("train"), of(recipe.validation.splits[0]))


def table_of(circles: Sequence[dict[Label, float]]) -> Table:
    """Return a row for each way and number of questions."""
    from scipy import stats

    def interval(label: Label) -> str:
        shares = [circle[label] for circle in circles]
        middle, error = np.mean(shares), stats.sem(shares)
        low, high = stats.t.interval(0.95, len(shares) - 1, middle, error)
        return f"{format_percent(float(middle))} [{100 * low:.1f}, {100 * high:.1f}]"

    def ends(label: Label) -> str:
        shares = [circle[label] for circle in circles]
        return f"{format_percent(min(shares))} … {format_percent(max(shares))}"

    return Rows(list(circles[0])).table(
        f"Of the way from spoilt labels to clean ones, {len(circles)} seeds",
        Column[Label]("pictures chosen", lambda label: label[0]),
        Number("questions", lambda label: format_count(label[1])),
        Number("of the way [95 %]", interval),
        Number("lowest … highest", ends),
    )


def main() -> None:
    """Run the circles, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path, nargs="?", default=Path("models/loop/recipe.toml"))
    parser.add_argument("--out", type=Path, default=Path("runs/loop-seeds"))
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many, at least two")
    options = parser.parse_args()
    set_verbose(verbose=False)
    progress = console_progress()
    circles = opened(options.out, options.recipe, progress)
    made = []
    with progress.track("circles", options.seeds, "seeds") as task:
        for each in in_order(circles.of_the_way, range(1, options.seeds + 1)):
            made.append(each)
            task.advance(1)
    print_tables([table_of(made)])


if __name__ == "__main__":
    main()
