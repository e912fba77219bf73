"""What mistakes in preprocessing cost: the same images, scored under each of them.

Pictures are decoded once, a block at a time; each mistake's pixels go into a temporary image cache
that the runtime's own process reads. A picture that a mistake leaves as it is keeps its scores.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgetag.dataset import Rows
from edgetag.dataset.source_files import Crop
from edgetag.explaining.mistakes import Case, DrawnMistake, ScaledMistake
from edgetag.explaining.pictures import Picture, PictureSource
from edgetag.metrics import Scores
from edgetag.preprocess import ImageRejectedError, Preprocessing, letterbox
from edgetag.progress import Progress, Task
from edgetag.runtimes import Engine, LoadFailure, score
from edgetag.scratch import scratch_folder
from edgetag.temporary_images import ImageWriter

BLOCK_BYTES = 1 << 30
"""Pixels on the disk at once."""

SILENCE_S = 60.0
"""A file that gives no score for so long counts as hung."""


class NotScoredError(Exception):
    """The runtime gives no scores for the file, with the reason in one line."""


@dataclass(frozen=True)
class Wanted:
    """One picture of the manifest: where it is, what it was, and its region."""

    path: str
    digest: str
    crop: Crop | None


@dataclass(frozen=True)
class Feeding:
    """How a file is scored.

    `folder` is where pictures that are fed wrongly lie for a while.
    """

    engine: Engine
    model: Path
    contract: Preprocessing
    folder: Path

    def score(
        self, squares: ImageWriter, rows: Rows, contract: Preprocessing, task: Task
    ) -> Scores:
        """Return scores `[rows, tags]` of squares.

        Raises:
            NotScoredError: The runtime gives none.
        """
        run = score(self.engine, self.model, squares.folder, rows, contract, 1, task, SILENCE_S)
        if isinstance(run, LoadFailure):
            raise NotScoredError(f"{run.kind}: {run.reason}")
        return run.scores


@dataclass(frozen=True)
class Scored:
    """Scores of the same images, rightly and wrongly fed.

    `used` are positions of the wanted pictures that could be read, ascending; scores are
    `[used, tags]`, wrong ones by mistake. `changed` says how many images a mistake changes.
    """

    used: Rows
    right: Scores
    wrong: Mapping[str, Scores]
    changed: Mapping[str, int]
    unreadable: tuple[tuple[str, str], ...]


def score_mistakes(
    wanted: Sequence[Wanted],
    source: PictureSource,
    feeding: Feeding,
    drawn: Sequence[DrawnMistake],
    scaled: Sequence[ScaledMistake],
    progress: Progress,
) -> Scored:
    """Score pictures under every mistake.

    Raises:
        NotScoredError: The runtime gives no scores for the file.
        InputError: The disk is full.
    """
    size = feeding.contract.input_size
    in_block = max(1, BLOCK_BYTES // (size * size * 3 * (1 + len(drawn))))
    parts: list[_Part] = []
    unreadable: list[tuple[str, str]] = []
    used: list[int] = []
    for start in range(0, len(wanted), in_block):
        block = range(start, min(start + in_block, len(wanted)))
        with scratch_folder(feeding.folder) as folder:
            squares = ImageWriter(folder, size)
            layout = _Layout({mistake.name: {} for mistake in drawn}, [])
            with progress.track("making mistakes", len(block), "images") as task:
                for position, picture in _readable(block, wanted, source, unreadable, task):
                    used.append(position)
                    layout.draw(picture, drawn, feeding.contract, squares)
            if layout.right:
                squares.finish()
                parts.append(_score_block(layout, squares, feeding, scaled, progress))
    return _joined(parts, used, unreadable, [m.name for m in (*drawn, *scaled)])


@dataclass(frozen=True)
class _Layout:
    """Which row of the squares holds what.

    Attributes:
        wrong: Mistake → image of the block → row; images that it leaves alone have none.
        right: Row of each image of the block.
    """

    wrong: dict[str, dict[int, int]]
    right: list[int]

    def draw(
        self,
        picture: Picture,
        drawn: Sequence[DrawnMistake],
        contract: Preprocessing,
        squares: ImageWriter,
    ) -> None:
        case = Case(picture, letterbox(picture.image, contract), contract)
        for mistake in drawn:
            pixels = mistake.draw(case)
            if not np.array_equal(pixels, case.right):
                self.wrong[mistake.name][len(self.right)] = squares.add(pixels)
        self.right.append(squares.add(case.right))


@dataclass(frozen=True)
class _Part:
    """Scores of one block."""

    right: Scores
    wrong: dict[str, Scores]
    changed: dict[str, int]


def _readable(
    block: range,
    wanted: Sequence[Wanted],
    source: PictureSource,
    unreadable: list[tuple[str, str]],
    task: Task,
) -> Iterator[tuple[int, Picture]]:
    """Yield the pictures that can be read, and note the others."""
    for position in block:
        asked = wanted[position]
        try:
            picture = source.read(asked.path, asked.digest, asked.crop)
        except ImageRejectedError as error:
            unreadable.append((asked.path, str(error)))
        else:
            yield position, picture
        task.advance()


def _score_block(
    layout: _Layout,
    squares: ImageWriter,
    feeding: Feeding,
    scaled: Sequence[ScaledMistake],
    progress: Progress,
) -> _Part:
    right = np.array(layout.right, dtype=np.int64)
    rows = np.arange(right.max() + 1)
    total = len(rows) + len(scaled) * len(right)
    with progress.track("scoring mistakes", total, "images") as task:
        scores = feeding.score(squares, rows, feeding.contract, task)
        wrong = {}
        for name, places in layout.wrong.items():
            wrong[name] = scores[right].copy()
            wrong[name][list(places)] = scores[list(places.values())]
        for mistake in scaled:
            contract = feeding.contract.replace(mean=mistake.mean, std=mistake.std)
            wrong[mistake.name] = feeding.score(squares, right, contract, task)
    changed = {name: len(places) for name, places in layout.wrong.items()}
    changed |= {mistake.name: len(right) for mistake in scaled}
    return _Part(scores[right], wrong, changed)


def _joined(
    parts: Sequence[_Part],
    used: Sequence[int],
    unreadable: Sequence[tuple[str, str]],
    names: Sequence[str],
) -> Scored:
    empty = np.empty((0, 0), dtype=np.float32)
    return Scored(
        used=np.array(used, dtype=np.int64),
        right=np.concatenate([part.right for part in parts]) if parts else empty,
        wrong={
            name: np.concatenate([part.wrong[name] for part in parts]) if parts else empty
            for name in names
        },
        changed={name: sum(part.changed[name] for part in parts) for name in names},
        unreadable=tuple(unreadable),
    )
