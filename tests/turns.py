"""Does the circle of corrections close? `make loop`.

The demo's labels are spoilt: of every tag one label in ten is turned round, and a third is taken
away. Then, three times: `edgetag mine` says what to ask, a person who knows the truth answers
for 300 pictures, and the network is trained again on the corrected labels. The person says of every
tag whether a picture has it, where the demo's labels tell; of every fiftieth picture the answers
are those of another one, as when somebody looks at the wrong place of a page. Beside it stand
pictures chosen by chance, twice as many, and the ceiling: the labels as they were. All that learn
from answers leave out labels of the source that look wrong; the first and the last also stand as
they are without it.

Labels of the test split are left as they are, so that figures are of models and not of labels.
Nothing is asserted, since it measures a method on a data set.
"""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from edgetag.cli.stages import set_verbose
from edgetag.cli.terminal import console_progress, print_tables
from edgetag.dataset import open_dataset
from edgetag.dataset.answers import Answer, answers_csv
from edgetag.labels import UNKNOWN
from edgetag.mining.stage import run as mine
from edgetag.pipeline import run_until
from edgetag.progress import Progress
from edgetag.recipe import Recipe, load_recipe
from edgetag.reporting.plots.drawing import draw_file
from edgetag.tables import Column, Number, Rows, Table
from edgetag.tables.formats import format_count, format_fraction, format_percent
from edgetag.validation.inputs import split_of
from edgetag.validation.metrics import Measured
from edgetag.validation.obtaining import obtain_reference
from edgetag.workspace import Workspace
from edgetag.writing import write_text
from tests.support.gains import gain, mean_ap, mean_fpr

TURNED, TAKEN = 0.1, 1 / 3
"""Shares of a tag's labels that are turned round, and taken away."""

QUESTIONS, TURNS = 300, 3
WRONG = 1 / 50
"""Of the questions that a person is asked."""

SEED = 20261128
TAUGHT = ("train", "validation")

Label = int | None
Labels = dict[str, dict[str, Label]]
"""Path → tag → label."""

Choose = Callable[[Recipe, Workspace, set[str]], list[tuple[str, str]]]
"""From a trained run, and what was asked before, to identities and paths of pictures."""


@dataclass(frozen=True)
class Point:
    """A model: what was asked before it was trained, and how good it is.

    Attributes:
        way: How pictures were chosen.
        questions: Pictures that were shown.
        changed: Labels that answers changed.
        measured: The model's scores of the test split.
    """

    way: str
    questions: int
    changed: int
    measured: Measured


@dataclass
class Person:
    """Knows the truth, and takes one picture for another at times."""

    truth: Labels
    generator: np.random.Generator

    def answers(self, identity: str, path: str) -> Iterable[Answer]:
        """Say of every tag whether a picture has it; nothing where nobody knows."""
        wrong = self.generator.random() < WRONG
        meant = self.generator.choice(list(self.truth)) if wrong else path
        for tag, label in self.truth[meant].items():
            if label is not None:
                yield Answer(identity, path, tag, label, "person", "")


def spoil(labels: npt.NDArray[np.integer[Any]], generator: np.random.Generator) -> None:
    """Turn some of a tag's labels round, and take others away.

    Args:
        labels: `[images]`, -1 where unknown; changed in place.
        generator: Chooses.
    """
    known = np.flatnonzero(labels != UNKNOWN)
    turned = generator.choice(known, round(TURNED * len(known)), replace=False)
    labels[turned] = 1 - labels[turned]
    labels[generator.choice(known, round(TAKEN * len(known)), replace=False)] = UNKNOWN


def spoilt(table: pl.DataFrame, tags: tuple[str, ...], seed: int) -> pl.DataFrame:
    """Return a table in which labels are spoilt, except those of test splits."""
    generator = np.random.default_rng(seed)
    taught = ~table["split"].str.starts_with("test").to_numpy()
    columns = []
    for tag in tags:
        labels = table[tag].fill_null(UNKNOWN).to_numpy().copy()
        those = labels[taught]
        spoil(those, generator)
        labels[taught] = those
        columns.append(pl.Series(tag, labels).replace(UNKNOWN, None))
    return table.with_columns(columns)


def mined(
    recipe: Recipe, workspace: Workspace, asked: set[str], progress: Progress
) -> list[tuple[str, str]]:
    """Return the pictures that `edgetag mine` would ask about first."""
    mine(recipe, workspace, progress)
    questions = pl.read_csv(workspace.mine / "questions.csv")
    left = questions.filter(~pl.col("identity").is_in(list(asked)))
    return left["identity", "path"][:QUESTIONS].rows()


def drawn(
    _recipe: Recipe, workspace: Workspace, asked: set[str], generator: np.random.Generator
) -> list[tuple[str, str]]:
    """Return pictures chosen by chance."""
    manifest = open_dataset(workspace).manifest.filter(
        pl.col("split").is_in(TAUGHT) & ~pl.col("identity").is_in(list(asked))
    )
    rows = generator.choice(len(manifest), QUESTIONS, replace=False)
    return manifest["identity", "path"][rows].rows()


def trained(recipe: Recipe, workspace: Workspace, progress: Progress) -> Measured:
    """Train, and score the test split."""
    run_until("train", recipe, workspace, progress)
    dataset = open_dataset(workspace)
    (name,) = recipe.validation.splits
    rows = dataset.rows(name)
    split = split_of(recipe, dataset, rows)
    reference = obtain_reference(recipe, workspace, dataset, progress)
    scores = reference.scores(dataset, rows)
    return Measured(scores, split, reference.stored.meta.thresholds)


