"""Pictures as the page shows them, from the run's image cache: small ones, and heat over them."""

import io
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np
from PIL import Image

from edgetag.conversion.exported import exported_files, exported_if_there
from edgetag.dataset import Dataset
from edgetag.editing.drawing import overlay
from edgetag.editing.regions import heat_map
from edgetag.errors import InputError
from edgetag.serving.refusals import BusyError, RefusalError
from edgetag.tagging.tagger import Tagger
from edgetag.workspace import Workspace

MEDIA_TYPE = "image/jpeg"
QUALITY = 85
KEPT_BYTES = 128_000_000
"""Of thumbnails: those of 100,000 pictures at 64 px, or of 10,000 at 224 px."""

MOST_WAITING = 3
"""Heat maps that wait; whoever asks for one more has moved on before it were drawn."""


class Pictures:
    """Draws pictures of a data set, and keeps what it drew last.

    Args:
        dataset: The data.
        workspace: Where an exported file may lie that makes heat maps.
        heat_thread: What draws heat: one thread, so that a model never holds up the page.

    Attributes:
        heat_thread: As given.
        no_heat: Why there are no heat maps; empty where there are.
    """

    def __init__(self, dataset: Dataset, workspace: Workspace, heat_thread: Executor) -> None:
        self._dataset = dataset
        self._workspace = workspace
        self._kept: OrderedDict[tuple[int, str], bytes] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()
        self._tagger: Tagger | None = None
        self._waiting = 0
        self.heat_thread = heat_thread
        exported = exported_if_there(workspace)
        makers = [] if exported is None else [v for v in exported.variants if v.explain_maps]
        self._maker = makers[0].variant if makers else ""
        self.no_heat = ""
        if not makers:
            self.no_heat = (
                "no exported file of this run makes heat maps; name one in export.explain, and "
                "run: edgetag export"
            )

    def thumbnail(self, row: int) -> bytes:
        """Return a picture of the manifest as the network sees it, as JPEG."""
        return self._keep((row, ""), lambda: self._encode(self._image(row)))

    def wait_for_heat(self) -> None:
        """Count one who waits for heat; `end_waiting` when it is drawn.

        Raises:
            RefusalError: There are no heat maps.
            BusyError: As many wait as may.
        """
        if self.no_heat:
            raise RefusalError(404, self.no_heat)
        if self._waiting >= MOST_WAITING:
            raise BusyError("heat maps")
        self._waiting += 1

    def end_waiting(self) -> None:
        """Count one less."""
        self._waiting -= 1

    def heat(self, row: int, tag: str) -> bytes:
        """Return a picture under a tag's heat, as JPEG; takes seconds at the first time.

        Raises:
            InputError: The model cannot be opened.
        """
        return self._keep((row, tag), lambda: self._draw(row, tag))

    def _draw(self, row: int, tag: str) -> bytes:
        if self._tagger is None:
            ((_, path),) = exported_files(self._workspace, (self._maker,))
            self._tagger = Tagger(path, tags=self._dataset.vocabulary.names, workers=1)
        image = self._image(row)
        drawn = heat_map(self._tagger.tag(image, maps=True), tag)
        if drawn is None:
            raise InputError(f"{self._maker} made no heat map; run: edgetag export")
        return self._encode(overlay(image, drawn))

    def _image(self, row: int) -> Image.Image:
        return Image.fromarray(self._dataset.images(np.array([row], dtype=np.int64))[0])

    def _encode(self, image: Image.Image) -> bytes:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=QUALITY)
        return file.getvalue()

    def _keep(self, name: tuple[int, str], draw: Callable[[], bytes]) -> bytes:
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        data = draw()
        with self._lock:
            if name not in self._kept:
                self._kept[name] = data
                self._kept_bytes += len(data)
            while self._kept_bytes > KEPT_BYTES:
                _, gone = self._kept.popitem(last=False)
                self._kept_bytes -= len(gone)
        return data
