"""The explain stage: layers to blame in each quantized file, and what mistakes in an app cost."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.catalogue.variants import BASE, VARIANTS
from edgetag.conversion.exported import ExportedFile, exported_file, exported_files
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import Dataset, Rows, open_dataset
from edgetag.explaining.blame import Images, blame
from edgetag.explaining.costs import cost_of
from edgetag.explaining.graph import read_graph
from edgetag.explaining.mistakes import Mistake, drawn_mistakes, scaled_mistakes
from edgetag.explaining.model_explorer import write_node_data
from edgetag.explaining.pictures import PictureSource
from edgetag.explaining.preprocessing import (
    Feeding,
    NotScoredError,
    Scored,
    Wanted,
    score_mistakes,
)
from edgetag.explaining.result import Blame, Explanation, PreprocessingDrift
from edgetag.pool import open_pool
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress, SharedProgress
from edgetag.recipe import Recipe
from edgetag.runtimes import engines
from edgetag.runtimes.encoding import encoding_table
from edgetag.runtimes.session import Tensor
from edgetag.sampling import rare_tags_first
from edgetag.shipping import read_shipping
from edgetag.tables.formats import format_count
from edgetag.training.result import trained_thresholds
from edgetag.validation.inputs import split_of
from edgetag.validation.metrics import Measured
from edgetag.workspace import Workspace


class _Notes:
    """What was left out; told at once and kept.

    Attributes:
        told: In sentences.
        unread: Pictures that could not be read.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.told: list[str] = []
        self.unread = 0

    def add(self, note: str) -> None:
        self._progress.say(note)
        self.told.append(note)


def run(
    recipe: Recipe, workspace: Workspace, progress: Progress, variant: str | None = None
) -> Explanation:
    """Look into every quantized file, and score the bundle's under mistakes in preprocessing.

    A file that LiteRT cannot run, or pictures that are not here, are told and left out: an
    explanation decides nothing.

    Args:
        recipe: Says how many images.
        workspace: Holds data, thresholds and exported files; `explain/` is written.
        progress: Is told what goes on.
        variant: The file that is scored under mistakes; default: the one that an app takes.

    Raises:
        InputError: A file of an earlier stage is missing, damaged or does not fit the others.
    """
    dataset = open_dataset(workspace, recipe.network.input_size)
    files = exported_files(workspace)
    notes = _Notes(progress)
    blamed: tuple[Blame, ...] = ()
    drift: tuple[PreprocessingDrift, ...] = ()
    missing = engines.get(DEFAULT_ENGINE).available()
    if missing:
        notes.add(f"nothing is explained without {DEFAULT_ENGINE}: {missing}")
    else:
        blamed = _blame(recipe, workspace, dataset, files, notes, progress)
        shipped = variant or read_shipping(recipe, workspace).leading
        file, path = exported_file(workspace, shipped)
        of_preprocessing = _drift(recipe, workspace, dataset, file, path, notes, progress)
        drift = (of_preprocessing,) if of_preprocessing else ()
    result = Explanation(
        blame=blamed, preprocessing=drift, notes=tuple(notes.told), unread=notes.unread
    )
    write_node_data(result.blame, workspace.explain)
    result.write(workspace.explain / "explain.json")
    return result


def _blame(
    recipe: Recipe,
    workspace: Workspace,
    dataset: Dataset,
    files: Sequence[ExportedFile],
    notes: _Notes,
    progress: Progress,
) -> tuple[Blame, ...]:
    quantized = []
    for file, path in files:
        line = VARIANTS[file.variant]
        if line.narrow:
            notes.add(
                f"{file.variant}: its layers are not compared: they are narrower than the float "
                "file's"
            )
        elif line.computes != "float":  # else there is nothing to blame a layer for
            quantized.append((file, path))
    _, reference = exported_file(workspace, BASE)
    rows = dataset.rows(recipe.validation.splits[0])
    rows = rows[rare_tags_first(dataset.labels(rows), recipe.explain.layer_images, 1, recipe.seed)]
    images = Images(workspace.cache, rows, recipe.network.preprocessing())
    blames = []
    cancelled = threading.Event()
    shared, total = SharedProgress(progress), len(quantized) * len(rows)
    with (
        shared.track("comparing layers", total, "images") as task,
        open_pool(cancelled=cancelled) as pool,
    ):
        compared = pool.map(
            lambda path: blame(reference, path, images, task, cancelled=cancelled),
            [path for _, path in quantized],
        )
        for (file, _), layers in zip(quantized, compared, strict=True):
            if isinstance(layers, str):
                notes.add(f"{file.variant}: its layers are not compared: {layers}")
                continue
            blames.append(
                Blame(
                    variant=file.variant,
                    sha256=file.sha256,
                    runtime=DEFAULT_ENGINE,
                    accelerator=engines.acceleration(DEFAULT_ENGINE),
                    images=len(rows),
                    layers=layers,
                )
            )
    return tuple(blames)