def with_data(recipe: Recipe, **changes: Any) -> Recipe:
    """Return a recipe over other labels."""
    return recipe.replace(data=recipe.data.replace(**changes))


def learning_all(recipe: Recipe) -> Recipe:
    """Return a recipe that leaves no label out."""
    training = recipe.training.replace(suspect_labels="learn")
    return recipe.replace(training=training)


def circle(
    way: str,
    recipe: Recipe,
    folder: Path,
    turns: int,
    choose: Choose,
    person: Person,
    progress: Progress,
) -> list[Point]:
    """Ask, correct and train in turns.

    Args:
        way: How pictures are chosen.
        recipe: Over the spoilt labels.
        folder: Gets the answers and the run; where pictures are mined, it is trained already.
        turns: How many.
        choose: Chooses the pictures of a turn.
        person: Answers.
        progress: Is told of everything.
    """
    workspace, table = Workspace(folder / way), folder / f"{way}.csv"
    run_until("dataset", recipe, workspace, progress)
    asked: set[str] = set()
    answers: list[Answer] = []
    points = []
    for turn in range(1, turns + 1):
        progress.say(f"{way}, turn {turn} of {turns}")
        for identity, path in choose(recipe, workspace, asked):
            asked.add(identity)
            answers += person.answers(identity, path)
        write_text(table, answers_csv(answers))
        recipe = with_data(recipe, corrections=(table,))
        measured = trained(recipe, workspace, progress)
        kept = pl.read_csv(workspace.corrections)
        changed = int((kept["outcome"] == "changed").sum())
        points.append(Point(way, len(asked), changed, measured))
    return points


def table_of(points: list[Point]) -> Table:
    """Return every model beside the start and the ceiling."""
    start, ceiling = points[0], points[-1]
    way = mean_ap(ceiling.measured) - mean_ap(start.measured)

    return Rows(points).table(
        f"The circle on {format_count(len(start.measured.scores))} test pictures, "
        f"{len(start.measured.split.scored)} tags",
        Column[Point]("pictures chosen", lambda point: point.way),
        Number("questions", lambda point: format_count(point.questions)),
        Number("labels changed", lambda point: format_count(point.changed)),
        Number("mAP", lambda point: format_fraction(mean_ap(point.measured))),
        Number("gain, points [95 %]", lambda point: gain(start.measured, point.measured)),
        Number(
            "of the way",
            lambda point: format_percent((mean_ap(point.measured) - mean_ap(start.measured)) / way),
        ),
        Number(
            "false positives at recall 0.8", lambda point: format_percent(mean_fpr(point.measured))
        ),
    )


def paint(points: list[Point], figure: Any) -> None:
    """Draw mAP over questions."""
    axes = figure.add_subplot()
    start, ceiling = points[1], points[-1]
    for number, way in enumerate(("mine", "chance")):
        line = [start, *(point for point in points if point.way == way)]
        axes.plot(
            [point.questions for point in line],
            [mean_ap(point.measured) for point in line],
            marker="o",
            color=f"C{number}",
            label=f"pictures chosen by {way}",
        )
    axes.axhline(
        mean_ap(ceiling.measured), color="0.4", linestyle="--", linewidth=1, label="clean labels"
    )
    axes.axhline(
        mean_ap(points[0].measured),
        color="0.4",
        linestyle=":",
        linewidth=1,
        label="all spoilt labels learnt",
    )
    axes.set_xlabel("pictures that a person was asked about")
    axes.set_ylabel("mAP on the test split")
    axes.legend(frameon=False, loc="lower right")


def main() -> None:
    """Run the circle, print, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path, nargs="?", default=Path("models/loop/recipe.toml"))
    parser.add_argument("--out", type=Path, default=Path("runs/loop"))
    parser.add_argument("--seed", type=int, default=SEED, help="of what is spoilt, said and drawn")
    options = parser.parse_args()
    set_verbose(verbose=False)
    progress, clean = console_progress(), load_recipe(options.recipe)
    table = pl.read_csv(clean.data.source, infer_schema_length=None)
    truth = {row["path"]: {tag: row[tag] for tag in clean.data.tags} for row in table.to_dicts()}
    dirty = options.out / "spoilt.csv"
    write_text(dirty, spoilt(table, clean.data.tags, options.seed).write_csv())
    recipe = with_data(clean, source=dirty, root=clean.data.image_root)

    def unasked(way: str, chosen: Recipe, folder: str) -> Point:
        progress.say(way)
        return Point(way, 0, 0, trained(chosen, Workspace(options.out / folder), progress))

    points = [
        unasked("all labels learnt", learning_all(recipe), "start"),
        unasked("nothing asked", recipe, "mine"),
    ]
    by_mine = partial(mined, progress=progress)
    by_chance = partial(drawn, generator=np.random.default_rng(options.seed))
    ways: tuple[tuple[str, int, Choose], ...] = (
        ("mine", TURNS, by_mine),
        ("chance", 2 * TURNS, by_chance),
    )
    for way, turns, choose in ways:
        person = Person(truth, np.random.default_rng(options.seed))
        points += circle(way, recipe, options.out, turns, choose, person, progress)
    points.append(unasked("clean, looking wrong left out", clean, "ceiling-left-out"))
    points.append(unasked("clean labels", learning_all(clean), "ceiling"))
    print_tables([table_of(points)])
    write_text(
        options.out / "loop.svg", draw_file(partial(paint, points), width_in=6.0, height_in=3.6)
    )


if __name__ == "__main__":
    main()
