"""Erase and look again: the hottest part of a heat map is covered with noise, and scored again.

Where the tag stays, the model sees it elsewhere too: in the rest of the object, or in what is
around it. Others have learnt from covered pictures: Singh and Lee, "Hide-and-Seek" (ICCV 2017); Wei
et al., "Object Region Mining with Adversarial Erasing" (CVPR 2017).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from edgetag.dataset import Rows
from edgetag.dataset.split import TRAIN
from edgetag.labels import UNKNOWN
from edgetag.metrics import Scores
from edgetag.mining.float_model import FloatModel
from edgetag.mining.ranking import Candidate
from edgetag.mining.subject import Subject
from edgetag.pixels import Pixels
from edgetag.progress import Progress
from edgetag.sampling import spread
from edgetag.tables.csv import to_csv
from edgetag.tables.formats import format_percent
from edgetag.workspace import Workspace
from edgetag.writing import atomic_write, write_text

FOLDER = "erased"
"""In `mine/`: the pictures, and `labels.csv`."""

LEVEL = 0.5
"""From which share of the peak's evidence on, -ln(1 - value), a cell is covered. A mosaic takes
0.1 (`editing.regions`), since it must hide all; this leaves the rest of an object to be seen."""

BATCH = 64


@dataclass(frozen=True, eq=False)
class Erased:
    """A picture with its hottest part covered.

    Attributes:
        row: The picture's row of the manifest.
        tag: Whose heat was covered,
        column: and its number.
        before: `[all tags]` scores,
        after: and with the part covered.
        pixels: `[size, size, 3]` with the part covered.
        share: Of the input square, how much that is.
    """

    row: int
    tag: str
    column: int
    before: Scores
    after: Scores
    pixels: Pixels
    share: float

    @property
    def name(self) -> str:
        """Where it lies in `mine/`; not by the tag's name, which may be no file's."""
        return f"{FOLDER}/{self.row}-{self.column}.png"


def erase(
    model: FloatModel,
    subject: Subject,
    thresholds: npt.NDArray[np.float32],
    most: int,
    seed: int,
    progress: Progress,
) -> list[Erased]:
    """Cover the hottest part in pictures of the training split that have a tag.

    Args:
        model: With heat maps.
        subject: The pictures.
        thresholds: `[all tags]`.
        most: Pictures of each tag, spread evenly over those that have it.
        seed: Of the noise.
        progress: Is told of every tag.

    Returns:
        Those in which the model set the tag before.

    Raises:
        InputError: There is no training split.
    """
    training = subject.dataset.rows(TRAIN)
    erased: list[Erased] = []
    with progress.track("erasing and looking again", len(subject.tags), "tags") as task:
        for tag in subject.tags:
            column = subject.column(tag)
            rows = spread(training[subject.labels[training, column] == 1], most)
            for start in range(0, len(rows), BATCH):
                batch = rows[start : start + BATCH]
                erased += _batch(model, subject, tag, batch, thresholds[column], seed)
            task.advance(1, tag)
    return erased


def _batch(
    model: FloatModel, subject: Subject, tag: str, rows: Rows, threshold: np.float32, seed: int
) -> list[Erased]:
    column, pixels = subject.column(tag), subject.dataset.images(rows)
    before = model.scores_of(pixels)
    is_set = np.flatnonzero(before[:, column] >= threshold)
    if not len(is_set):
        return []
    maps = model.maps(pixels[is_set])[..., column]
    side = pixels.shape[1]
    parts = np.stack([hottest(values, side) for values in maps])
    covered = np.stack(
        [
            noisy(pixels[place], part, np.random.default_rng([seed, int(rows[place])]))
            for place, part in zip(is_set, parts, strict=True)
        ]
    )
    after = model.scores_of(covered)
    return [
        Erased(
            row=int(rows[place]),
            tag=tag,
            column=column,
            before=before[place],
            after=after[number],
            pixels=covered[number],
            share=float(parts[number].mean()),
        )
        for number, place in enumerate(is_set.tolist())
    ]


def hottest(values: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.bool_]:
    """Return `[side, side]`: the cells around a map's peak that are about as hot.

    Args:
        values: `[height, width]` in 0..1.
        side: Of the input square, in pixels.
    """
    evidence = -np.log1p(-np.minimum(values.astype(np.float64), 1 - 2**-24))
    parts, _ = ndimage.label(evidence >= LEVEL * evidence.max())
    part = parts == parts.flat[evidence.argmax()]
    height, width = values.shape
    places = np.arange(side)
    covered: npt.NDArray[np.bool_] = part[places * height // side][:, places * width // side]
    return covered


def noisy(pixels: Pixels, part: npt.NDArray[np.bool_], generator: np.random.Generator) -> Pixels:
    """Return a picture with a part of it as noise of the picture's own mean and spread."""
    flat = pixels.reshape(-1, 3).astype(np.float64)
    noise = generator.normal(flat.mean(axis=0), flat.std(axis=0), pixels.shape)
    covered = pixels.copy()
    covered[part] = noise.round().clip(0, 255).astype(np.uint8)[part]
    return covered


def staying(
    erased: Sequence[Erased], thresholds: npt.NDArray[np.float32]
) -> dict[str, list[Candidate]]:
    """Return by tag the pictures that keep it with their hottest part covered, the surest first."""
    lists: dict[str, list[Candidate]] = {}
    for each in sorted(erased, key=lambda each: -float(each.after[each.column])):
        before, after = float(each.before[each.column]), float(each.after[each.column])
        if after >= thresholds[each.column]:
            why = (
                f"scored {before:.3f}, and {after:.3f} with the hottest "
                f"{format_percent(each.share, 0)} of the square covered ({each.name})"
            )
            candidate = Candidate("stays when erased", each.row, each.tag, after, why)
            lists.setdefault(each.tag, []).append(candidate)
    return lists


def write_erased(
    erased: Sequence[Erased],
    subject: Subject,
    thresholds: npt.NDArray[np.float32],
    workspace: Workspace,
) -> None:
    """Write the pictures, and a wide table of their labels to learn from, in place of earlier ones.

    Noise brings no object, so a label that says no stays. One that says yes stays where the float
    model still sets the tag; else the object may be gone, and the label is empty. So is one that
    was unknown. A picture keeps the group of the one that it was made from.
    """
    shutil.rmtree(workspace.mine / FOLDER, ignore_errors=True)
    rows = []
    for each in erased:
        with atomic_write(workspace.mine / each.name) as file:
            Image.fromarray(each.pixels).save(file, "PNG")
        gone = (subject.labels[each.row] == 1) & (each.after < thresholds)
        labels = np.where(gone, UNKNOWN, subject.labels[each.row]).tolist()
        cells = ("" if label == UNKNOWN else label for label in labels)
        rows.append((each.name, TRAIN, subject.groups[each.row], *cells))
    headings = ("path", "split", "group", *subject.dataset.vocabulary.names)
    write_text(workspace.mine / FOLDER / "labels.csv", to_csv(headings, rows))
