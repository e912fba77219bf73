"""What does each stage of a staged training bring? `make stages`.

A seed of the demo's pictures has labels, the others none. `edgetag mine` finds more like those
that have a tag, a person who knows the truth labels them, and the network is trained in phases:
the head, then all, then with SGD, at last with random changes to pictures. Then two such networks
teach one, on the pictures that nobody has labelled, too.

Beside the stages stand as many pictures chosen by chance, random changes from the start, and the
two networks as an ensemble. Nothing is asserted, since it measures a method on a data set.
"""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from edgetag.cli.stages import set_verbose
from edgetag.cli.terminal import console_progress, print_tables
from edgetag.ensembles import mean_thresholds, weighted_mean
from edgetag.mining.stage import run as mine
from edgetag.pipeline import run_until
from edgetag.progress import Progress
from edgetag.recipe import Phase, Recipe, TeacherSection, load_recipe
from edgetag.tables import Column, Number, Rows, Table
from edgetag.tables.formats import format_count, format_fraction, format_percent
from edgetag.validation.metrics import Measured
from edgetag.workspace import Workspace
from edgetag.writing import write_bytes, write_text
from tests.support.gains import gain, mean_ap, mean_fpr
from tests.turns import trained, with_data

SEED_PICTURES, MORE = 600, 600
SEED = 20261128

TAUGHT = (
    Phase(trains="head", epochs=1, learning_rate=3e-3, augment=False),
    Phase(trains="all", epochs=2, learning_rate=1e-3, augment=False),
    Phase(trains="all", epochs=1, learning_rate=3e-3, optimizer="sgd"),
)
"""Of the network that is taught: it sees five times as many pictures in an epoch."""


@dataclass(frozen=True)
class Stage:
    """A network, or two.

    Attributes:
        name: What was done.
        labelled: Training pictures with labels.
        measured: Its scores of the test split.
        before: What it is held against; None for the first.
    """

    name: str
    labelled: int
    measured: Measured
    before: "Stage | None"


@dataclass(frozen=True)
class Trial:
    """Trains one network after another on parts of one table.

    Attributes:
        recipe: Over all labels.
        table: Its labels, a row for each picture.
        folder: Gets tables and runs.
        progress: Is told of everything.
    """

    recipe: Recipe
    table: pl.DataFrame
    folder: Path
    progress: Progress

    @property
    def paths(self) -> list[str]:
        """All training pictures."""
        return self.table.filter(pl.col("split") == "train")["path"].to_list()

    def place(self, name: str) -> Workspace:
        """Return the run folder of a stage."""
        return Workspace(self.folder / name.replace(" ", "-").replace(",", ""))

    def run(
        self,
        name: str,
        labelled: Sequence[str],
        phases: Sequence[Phase],
        before: Stage | None,
        seed: int = 1,
        teacher: TeacherSection | None = None,
    ) -> Stage:
        """Train on some pictures, and score the test split."""
        self.progress.say(name)
        source = self.place(name).root.with_suffix(".csv")
        kept = (pl.col("split") != "train") | pl.col("path").is_in(list(labelled))
        write_text(source, self.table.filter(kept).write_csv())
        recipe = with_data(self.recipe, source=source, root=self.recipe.data.image_root)
        training = recipe.training.replace(phases=tuple(phases))
        changes = {"training": training, "seed": seed, "teacher": teacher or recipe.teacher}
        measured = trained(recipe.replace(**changes), self.place(name), self.progress)
        return Stage(name, len(labelled), measured, before)

    def alike(self, seed: Sequence[str]) -> list[str]:
        """Return training pictures that `edgetag mine` finds to be like those of a seed."""
        tags = [
            pl.when(pl.col("path").is_in(list(seed))).then(pl.col(tag)).alias(tag)
            for tag in self.recipe.data.tags
        ]
        source = self.folder / "pool.csv"
        pool = self.table.filter(pl.col("split") == "train").with_columns(tags)
        write_text(source, pool.write_csv())
        recipe = with_data(self.recipe, source=source, root=self.recipe.data.image_root)
        workspace = Workspace(self.folder / "pool")
        run_until("dataset", recipe, workspace, self.progress)
        result = mine(recipe, workspace, self.progress, most=MORE)
        alike = [
            finding.path
            for finding in result.findings
            if finding.kind == "like a confirmed hit" and finding.path not in seed
        ]
        return list(dict.fromkeys(alike))[:MORE]

    def without_labels(self, labelled: Sequence[str]) -> Path:
        """Copy the training pictures that nobody has labelled into a folder, and return it."""
        folder = self.folder / "unlabelled"
        shutil.rmtree(folder, ignore_errors=True)
        for path in set(self.paths) - set(labelled):
            picture = (self.recipe.data.image_root / path).read_bytes()
            write_bytes(folder / path.replace("/", "-"), picture)
        return folder