def _drift(
    recipe: Recipe,
    workspace: Workspace,
    dataset: Dataset,
    file: ExportedVariant,
    model: Path,
    notes: _Notes,
    progress: Progress,
) -> PreprocessingDrift | None:
    contract = recipe.network.preprocessing()
    image = read_graph(model).image
    drawn = drawn_mistakes(image.dtype, _bytes_as_they_are(image, contract))
    scaled = scaled_mistakes(image.dtype)
    rows = dataset.rows(recipe.validation.splits[0])
    labels = dataset.labels(rows)
    count, least = recipe.explain.preprocessing_images, recipe.validation.min_positives
    rows = rows[rare_tags_first(labels, count, least, recipe.seed)]
    source = PictureSource(recipe.data.image_root, recipe.data, contract)
    workspace.explain.mkdir(parents=True, exist_ok=True)
    feeding = Feeding(engines.get(DEFAULT_ENGINE), model, contract, workspace.explain)
    try:
        scored = score_mistakes(_wanted(dataset, rows), source, feeding, drawn, scaled, progress)
    except NotScoredError as error:
        notes.add(f"{file.variant}: mistakes in preprocessing are not scored: {error}")
        return None
    if scored.unreadable:
        notes.unread = len(scored.unreadable)
        path, reason = scored.unreadable[0]
        notes.add(
            f"{format_count(len(scored.unreadable))} of {format_count(len(rows))} pictures are "
            "left out of the mistakes in "
            f"preprocessing, such as {path}: {reason}. They are read from "
            f"{recipe.data.image_root}; data.root says where they are"
        )
    if not len(scored.used):
        return None
    if scored.right.shape[1] != len(dataset.vocabulary):
        notes.add(
            f"{file.variant}: it gives {scored.right.shape[1]} scores, but there are "
            f"{len(dataset.vocabulary)} tags; mistakes in preprocessing are not judged"
        )
        return None
    thresholds = trained_thresholds(workspace, dataset.vocabulary.names)
    split = split_of(recipe, dataset, rows[scored.used])
    right = Measured(scored.right, split, thresholds)
    return _costs(recipe, file, right, thresholds, scored, (*drawn, *scaled))


def _costs(
    recipe: Recipe,
    file: ExportedVariant,
    right: Measured,
    thresholds: Mapping[str, float],
    scored: Scored,
    mistakes: Sequence[Mistake],
) -> PreprocessingDrift:
    costs = [
        cost_of(mistake, right, Measured(scored.wrong[mistake.name], right.split, thresholds), many)
        for mistake in mistakes
        if (many := scored.changed[mistake.name])
    ]
    # Without a scored tag there is no mAP, and scores alone tell which mistake is dear.
    costs.sort(key=lambda cost: (-(cost.map_drop or 0.0), -cost.mean_score_difference))
    return PreprocessingDrift(
        variant=file.variant,
        sha256=file.sha256,
        runtime=DEFAULT_ENGINE,
        accelerator=engines.acceleration(DEFAULT_ENGINE),
        split=recipe.validation.splits[0],
        images=len(scored.used),
        n_scored_tags=len(right.split.scored),
        map=right.mean_average_precision,
        mistakes=tuple(costs),
        without_effect=tuple(m.name for m in mistakes if not scored.changed[m.name]),
    )


def _wanted(dataset: Dataset, rows: Rows) -> list[Wanted]:
    table = dataset.manifest.select("path", "digest", "crop")[rows]
    return [
        Wanted(path, digest, None if crop is None else (crop[0], crop[1], crop[2], crop[3]))
        for path, digest, crop in table.iter_rows()
    ]


def _bytes_as_they_are(image: Tensor, contract: Preprocessing) -> bool:
    """Tell whether an integer input takes a picture's bytes, minus 128 where it is signed."""
    if image.dtype not in ("uint8", "int8") or not image.scale > 0:
        return False
    first = 0 if image.dtype == "uint8" else -128
    return np.array_equal(encoding_table(contract, image), np.arange(first, first + 256))
