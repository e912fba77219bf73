"""How many wrong labels does `edgetag mine` show first? `make planted`.

In a built run's labels a share of each tag's is turned round, chosen by chance. Heads on features
that never saw any label are then asked, as `edgetag mine` asks them, and the planted errors counted
among the first suspects. Beside them stand other penalties, and the plain loss of heads that have
seen every label. Nothing is asserted, since it measures a data set. Its own errors count as right.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.cli.stages import prepare
from edgetag.cli.terminal import print_tables
from edgetag.dataset import open_dataset
from edgetag.label_noise.features import Features, features_of
from edgetag.label_noise.held_out import (
    INVERSE_PENALTY,
    LEAST,
    held_out_parts,
    held_out_probabilities,
    suspects,
)
from edgetag.labels import UNKNOWN
from edgetag.tables import Column, Number, Rows, Table
from edgetag.tables.formats import format_count, format_percent

SHARES = (0.05, 0.10)
PENALTIES = (0.001, 0.01, 0.1)
Labels = npt.NDArray[np.bool_]
Ask = Callable[[Features, Labels, list[str]], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Tag:
    """A tag's features, labels and groups."""

    features: Features
    labels: Labels
    groups: list[str]


@dataclass
class Row:
    """What a way of ranking came to, over all tags."""

    share: float
    ranking: str
    planted: int = 0
    first: int = 0
    twice: int = 0
    estimated: int = 0


def seen(features: Features, labels: Labels, groups: list[str]) -> npt.NDArray[np.float64]:
    """Return what a head says of the pictures that it learnt from."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(features)
    head = LogisticRegression(C=INVERSE_PENALTY, max_iter=300).fit(scaled, labels)
    probabilities: npt.NDArray[np.float64] = head.predict_proba(scaled)[:, 1]
    return probabilities


def held_out(
    features: Features, labels: Labels, groups: list[str], penalty: float
) -> npt.NDArray[np.float64]:
    """Return what heads say that saw neither the picture nor its kin."""
    return held_out_probabilities(features, labels, held_out_parts(labels, groups), penalty)


def measured(tags: list[Tag], share: float, ranking: str, ask: Ask) -> Row:
    """Plant errors in each tag, ask, and count."""
    row, generator = Row(share, ranking), np.random.default_rng(20261128)
    for tag in tags:
        count = round(share * len(tag.labels))
        planted = generator.choice(len(tag.labels), count, replace=False)
        labels = tag.labels.copy()
        labels[planted] = ~labels[planted]
        probabilities = ask(tag.features, labels, tag.groups)
        order = np.argsort(np.where(labels, probabilities, 1 - probabilities), kind="stable")
        row.planted += count
        row.first += int(np.isin(order[:count], planted).sum())
        row.twice += int(np.isin(order[: 2 * count], planted).sum())
        row.estimated += len(suspects(probabilities, labels))
    return row


def tags_of(recipe: Path, run: Path | None) -> list[Tag]:
    """Return the tags that can be judged."""
    loaded, workspace, progress = prepare(recipe, run, verbose=False)
    dataset = open_dataset(workspace, loaded.network.input_size)
    rows = np.arange(len(dataset.manifest), dtype=np.int64)
    features = features_of(loaded, workspace, dataset, rows, progress)
    groups = np.array(dataset.groups(rows))
    tags = []
    for column in dataset.labels(rows).T:
        known = np.flatnonzero(column != UNKNOWN)
        labels = column[known] == 1
        if min(labels.sum(), (~labels).sum()) >= LEAST:
            tags.append(Tag(features[known], labels, groups[known].tolist()))
    return tags


def rows_of(tags: list[Tag]) -> Iterator[Row]:
    """Measure every way of ranking."""
    for share in SHARES:
        for penalty in PENALTIES:
            ask = partial(held_out, penalty=penalty)
            yield measured(tags, share, f"held out, C = {penalty:g}", ask)
        yield measured(tags, share, "loss of heads that saw it", seen)


def table(rows: list[Row], tags: int) -> Table:
    """Return the measured rankings."""
    return Rows(rows).table(
        f"Planted errors among the first suspects, {tags} tags",
        Column[Row]("turned round", lambda row: format_percent(row.share)),
        Column("ranking", lambda row: row.ranking),
        Number("planted (n)", lambda row: format_count(row.planted)),
        Number("wrong among the first n", lambda row: format_percent(row.first / row.planted)),
        Number("found in the first 2 n", lambda row: format_percent(row.twice / row.planted)),
        Number("estimated", lambda row: format_count(row.estimated)),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path, nargs="?", default=Path("models/demo/recipe.toml"))
    parser.add_argument("--out", type=Path, help="The run folder, with data.")
    options = parser.parse_args()
    tags = tags_of(options.recipe, options.out)
    print_tables([table(list(rows_of(tags)), len(tags))])


if __name__ == "__main__":
    main()
