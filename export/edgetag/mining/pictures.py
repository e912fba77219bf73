"""Pictures without labels that a user names, beside those of the data."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from edgetag.dataset import Dataset, open_dataset
from edgetag.dataset.stage import build_pictures
from edgetag.dataset.unlabelled import joined
from edgetag.mining.result import NEW
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.tables.formats import format_count
from edgetag.workspace import Workspace


def with_pictures(
    dataset: Dataset,
    named: Sequence[Path],
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
) -> Dataset:
    """Return the data with pictures behind it whose labels nobody knows; their paths are absolute.

    They are decoded as those of the data are, into `mine/pictures`. A picture that the data have
    is left out.

    Args:
        dataset: The data.
        named: Files and folders.
        recipe: Gives the tags and how pictures become the network's input.
        workspace: Of the run.
        progress: Is told of pictures that are left out.

    Raises:
        InputError: There is no such file, or no picture that can be read.
    """
    if not named:
        return dataset
    place = Workspace(workspace.mine / "pictures")
    build_pictures(named, recipe, place, progress)
    more = open_dataset(place, recipe.network.input_size)
    absolute = more.manifest.with_columns(
        pl.lit(NEW).alias("split"), pl.concat_str(pl.lit("/"), "path").alias("path")
    )
    both = joined(dataset, replace(more, manifest=absolute))
    if known := len(dataset.manifest) + len(absolute) - len(both.manifest):
        progress.say(
            f"{format_count(known)} of {format_count(len(absolute))} pictures are in the data "
            "already; left out"
        )
    return both
