"""How much of the circle of corrections is luck? `make loop-seeds`.

The circle of `tests/turns.py`, for every seed with other spoilt labels and other errors of the
person. A training takes a minute, so heads alone learn here: logistic regression on what the
network sees with the weights that it begins with. Intervals are over seeds, of the same pictures.
Beside that person stand one who is wrong about every fiftieth label instead of every fiftieth
picture, and one who never errs.
Nothing is asserted, since it measures a method on a data set.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.cli.stages import set_verbose
from edgetag.cli.terminal import console_progress, print_tables
from edgetag.dataset import open_dataset
from edgetag.dataset.workers import run_all
from edgetag.label_noise.asking import worth_asking
from edgetag.label_noise.features import Features, features_of
from edgetag.label_noise.held_out import INVERSE_PENALTY
from edgetag.label_noise.leaving_out import COMPONENTS, LeftOut, labels_to_leave_out
from edgetag.labels import UNKNOWN, Labels
from edgetag.machine import cores
from edgetag.metrics import mean_average_precision
from edgetag.pipeline import run_until
from edgetag.progress import Progress
from edgetag.recipe import load_recipe
from edgetag.tables import Column, Number, Rows, Table
from edgetag.tables.formats import format_count, format_percent
from edgetag.workspace import Workspace
from tests.turns import QUESTIONS, TURNS, WRONG, spoil

SEEDS = 8
FIRST = 25
"""Those before had a part in choosing how to ask, and what to leave out."""

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
    """How pictures are chosen, and how the person errs.

    Attributes:
        name: Of its rows.
        by_chance: Whether pictures are drawn.
        wrong_pictures: Share of pictures that are taken for another one.
        wrong_labels: Share of labels that are answered wrongly.
        judged: Whether answers that look wrong are left out too.
    """

    name: str
    by_chance: bool = False
    wrong_pictures: float = WRONG
    wrong_labels: float = 0.0
    judged: bool = False


WAYS = (
    Way("mine"),
    Way("chance", by_chance=True),
    Way("mine, errors label by label", wrong_pictures=0.0, wrong_labels=WRONG, judged=True),
    Way("mine, never an error", wrong_pictures=0.0),
)

Step = tuple[str, int]
"""A way, and how many questions were asked by then."""


@dataclass(frozen=True)
class Circles:
    """The circles of one data set.

    Attributes:
        taught: What heads learn from, and people answer about.
        tested: What they are measured on.
    """

    taught: Pictures
    tested: Pictures

    def learnt(self, labels: Labels, answered: Answered | None = None) -> float:
        """Return the mean average precision of heads that learn from labels, answers twice."""
        from sklearn.decomposition import PCA
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        seen = make_pipeline(StandardScaler(), PCA(COMPONENTS, random_state=0))
        learnt_from = seen.fit_transform(self.taught.features)
        tested = seen.transform(self.tested.features)
        scores = np.zeros(self.tested.labels.shape, np.float32)
        twice = np.zeros(len(labels), bool) if answered is None else answered.any(axis=1)
        for tag, column in enumerate(labels.T):
            known = column != UNKNOWN
            head = LogisticRegression(C=INVERSE_PENALTY, max_iter=300)
            head.fit(learnt_from[known], column[known], sample_weight=(1.0 + twice)[known])
            scores[:, tag] = head.predict_proba(tested)[:, 1]
        return mean_average_precision(scores, self.tested.labels)

    def judged(
        self, labels: Labels, trusted: Answered, confirmed: Answered | None = None
    ) -> LeftOut:
        """Return which labels look wrong, but for trusted ones."""
        features, groups = self.taught.features, self.taught.groups
        return labels_to_leave_out(features, labels, groups, trusted, confirmed=confirmed)

    def of_the_way(self, seed: int) -> dict[Step, float]:
        """Return how much of the way from spoilt to clean labels each way brings."""
        spoilt = self.taught.labels.copy()
        generator = np.random.default_rng(seed)
        for tag in range(spoilt.shape[1]):
            spoil(spoilt[:, tag], generator)
        nobody = np.zeros(spoilt.shape, bool)
        start, clean = self.learnt(spoilt), self.learnt(self.taught.labels)
        first = self.judged(spoilt, nobody)
        reached = {("nothing asked", 0): self.learnt(_without(spoilt, first))}
        for way in WAYS:
            generator = np.random.default_rng(seed)
            labels, answered, doubts = spoilt, nobody, first
            asked = np.zeros(len(labels), bool)
            for turn in range(1, TURNS + 1):
                if way.by_chance:
                    order = generator.permutation(len(labels))
                else:
                    order = np.argsort(-worth_asking(labels, doubts, answered), kind="stable")
                rows = order[~asked[order]][:QUESTIONS]
                asked[rows] = True
                labels, answered = self._answered(way, labels, answered, rows, generator)
                if way.by_chance and turn < TURNS:
                    continue
                doubts = self.judged(labels, answered)
                confirmed = answered & (labels == spoilt)
                left_out = self.judged(labels, nobody, confirmed) if way.judged else doubts
                step = way.name, turn * QUESTIONS
                reached[step] = self.learnt(_without(labels, left_out), answered)
        return {step: (level - start) / (clean - start) for step, level in reached.items()}

    def _answered(
        self,
        way: Way,
        labels: Labels,
        answered: Answered,
        rows: npt.NDArray[np.int64],
        generator: np.random.Generator,
    ) -> tuple[Labels, Answered]:
        """Return labels with a person's answers about some pictures, and which are answers."""
        mistaken = generator.random(len(rows)) < way.wrong_pictures
        meant = np.where(mistaken, generator.integers(len(labels), size=len(rows)), rows)
        truth = self.taught.labels[meant]
        known = truth != UNKNOWN
        said = np.where(generator.random(truth.shape) < way.wrong_labels, 1 - truth, truth)
        labels, answered = labels.copy(), answered.copy()
        labels[rows] = np.where(known, said, labels[rows])
        answered[rows] |= known
        return labels, answered


