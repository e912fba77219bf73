"""Labels of training pictures that look wrong are left out, and listed in `train/left_out.csv`.

Labels of the validation split stay: they choose the epoch and the thresholds, and a split without
all that the network contradicts would flatter it. They judge nothing here either, so that nothing
of them is learnt.
"""

import io
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from edgetag.dataset import Dataset
from edgetag.errors import InputError
from edgetag.label_noise.features import features_of, origin_of
from edgetag.label_noise.leaving_out import labels_to_leave_out
from edgetag.labels import known
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.tables.formats import format_count
from edgetag.tf import tf
from edgetag.training.cluster import read_cluster
from edgetag.training.distribution import broadcast
from edgetag.workspace import Workspace
from edgetag.writing import atomic_write

FILE = "left_out.csv"

TEXTS = dict.fromkeys(("identity", "path", "tag"), pl.String)
"""Columns that are texts, also where all of them look like numbers."""


def leave_out(
    recipe: Recipe,
    workspace: Workspace,
    dataset: Dataset,
    strategy: tf.distribute.Strategy,
    progress: Progress,
) -> Dataset:
    """Return the data without the labels that look wrong, and write which these are.

    The chief judges, and every worker returns the same.

    Args:
        recipe: Says whether people's answers are judged too.
        workspace: Gets the list.
        dataset: Gives the training split.
        strategy: Of all workers.
        progress: Is told how many.

    Raises:
        InputError: The network has no weights to begin with.
    """
    if origin_of(recipe) == "trained":
        raise InputError(
            f'training.suspect_labels = "{recipe.training.suspect_labels}": labels are judged by '
            f"what weights that never saw them see, and {recipe.network.name} begins with none "
            'here; name some in network.weights, or take "learn"'
        )
    data = _judged(recipe, workspace, dataset, progress) if read_cluster().is_chief else None
    data = broadcast(strategy, data)
    table = pl.read_csv(data, schema_overrides=TEXTS, glob=False)
    if read_cluster().is_chief:
        with atomic_write(workspace.train / FILE) as file:
            file.write(data)
    labels = int(known(dataset.labels(dataset.rows("train"))).sum())
    progress.say(
        f"{format_count(len(table))} of {format_count(labels)} training labels look wrong and "
        "are left out"
    )
    return _without(dataset, table)


def forget_left_out(workspace: Workspace) -> None:
    """Delete the list of a training that left labels out: this one learns all."""
    if read_cluster().is_chief:
        (workspace.train / FILE).unlink(missing_ok=True)


def without_left_out(dataset: Dataset, workspace: Workspace) -> Dataset:
    """Return the data without the labels that training left out.

    Raises:
        InputError: The list is missing or damaged.
    """
    file = workspace.train / FILE
    try:
        return _without(dataset, pl.read_csv(file, schema_overrides=TEXTS, glob=False))
    except (OSError, KeyError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{file}: cannot be read ({error}); run: edgetag train") from None


def _judged(recipe: Recipe, workspace: Workspace, dataset: Dataset, progress: Progress) -> bytes:
    """Return the list as CSV."""
    rows = dataset.rows("train")
    # Of all pictures: `edgetag mine` wants them, too, and they are kept.
    every = np.arange(len(dataset.manifest), dtype=np.int64)
    features = features_of(recipe, workspace, dataset, every, progress)[rows]
    labels, names = dataset.labels(rows), dataset.vocabulary.names
    trusted = dataset.answered(rows) & (recipe.training.suspect_labels == "leave_out")
    confirmed = dataset.confirmed(rows)
    progress.say("judging labels by heads that never saw the picture")
    left_out = labels_to_leave_out(
        features, labels, dataset.groups(rows), trusted, confirmed=confirmed
    )
    for name, judged in zip(names, left_out.judged.tolist(), strict=True):
        if not judged:
            progress.say(f"{name}: too few labels to judge; all are learnt")
    images, tags = np.nonzero(left_out.cells)
    chosen = dataset.manifest[rows[images]]
    table = pl.DataFrame(
        {
            "identity": chosen["identity"],
            "path": chosen["path"],
            "tag": [names[tag] for tag in tags.tolist()],
            "label": labels[images, tags],
            "probability": left_out.probabilities[images, tags].round(4),
        },
        schema_overrides={"tag": pl.String},
    )
    file = io.BytesIO()
    table.write_csv(file)
    return file.getvalue()


def _without(dataset: Dataset, table: pl.DataFrame) -> Dataset:
    """Return the data in which labels of a table's identities and tags are unknown."""
    place = {name: row for row, name in enumerate(dataset.manifest["identity"].to_list())}
    columns = []
    for name in dataset.vocabulary.names:
        gone: npt.NDArray[np.bool_] = np.zeros(len(dataset.manifest), bool)
        gone[[place[each] for each in table.filter(pl.col("tag") == name)["identity"]]] = True
        column = dataset.manifest[f"tag:{name}"]
        columns.append(column.zip_with(pl.Series(~gone), pl.Series([None], dtype=column.dtype)))
    return replace(dataset, manifest=dataset.manifest.with_columns(columns))
