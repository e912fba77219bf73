"""Pictures as the page shows them: small ones and heat over them, and the file itself, large."""

import io
import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from PIL import Image

from edgetag.conversion.exported import exported_files, exported_if_there
from edgetag.dataset import Dataset
from edgetag.dataset.location import Locator
from edgetag.dataset.source_files import cut, read_unchanged
from edgetag.editing.drawing import overlay
from edgetag.editing.regions import heat_map
from edgetag.errors import InputError
from edgetag.preprocess import ImageRejectedError, read_image
from edgetag.recipe import Recipe
from edgetag.tagging.tagger import Tagger
from edgetag.workspace import Workspace

MEDIA_TYPE = "image/jpeg"
QUALITY = 85
KEPT_BYTES = 128_000_000
"""Of small pictures: those of 100,000 at 64 px, or of 10,000 at 224 px."""

LARGE_PX = 1600
"""Longer side at most of a picture that is shown large."""


class Pictures:
    """Draws pictures of a data set, and keeps what it drew last.

    Args:
        recipe: Says where files of pictures lie, and how large they may be.
        dataset: The data.
        workspace: Where an exported file may lie that makes heat maps.

    Attributes:
        no_heat: Why there are no heat maps; empty where there are.
    """

    def __init__(self, recipe: Recipe, dataset: Dataset, workspace: Workspace) -> None:
        self._recipe = recipe
        self._dataset = dataset
        self._workspace = workspace
        self._locator = Locator(recipe.data.image_root)
        self._kept: OrderedDict[tuple[int, str], bytes] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()
        self._tagger: Tagger | None = None
        exported = exported_if_there(workspace)
        makers = [] if exported is None else [v for v in exported.variants if v.explain_maps]
        self._maker = makers[0].variant if makers else ""
        self.no_heat = ""
        if not makers:
            self.no_heat = (
                "no exported file of this run makes heat maps; name one in export.explain, and "
                "run: edgetag export"
            )

    def thumbnails(self, rows: Sequence[int]) -> list[bytes]:
        """Return pictures of the manifest as the network sees them, as JPEG."""
        drawn = {row: self._kept_or_none(row, "") for row in rows}
        missing = [row for row, data in drawn.items() if data is None]
        images = self._dataset.images(np.array(missing, dtype=np.int64))
        for row, pixels in zip(missing, images, strict=True):
            drawn[row] = self._keep(row, "", _encoded(Image.fromarray(pixels)))
        return [data for row in rows if (data := drawn[row]) is not None]

    def heat(self, row: int, tag: str) -> bytes:
        """Return a picture under a tag's heat, as JPEG; takes seconds at the first time.

        Raises:
            InputError: The model cannot be opened.
        """
        return self._kept_or_none(row, tag) or self._keep(row, tag, self._draw(row, tag))

    def original(self, row: int) -> bytes:
        """Return a picture as its file has it, upright, at most `LARGE_PX` wide and high, as JPEG.

        Raises:
            InputError: The file is gone, has changed since the data were built, or is no picture.
        """
        data, path = self._recipe.data, self._dataset.manifest["path"][row]
        digest, crop = self._dataset.manifest["digest", "crop"].row(row)
        try:
            file = read_unchanged(self._locator, path, digest, data.max_file_bytes)
            whole = read_image(file, self._recipe.network.preprocessing(), data.max_pixels)
            image = cut(whole, tuple(crop) if crop else None)
        except ImageRejectedError as error:
            raise InputError(f"{path}: {error}; see data.root") from None
        image.thumbnail((LARGE_PX, LARGE_PX))
        return _encoded(image)

    def _draw(self, row: int, tag: str) -> bytes:
        if self._tagger is None:
            ((_, path),) = exported_files(self._workspace, (self._maker,))
            self._tagger = Tagger(path, tags=self._dataset.vocabulary.names, workers=1)
        image = Image.fromarray(self._dataset.images(np.array([row], dtype=np.int64))[0])
        drawn = heat_map(self._tagger.tag(image, maps=True), tag)
        if drawn is None:
            raise InputError(f"{self._maker} made no heat map; run: edgetag export")
        return _encoded(overlay(image, drawn))

    def _kept_or_none(self, row: int, tag: str) -> bytes | None:
        with self._lock:
            if (row, tag) not in self._kept:
                return None
            self._kept.move_to_end((row, tag))
            return self._kept[row, tag]

    def _keep(self, row: int, tag: str, data: bytes) -> bytes:
        with self._lock:
            if (row, tag) not in self._kept:
                self._kept[row, tag] = data
                self._kept_bytes += len(data)
            while self._kept_bytes > KEPT_BYTES:
                _, gone = self._kept.popitem(last=False)
                self._kept_bytes -= len(gone)
        return data


def _encoded(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