def ensemble(members: Sequence[Stage]) -> Measured:
    """Return the mean of networks' scores."""
    weights = [1.0] * len(members)
    split = members[0].measured.split
    names = split.vocabulary.names
    scores = weighted_mean([each.measured.scores for each in members], weights)
    thresholds = [
        dict(zip(names, each.measured.thresholds.tolist(), strict=True)) for each in members
    ]
    return Measured(scores, split, mean_thresholds(thresholds, weights))


def stages(trial: Trial) -> list[Stage]:
    """Train all networks; each is held against what it is to improve on."""
    generator = np.random.default_rng(SEED)
    paths = np.array(trial.paths)[generator.permutation(len(trial.paths))].tolist()
    seed, phases = paths[:SEED_PICTURES], trial.recipe.training.phases
    start = trial.run("seed, head", seed, phases[:1], None)
    by_chance = paths[: SEED_PICTURES + MORE]
    chance = trial.run("more by chance, head", by_chance, phases[:1], start)
    more = [*seed, *trial.alike(seed)]
    head = trial.run("more like it, head", more, phases[:1], start)
    every = trial.run("then all", more, phases[:2], head)
    sgd = trial.run("then SGD", more, phases[:3], every)
    late = trial.run("then augmented", more, phases, sgd)
    augmented = [phase.replace(augment=True) for phase in phases]
    early = trial.run("augmented throughout", more, augmented, late)
    second = trial.run("a second network", more, phases, late, seed=2)
    both = Stage("both as an ensemble", len(more), ensemble((late, second)), late)
    teacher = TeacherSection(
        runs=tuple(trial.place(each.name).root.resolve() for each in (late, second)),
        pictures=trial.without_labels(more).resolve(),
    )
    taught = trial.run("one taught by both", more, TAUGHT, late, teacher=teacher)
    return [start, chance, head, every, sgd, late, early, second, both, taught]


def table_of(all_stages: Sequence[Stage]) -> Table:
    """Return every stage beside what it is held against."""
    start = all_stages[0].measured

    return Rows(all_stages).table(
        f"Stages on {format_count(len(start.scores))} test pictures, "
        f"{len(start.split.scored)} tags",
        Column[Stage]("stage", lambda stage: stage.name),
        Number("labelled", lambda stage: format_count(stage.labelled)),
        Number("mAP", lambda stage: format_fraction(mean_ap(stage.measured))),
        Column("held against", lambda stage: stage.before.name if stage.before else ""),
        Number(
            "gain, points [95 %]",
            lambda stage: gain(stage.before.measured, stage.measured) if stage.before else "",
        ),
        Number(
            "false positives at recall 0.8", lambda stage: format_percent(mean_fpr(stage.measured))
        ),
    )


def main() -> None:
    """Train all stages, and print what each brought."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path, nargs="?", default=Path("models/stages/recipe.toml"))
    parser.add_argument("--out", type=Path, default=Path("runs/stages"))
    options = parser.parse_args()
    set_verbose(verbose=False)
    recipe = load_recipe(options.recipe)
    table = pl.read_csv(recipe.data.source, infer_schema_length=None)
    print_tables([table_of(stages(Trial(recipe, table, options.out, console_progress())))])


if __name__ == "__main__":
    main()