def _without(labels: Labels, doubted: LeftOut) -> Labels:
    return np.where(doubted.cells, UNKNOWN, labels).astype(labels.dtype)


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


def table_of(circles: Sequence[dict[Step, float]]) -> Table:
    """Return a row for each way and number of questions."""
    from scipy import stats

    def interval(step: Step) -> str:
        shares = [circle[step] for circle in circles]
        middle, error = np.mean(shares), stats.sem(shares)
        low, high = stats.t.interval(0.95, len(shares) - 1, middle, error)
        return f"{format_percent(float(middle))} [{format_percent(low)}, {format_percent(high)}]"

    def ends(step: Step) -> str:
        shares = [circle[step] for circle in circles]
        return f"{format_percent(min(shares))} … {format_percent(max(shares))}"

    return Rows(list(circles[0])).table(
        f"Of the way from spoilt labels to clean ones, {len(circles)} seeds",
        Column[Step]("pictures chosen", lambda step: step[0]),
        Number("questions", lambda step: format_count(step[1])),
        Number("of the way [95 %]", interval),
        Number("lowest … highest", ends),
    )


def main() -> None:
    """Run the circles, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path, nargs="?", default=Path("models/loop/recipe.toml"))
    parser.add_argument("--out", type=Path, default=Path("runs/loop-seeds"))
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many, at least two")
    parser.add_argument("--first", type=int, default=FIRST, help="the first of them")
    options = parser.parse_args()
    set_verbose(verbose=False)
    progress = console_progress()
    circles = opened(options.out, options.recipe, progress)
    made = []
    calls = enumerate((options.first + number,) for number in range(options.seeds))
    with progress.track("circles", options.seeds, "seeds") as task:
        for _, each in run_all(circles.of_the_way, calls, min(cores(), options.seeds)):
            made.append(each)
            task.advance(1)
    print_tables([table_of(made)])


if __name__ == "__main__":
    main()
