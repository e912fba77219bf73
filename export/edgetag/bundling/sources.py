"""What a bundle takes from outside the run: golden pictures."""

import warnings
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from edgetag.bundling.contents import MOST_PICTURE_BYTES, MOST_PICTURES
from edgetag.bundling.pictures import Source, as_png, read_folder, read_source, tells_place
from edgetag.bundling.selection import Candidate, edge_covers, pick, shape_covers, tag_covers
from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.dataset import Dataset, Rows, open_dataset
from edgetag.dataset.attribution import attribution_file
from edgetag.dataset.location import Locator
from edgetag.dataset.source_files import cut, read_below
from edgetag.errors import InputError
from edgetag.preprocess import FORMATS, ImageRejectedError, Pixels, Rejection, letterbox, read_image
from edgetag.recipe import Recipe
from edgetag.runtimes import LoadFailure, engines, score
from edgetag.sampling import spread
from edgetag.workspace import Workspace, digest_file, digest_json

CANDIDATES = 1000
"""Images of a split that are looked at, spread evenly over it; scoring them takes seconds."""

SMALLER = 640
"""Longer side in pixels of a copy of a picture that is too large: at most 1.3 MB as PNG."""


def inputs_fingerprint(recipe: Recipe) -> str:
    """Return a digest of the files outside the run that a bundle is made of."""
    section = recipe.bundle
    files = [attribution_file(recipe)]
    if section.golden_pictures is not None and section.golden_pictures.is_dir():
        files += sorted(section.golden_pictures.iterdir())
    known = [path for path in files if path is not None and path.is_file()]
    return digest_json([[path.name, digest_file(path)] for path in known])


def golden_sources(
    recipe: Recipe, workspace: Workspace, model: Path, thresholds: dict[str, float]
) -> tuple[Source, ...]:
    """Return the pictures that devices are tested with.

    Those of the recipe's folder, else some of the split that decides. Of these none is taken that
    is labelled with a sensitive tag, or that the model decides to have one: they reach every user.
    Others stand in for pictures that are too large or tell where they were taken, and smaller
    copies, of pixels alone, where there are no others.

    Raises:
        InputError: The folder is wrong, or the data's pictures are no longer there.
    """
    if recipe.bundle.golden_pictures is not None:
        return read_folder(recipe.bundle.golden_pictures, recipe.network.preprocessing())
    data = open_dataset(workspace)
    rows = spread(data.rows(recipe.validation.splits[0]), CANDIDATES)
    finder = _Finder(recipe, data, rows)
    candidates = _candidates(recipe, workspace, finder, model, thresholds)
    sources = pick(candidates, finder.read, MOST_PICTURES)
    copied = [candidate for candidate in candidates if candidate.place in finder.not_as_they_are]
    sources += pick(copied, finder.read_smaller, MOST_PICTURES - len(sources))
    if not sources:
        raise InputError(
            f"{recipe.data.image_root}: no picture of split {recipe.validation.splits[0]!r} can be "
            f"shipped ({finder.last_problem}); set data.root to where the pictures are, or give a "
            "folder of your own with bundle.golden_pictures"
        )
    return tuple(sources)


def _candidates(
    recipe: Recipe,
    workspace: Workspace,
    finder: "_Finder",
    model: Path,
    thresholds: dict[str, float],
) -> list[Candidate]:
    tags, rows = recipe.data.tags, finder.rows
    labels = finder.data.labels(rows)
    # In float32, as apps compare: 0.7 must reach a threshold of 0.7.
    limits = np.array([thresholds[tag] for tag in tags], dtype=np.float32)
    engine, contract = engines.get(DEFAULT_ENGINE), recipe.network.preprocessing()
    run = score(engine, model, workspace.cache, rows, contract)
    if isinstance(run, LoadFailure):
        raise InputError(f"{model}: {DEFAULT_ENGINE} does not run it: {run.reason}")
    if run.scores.shape != labels.shape:
        raise InputError(
            f"{model}: it gives {run.scores.shape[1]} scores, but there are {len(tags)} tags; "
            "run: edgetag export"
        )
    covers = zip(tag_covers(labels, tags), edge_covers(run.scores, limits, tags), strict=True)
    private = [tags.index(tag) for tag in recipe.bundle.sensitive_tags(tags)]
    hidden = (labels[:, private] == 1) | (run.scores[:, private] >= limits[private])
    identities = finder.data.identities(rows)
    return [
        Candidate(place, identities[place], frozenset(has | edge | finder.shape(place)))
        for place, (has, edge) in enumerate(covers)
        if not hidden[place].any()
    ]


class _Finder:
    """Reads source pictures of the data, and remembers why one cannot be shipped."""

    def __init__(self, recipe: Recipe, data: Dataset, rows: Rows) -> None:
        self.data = data
        self.rows = rows
        self.last_problem = "each has or may have a sensitive tag"
        self.not_as_they_are: set[int] = set()
        self._max_file_bytes = recipe.data.max_file_bytes
        self._contract = recipe.network.preprocessing()
        self._locator = Locator(recipe.data.image_root)
        self._table = data.manifest.select(pl.col("path", "crop"))[rows].rows()

    def shape(self, place: int) -> set[str]:
        """Return what kinds of shape a picture has, by its header alone; none if unreadable."""
        path, crop = self._table[place]
        if crop is not None:
            left, top, right, bottom = crop
            return shape_covers((max(1, right - left), max(1, bottom - top)), self._size)
        file = self._locator.locate(path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a header is read, nothing is decoded
                with Image.open(file or "", formats=FORMATS) as image:
                    return shape_covers(image.size, self._size)
        except Exception:  # Pillow raises almost anything; `read` says what is wrong
            return set()

    def read(self, candidate: Candidate) -> Source | None:
        """Return a picture, or None where it cannot be shipped."""
        path, crop = self._table[candidate.place]
        try:
            data = self._bytes(path)
            if crop is not None:
                data = as_png(cut(read_image(data, self._contract), tuple(crop)))
            if len(data) > MOST_PICTURE_BYTES:
                self.not_as_they_are.add(candidate.place)
                raise ImageRejectedError(Rejection.TOO_LARGE, f"{len(data)} bytes")
            if tells_place(data):
                self.not_as_they_are.add(candidate.place)
                raise ImageRejectedError(Rejection.UNREADABLE, "it tells where it was taken")
            source = read_source(data, self._contract)
            self._check_unchanged(candidate.place, source.pixels)
        except ImageRejectedError as error:
            self.last_problem = f"{path}: {error}"
            return None
        return source

    def read_smaller(self, candidate: Candidate) -> Source | None:
        """Return a copy of a picture that is not shipped as it is: fewer pixels, and no more."""
        path, crop = self._table[candidate.place]
        try:
            image = cut(read_image(self._bytes(path), self._contract), crop and tuple(crop))
            self._check_unchanged(candidate.place, letterbox(image, self._contract))
            image.thumbnail((SMALLER, SMALLER))
            return read_source(as_png(image), self._contract)
        except ImageRejectedError as error:
            self.last_problem = f"{path}: {error}"
            return None

    def _check_unchanged(self, place: int, pixels: Pixels) -> None:
        if not np.array_equal(pixels, self.data.images(self.rows[place : place + 1])[0]):
            raise ImageRejectedError(Rejection.UNREADABLE, "changed since the data were built")

    @property
    def _size(self) -> int:
        return self._contract.input_size

    def _bytes(self, path: str) -> bytes:
        return read_below(self._locator, path, self._max_file_bytes)
